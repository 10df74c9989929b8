//go:build !linux

package search

// newRegion returns n zeroed bytes.
func newRegion(n int) (region, error) { return region{bytes: heapBytes(n)}, nil }
