//go:build !unix

package kernel_test

// memory returns n bytes.
func memory(_ any, n int) []byte { return make([]byte, n) }
