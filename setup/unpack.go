package setup

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// unpack writes the files of the manifest out of a wheel or a tarball into a
// new folder. Only regular files that the manifest names are read, and they
// are written under the manifest's names, so no path of the archive's reaches
// the disk.
func (a archive) unpack(path, into string) error {
	if err := os.Mkdir(into, 0o755); err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	wanted := map[string]file{}
	for _, f := range a.files {
		wanted[f.within] = f
	}
	each := eachInTarball
	if strings.HasSuffix(path, ".whl") {
		each = eachInWheel
	}
	err := each(path, func(name string, content io.Reader) error {
		f, ok := wanted[name]
		if !ok {
			return nil
		}
		delete(wanted, name)
		return f.write(into, content)
	})
	if err != nil {
		return err
	}
	for name := range wanted {
		return fmt.Errorf("%w: %s has no file %s", ErrArchive, filepath.Base(path), name)
	}
	return nil
}

type visit func(name string, content io.Reader) error

func eachInWheel(path string, visit visit) error {
	r, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("%w: open %s: %w", ErrArchive, filepath.Base(path), err)
	}
	defer r.Close()
	for _, entry := range r.File {
		if !entry.Mode().IsRegular() {
			continue
		}
		content, err := entry.Open()
		if err != nil {
			return fmt.Errorf("%w: open %s: %w", ErrArchive, entry.Name, err)
		}
		err = visit(entry.Name, content)
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
	}
	return nil
}

func eachInTarball(path string, visit visit) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%w: open %s: %w", ErrArchive, filepath.Base(path), err)
	}
	r := tar.NewReader(z)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: read %s: %w", ErrArchive, filepath.Base(path), err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(header.Name, r); err != nil {
			return err
		}
	}
}
