//go:build noasm || !amd64

package kernel

// InGo calls f with the kernels in Go, which is all there are.
func InGo(f func()) { f() }
