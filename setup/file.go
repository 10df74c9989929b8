package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// verify returns nil when the file at path is the pinned one, and ErrMissing
// or ErrHash when it is not.
func (f file) verify(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrMissing, path)
	}
	if err != nil {
		return fmt.Errorf("look for a file: %w", err)
	}
	if info.Size() != f.size {
		return fmt.Errorf("%w: %s has %d bytes, not the pinned file's %d", ErrHash, path, info.Size(), f.size)
	}
	return verify(path, f.sha256)
}

func verify(path, pinned string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open a file to verify: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return fmt.Errorf("read a file to verify: %w", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != pinned {
		return fmt.Errorf("%w: %s has %s, pinned is %s", ErrHash, filepath.Base(path), got, pinned)
	}
	return nil
}

// write puts content into the folder under the file's name, on disk before it
// returns, and verifies it. It reads no more than one byte over the pinned
// size.
func (f file) write(folder string, content io.Reader) error {
	path := filepath.Join(folder, f.name)
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	_, err = io.Copy(out, io.LimitReader(content, f.size+1))
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return f.verify(path)
}

// install moves verified files to their shelf, each in one step.
func (a archive) install(from, shelf string) error {
	if err := os.MkdirAll(shelf, 0o755); err != nil {
		return fmt.Errorf("make a folder of the cache: %w", err)
	}
	for _, f := range a.files {
		if err := os.Rename(filepath.Join(from, f.name), filepath.Join(shelf, f.name)); err != nil {
			return fmt.Errorf("move %s into the cache: %w", f.name, err)
		}
	}
	return syncFolder(shelf)
}

// syncFolder makes the folder's new names outlast a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open a folder of the cache: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync a folder of the cache: %w", err)
	}
	return nil
}
