package imports

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
)

// mostRatio is how many times larger than its bytes in the archive a photo may be, from
// smallBomb on. Photos hardly shrink: a BMP of a face in front of one colour does to a
// fifth or so.
const (
	mostRatio = 100
	smallBomb = 1 << 20
)

// Archive is a ZIP archive with photos in folders.
type Archive struct {
	naming Naming
	most   int64
	dir    directory
	photos int64
	close  func() error
}

// OpenArchive opens a ZIP archive in a file.
func OpenArchive(path string, naming Naming, most int64) (*Archive, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrSource, err), file.Close())
	}
	a, err := NewArchive(file, info.Size(), naming, most)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	a.close = file.Close
	return a, nil
}

// NewArchive reads a ZIP archive of that size, and looks at all that it says it holds.
func NewArchive(r io.ReaderAt, size int64, naming Naming, most int64) (*Archive, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	a := &Archive{naming: naming, most: most, dir: dir, close: func() error { return nil }}
	var packed uint64
	for f, err := range dir.files() {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSource, err)
		}
		// Entries that lie upon one another are there to be read for ever.
		if packed += f.CompressedSize64; packed > uint64(size) || f.CompressedSize64 > uint64(size) { //nolint:gosec // a size
			return nil, fmt.Errorf("%w: its entries have more bytes than the archive", ErrSource)
		}
		if !beside(f) {
			a.photos++
		}
	}
	return a, nil
}

// Close implements Source.
func (a *Archive) Close() error { return a.close() }

// Size implements Source: the number of files.
func (a *Archive) Size() (int64, bool) { return a.photos, true }

// Items implements Source.
func (a *Archive) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for f, err := range a.dir.files() {
			if err = errors.Join(err, ctx.Err()); err != nil {
				yield(Item{}, fmt.Errorf("%w: %w", ErrSource, err))
				return
			}
			if !beside(f) && !yield(a.item(f), nil) {
				return
			}
		}
	}
}

// beside tells whether an entry is a folder or litter.
func beside(f *zip.File) bool { return f.FileInfo().IsDir() || hidden(plain(f.Name)) }

// hidden tells whether any part of the path is litter.
func hidden(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part != "." && part != ".." && litter(part) {
			return true
		}
	}
	return false
}

// plain is a path as it would be written by others than Windows.
func plain(p string) string { return strings.ReplaceAll(p, `\`, "/") }

func (a *Archive) item(f *zip.File) Item {
	name := plain(f.Name)
	item := Item{Ref: shown(f.Name), Part: 1, Photo: func() ([]byte, error) { return a.photo(f) }}
	const encrypted = 1
	switch {
	case path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "../") || strings.Contains(name, ":"):
		item.Refused = refuse(CodeOutside, "the path is not one within the archive", "make the archive anew, of paths below one folder")
	case !f.Mode().IsRegular():
		item.Refused = refuse(CodeNotAFile, "it is a link or a device, not a file", "put the photo itself into the archive")
	case f.Flags&encrypted != 0:
		item.Refused = refuse(CodeEncrypted, "it is encrypted", "make the archive without a password")
	case f.UncompressedSize64 > uint64(a.most): //nolint:gosec // a size
		item.Refused = tooLarge(a.most)
	case f.UncompressedSize64 > smallBomb && f.UncompressedSize64/mostRatio > f.CompressedSize64:
		item.Refused = refuse(CodeBomb, fmt.Sprintf("it would become more than %d times as large, as no photo does", mostRatio), "save the photo as a JPEG")
	default:
		a.naming.of(&item, name)
	}
	return item
}

// photo reads an entry, of which no more is taken than its size says.
func (a *Archive) photo(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, broken(err)
	}
	defer r.Close()
	content, err := readPhoto(r, a.most)
	if r, ok := errors.AsType[*Refusal](err); ok && r.Code == CodeUnreadable {
		return nil, broken(errors.New("its bytes or its checksum are wrong"))
	}
	return content, err
}

func broken(err error) *Refusal {
	return refuse(CodeUnreadable, "the archive is damaged here: "+strings.TrimPrefix(err.Error(), "zip: "), "make the archive anew")
}
