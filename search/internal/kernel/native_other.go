//go:build noasm || !(amd64 || arm64)

package kernel

// native lists no kernels: there is no assembly for this build.
func native() []*Kernel { return nil }
