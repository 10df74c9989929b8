//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../scan_amd64.s -stubs ../scan_amd64.go -pkg kernel

// native lists the kernels whose every instruction this processor has.
func native() []*Kernel {
	x := cpu.X86
	avx2 := x.HasAVX2 && x.HasFMA
	var all []*Kernel
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI {
		all = append(all, &Kernel{Name: "avx512vnni", gather: gatherAVX2, variants: []variant{
			{width: 1, full: scanAVX512VNNIx1, coarse: scanSkimAVX512VNNIx1, split: scanSplitAVX512VNNIx1},
			{width: 4, full: scanAVX512VNNIx4, split: scanSplitAVX512VNNIx4},
			{width: 8, full: scanAVX512VNNIx8, split: scanSplitAVX512VNNIx8},
		}})
	}
	if avx2 && x.HasAVXVNNI {
		all = append(all, &Kernel{Name: "avxvnni", gather: gatherAVX2, variants: []variant{
			{width: 1, full: scanAVXVNNIx1, coarse: scanSkimAVXVNNIx1, split: scanSplitAVXVNNIx1},
			{width: 4, full: scanAVXVNNIx4, split: scanSplitAVXVNNIx4},
		}})
	}
	if avx2 {
		all = append(all, &Kernel{Name: "avx2", gather: gatherAVX2, variants: []variant{
			{width: 1, full: scanAVX2x1, coarse: scanSkimAVX2x1, split: scanSplitAVX2x1},
			{width: 2, full: scanAVX2x2, split: scanSplitAVX2x2},
		}})
	}
	return all
}
