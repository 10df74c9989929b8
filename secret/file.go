package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Read reads a ring from its file; ErrFile where that holds none.
func Read(path string) (Ring, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return Ring{}, fmt.Errorf("read secret: %w", err)
	}
	r, err := parse(file)
	if err != nil {
		return Ring{}, fmt.Errorf("read secret: %s has %w", path, err)
	}
	return r, nil
}

// Parse reads a ring from what a file holds; ErrFile where that is none.
func Parse(file []byte) (Ring, error) { return parse(file) }

// Restore keeps what a file held in a file that is not there yet, its owner's alone;
// fs.ErrExist where there is one.
func Restore(path string, file []byte) error {
	if _, err := parse(file); err != nil {
		return fmt.Errorf("restore secret: it has %w", err)
	}
	if err := write(path, file, private, os.Link); err != nil {
		return fmt.Errorf("restore secret: %w", err)
	}
	return nil
}

func private(f *os.File) error { return f.Chmod(0o600) }

// create keeps a new secret in the file, or returns the one that another
// process has just put there.
func create(path string) (r Ring, made bool, err error) {
	version := random()
	err = write(path, version, private, os.Link)
	if errors.Is(err, fs.ErrExist) {
		r, err := Read(path)
		return r, false, err
	}
	if err != nil {
		return Ring{}, false, fmt.Errorf("keep secret: %w", err)
	}
	return Ring{versions: [][]byte{version}}, true, nil
}

// Add puts a new version at the end of the file's ring, and returns how many
// there are. Nothing is made under it before Adopt. The file stays where it is,
// its owner's and with its mode, whoever adds, so that whoever could read it can.
func Add(path string) (versions int, err error) {
	r, err := Read(path)
	if err != nil {
		return 0, err
	}
	if len(r.versions) == most {
		return 0, fmt.Errorf("add to secret: %s has %d versions already: %w", path, most, ErrFile)
	}
	place, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0, fmt.Errorf("add to secret: %w", err)
	}
	info, err := os.Stat(place)
	if err != nil {
		return 0, fmt.Errorf("add to secret: %w", err)
	}
	var file []byte
	for _, v := range append(r.versions, random()) {
		file = append(file, v...)
	}
	if err := write(place, file, ownedAs(info), os.Rename); err != nil {
		return 0, fmt.Errorf("add to secret: %w", err)
	}
	return len(r.versions) + 1, nil
}

func random() []byte {
	b := make([]byte, Size)
	rand.Read(b) // which never fails
	return b
}

// ownedAs gives a file the owner and the mode of another.
func ownedAs(other fs.FileInfo) func(*os.File) error {
	return func(f *os.File) error {
		return errors.Join(own(f, other), f.Chmod(other.Mode().Perm()))
	}
}

// write brings a whole, durable file, to whom owned gives it, to its place by put:
// a link never replaces another process's file, as a rename does.
func write(path string, content []byte, owned func(*os.File) error, put func(from, to string) error) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".secret-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless a rename has taken it away
	_, err = f.Write(content)
	if err = errors.Join(err, owned(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}
