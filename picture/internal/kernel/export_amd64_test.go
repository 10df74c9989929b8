//go:build !noasm

package kernel

// InGo calls f with the kernels in Go.
func InGo(f func()) {
	native := useAVX2
	useAVX2 = false
	defer func() { useAVX2 = native }()
	f()
}
