package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"oneton/archive"
)

// partSuffix ends the names of files that are being written: nobody takes them for
// whole.
const partSuffix = ".part"

// Create makes a file of what write writes, the owner's alone, on the disk and read
// again when it returns: the whole of it, or no file. One that is there is not
// replaced, fs.ErrExist. A process that is killed leaves a file whose name ends in
// .part.
func Create(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w: nothing is overwritten", path, fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*"+partSuffix)
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	written := sha256.New()
	if err := write(io.MultiWriter(f, written)); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), sameAgain(f, written.Sum(nil))); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := Place(f.Name(), path); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// sameAgain is archive.ErrDamaged unless the file can be read as it was written.
func sameAgain(f *os.File, want []byte) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	read := sha256.New()
	if _, err := io.Copy(read, f); err != nil {
		return err
	}
	if !bytes.Equal(read.Sum(nil), want) {
		return fmt.Errorf("%w: the disk gives back something else than was written", archive.ErrDamaged)
	}
	return nil
}

// Place gives a whole file its name as well, durably, unless something has the name:
// fs.ErrExist.
func Place(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
