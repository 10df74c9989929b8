package imports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Options say how sources are read.
type Options struct {
	Naming  Naming
	Columns Columns
	// Photos is the folder in which tables and lines have their paths; empty is their
	// own.
	Photos string
	// MostBytes is the largest photo.
	MostBytes int64
}

// Open opens what lies at the path, told by what it is: a folder, a ZIP archive, lines
// of JSON or a table. - is lines on the standard input.
func Open(path string, o Options) (Source, error) {
	if path == "-" {
		l := Stdin(o.Naming, o.MostBytes)
		if o.Photos != "" {
			f, err := openFiles(o.Photos, o.MostBytes)
			if err != nil {
				return nil, err
			}
			l.files, l.close = &f, f.root.Close
		}
		return l, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	if info.IsDir() {
		return OpenTree(path, o.Naming, o.MostBytes)
	}
	head, err := headOf(path)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")), strings.EqualFold(filepath.Ext(path), ".zip"):
		return OpenArchive(path, o.Naming, o.MostBytes)
	case bytes.HasPrefix(text, []byte("{")):
		return OpenLines(path, o.Photos, o.Naming, o.MostBytes)
	case bytes.IndexByte(head, 0) >= 0 && !bytes.HasPrefix(head, []byte{0xff, 0xfe}) && !bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, fmt.Errorf("%w: %s is neither a folder, a table (CSV), lines of JSON nor a ZIP archive", ErrSource, shown(path))
	}
	return OpenTable(path, o.Photos, o.Columns, o.Naming, o.MostBytes)
}

// headOf is how a file begins.
func headOf(path string) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const enough = 512
	head := make([]byte, enough)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	return head[:n], nil
}
