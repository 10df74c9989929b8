//go:build !unix

package node

import "os"

const lockMode = 0o600

// lockFile opens the file; the system offers no lock that ends with the
// process.
func lockFile(path string, _ bool) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, lockMode)
}
