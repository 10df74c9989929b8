//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg kernel

// useAVX2 is set by tests, too.
var useAVX2 = cpu.X86.HasAVX2
