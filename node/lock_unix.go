//go:build unix

package node

import (
	"errors"
	"os"
	"syscall"
)

const lockMode = 0o600

// lockFile holds the file for this process, or for all that share it, until it is
// closed or the process ends, or returns errTurnTaken.
func lockFile(path string, shared bool) (*os.File, error) {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, lockMode)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errTurnTaken
		}
		return nil, err
	}
	return f, nil
}
