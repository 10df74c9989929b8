package imports

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// someEntries is how many entries of a ZIP archive's directory are in memory at once.
const someEntries = 1024

// directory is where the central directory of a ZIP archive lies (PKWARE's APPNOTE,
// sections 4.3.12 to 4.3.16).
type directory struct {
	r           io.ReaderAt
	start, size int64
	entries     int64
}

// The signatures and lengths of the records, and where in them fields stand.
const (
	entrySignature, entryLength = 0x02014b50, 46
	endSignature, endLength     = 0x06054b50, 22
	end64Signature, end64Length = 0x06064b50, 56
	locSignature, locLength     = 0x07064b50, 20
	// longestComment follows the end's record, at most.
	longestComment = 1<<16 - 1
)

var errDirectory = errors.New("it is no ZIP archive, or is cut short")

// findDirectory finds the directory by the record of its end.
func findDirectory(r io.ReaderAt, size int64) (d directory, err error) {
	tail := make([]byte, min(size, endLength+longestComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return d, err
	}
	le := binary.LittleEndian
	for at := len(tail) - endLength; at >= 0; at-- {
		end := tail[at:]
		if le.Uint32(end) != endSignature || int(le.Uint16(end[20:])) > len(end)-endLength {
			continue
		}
		endAt := size - int64(len(end))
		d = directory{r: r, entries: int64(le.Uint16(end[10:])), size: int64(le.Uint32(end[12:])), start: int64(le.Uint32(end[16:]))}
		if err := d.wide(endAt); err != nil {
			return d, err
		}
		if d.start < 0 || d.size < 0 || d.entries < 0 || d.start > endAt || d.size > endAt || d.start+d.size > endAt || d.entries > d.size/entryLength {
			return d, errDirectory
		}
		return d, nil
	}
	return d, errDirectory
}

// wide reads the numbers of large archives, which stand before the end's record.
func (d *directory) wide(endAt int64) error {
	le := binary.LittleEndian
	loc := make([]byte, locLength)
	if endAt < locLength {
		return nil
	}
	if _, err := d.r.ReadAt(loc, endAt-locLength); err != nil {
		return err
	}
	if le.Uint32(loc) != locSignature {
		return nil
	}
	at := int64(le.Uint64(loc[8:])) //nolint:gosec // looked at below
	if at < 0 || at > endAt-locLength-end64Length {
		return errDirectory
	}
	end := make([]byte, end64Length)
	if _, err := d.r.ReadAt(end, at); err != nil {
		return err
	}
	if le.Uint32(end) != end64Signature {
		return errDirectory
	}
	d.entries, d.size, d.start = int64(le.Uint64(end[32:])), int64(le.Uint64(end[40:])), int64(le.Uint64(end[48:])) //nolint:gosec // looked at by the caller
	return nil
}

// files yields the entries, some of which are in memory at once: archive/zip reads each
// part of the directory as if it were all.
func (d directory) files() iter.Seq2[*zip.File, error] {
	return func(yield func(*zip.File, error) bool) {
		in := io.NewSectionReader(d.r, d.start, d.size)
		for left := d.entries; left > 0; {
			some, n, err := readEntries(in, min(left, someEntries))
			if err != nil {
				yield(nil, err)
				return
			}
			left -= n
			part, err := d.reader(some, n)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, f := range part.File {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// readEntries reads up to n records of the directory as they stand.
func readEntries(in io.Reader, n int64) (records []byte, read int64, err error) {
	const names = 28 // where the lengths of name, extra field and comment stand
	for ; read < n; read++ {
		head := make([]byte, entryLength)
		if _, err := io.ReadFull(in, head); err != nil {
			return nil, 0, errDirectory
		}
		le := binary.LittleEndian
		if le.Uint32(head) != entrySignature {
			return nil, 0, errDirectory
		}
		rest := make([]byte, int(le.Uint16(head[names:]))+int(le.Uint16(head[names+2:]))+int(le.Uint16(head[names+4:])))
		if _, err := io.ReadFull(in, rest); err != nil {
			return nil, 0, errDirectory
		}
		records = append(append(records, head...), rest...)
	}
	return records, read, nil
}

// reader reads the archive as if the records were its directory.
func (d directory) reader(records []byte, n int64) (*zip.Reader, error) {
	le := binary.LittleEndian
	end := make([]byte, 0, end64Length+locLength+endLength)
	at := uint64(d.start) + uint64(len(records)) //nolint:gosec // neither is negative
	end = le.AppendUint32(end, end64Signature)
	end = le.AppendUint64(end, end64Length-12) // what follows this number
	end = append(end, 45, 0, 45, 0)            // version 4.5, which has these records
	end = append(end, make([]byte, 8)...)      // disks
	end = le.AppendUint64(end, uint64(n))      //nolint:gosec // a count
	end = le.AppendUint64(end, uint64(n))      //nolint:gosec // a count
	end = le.AppendUint64(end, uint64(len(records)))
	end = le.AppendUint64(end, uint64(d.start)) //nolint:gosec // not negative
	end = le.AppendUint32(end, locSignature)
	end = append(end, make([]byte, 4)...)
	end = le.AppendUint64(end, at)
	end = le.AppendUint32(end, 1)
	end = le.AppendUint32(end, endSignature)
	end = append(end, make([]byte, 4)...)
	end = append(end, 0xff, 0xff, 0xff, 0xff) // counts: as above
	end = append(end, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0)
	view := &spliced{d.r, d.start, append(records, end...)}
	z, err := zip.NewReader(view, d.start+int64(len(view.tail)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%w: %w", errDirectory, err)
	}
	return z, nil
}

// spliced is the beginning of an archive, and another end.
type spliced struct {
	r    io.ReaderAt
	at   int64
	tail []byte
}

// ReadAt implements io.ReaderAt.
func (s *spliced) ReadAt(p []byte, off int64) (n int, err error) {
	if off < s.at {
		n, err = s.r.ReadAt(p[:min(int64(len(p)), s.at-off)], off)
		if n == len(p) || err != nil {
			return n, err
		}
		off += int64(n)
	}
	more, err := bytes.NewReader(s.tail).ReadAt(p[n:], off-s.at)
	return n + more, err
}
