//go:build !unix

package exact

import "os"

// lockFile opens the file; the system offers no lock that ends with the
// process.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
}

// held cannot be told.
func held(*os.File) (bool, error) { return false, nil }
