package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// forgetPages drops a folder's files from the page cache.
func forgetPages(folder string) error {
	return eachFile(folder, func(f *os.File) error {
		// Only pages that the disk has can be dropped.
		if err := f.Sync(); err != nil {
			return err
		}
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}

// readPages brings a folder's files into the page cache.
func readPages(folder string) error {
	return eachFile(folder, func(f *os.File) error {
		_, err := io.Copy(io.Discard, f)
		return err
	})
}

func eachFile(folder string, do func(f *os.File) error) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(do(f), f.Close()); err != nil {
			return fmt.Errorf("page cache of %s: %w", path, err)
		}
	}
	return nil
}
