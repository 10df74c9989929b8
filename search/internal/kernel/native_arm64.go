//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// native lists the kernels whose every instruction this processor has.
func native() []*Kernel {
	var all []*Kernel
	// The package's name for the dot product extension is mistaken.
	if cpu.ARM64.HasASIMDDP {
		all = append(all, &Kernel{Name: "sdot", gather: gatherNEON, variants: []variant{
			{width: 1, full: scanSDOTx1, coarse: scanSkimSDOTx1, split: scanSplitSDOTx1},
			{width: 4, full: scanSDOTx4, split: scanSplitSDOTx4},
		}})
	}
	return append(all, &Kernel{Name: "neon", gather: gatherNEON, variants: []variant{
		{width: 1, full: scanNEONx1, coarse: scanSkimNEONx1, split: scanSplitNEONx1},
		{width: 4, full: scanNEONx4, split: scanSplitNEONx4},
	}})
}
