package exact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Look is what was saved in the directory, and whether a process uses it, as far
// as that can be told without changing anything there. A directory without a saved
// index is at position 0.
func Look(dir string) (position uint64, used bool, err error) {
	if used, err = inUse(filepath.Join(dir, lockName)); err != nil {
		return 0, false, fmt.Errorf("look whether an index is in use: %w", err)
	}
	m, _, err := readManifest(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, used, nil
	}
	if err != nil {
		return 0, used, fmt.Errorf("look at a saved index: %w", err)
	}
	return m.Position, used, nil
}

// Damaged tells whether err is of a saved index that cannot be trusted and is
// built anew.
func Damaged(err error) bool { return unusable(err) }

// inUse tells whether a process holds the file, which need not be there.
func inUse(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	return held(f)
}
