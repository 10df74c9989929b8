// Package archive is the container of what oneton hands out as a whole: a tar of
// members, each with its SHA-256 ahead of it and all of them listed at the end, as
// sha256sum lists files. What is damaged is found before it is used, and what ends
// early, or lacks a member, is told from what is whole.
package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// These errors say what is wrong with an archive.
var (
	// ErrDamaged means that it is not as it was written.
	ErrDamaged = errors.New("the archive is damaged")
	// ErrCut means that it ends before its end: its writer was stopped, or it was not
	// copied whole.
	ErrCut = errors.New("the archive is cut short")
)

const (
	// Sums is the name of the last member, the list of all others.
	Sums = "SHA256SUMS"
	// record is the header's record of a member's SHA-256.
	record = "ONETON.sha256"

	mode = 0o600
)

// Writer writes an archive, of which nothing is kept but the list.
type Writer struct {
	tar  *tar.Writer
	made time.Time
	sums bytes.Buffer
}

// NewWriter writes an archive that was made at that time.
func NewWriter(w io.Writer, made time.Time) *Writer {
	return &Writer{tar: tar.NewWriter(w), made: made.UTC().Truncate(time.Second)}
}

// Add adds a member.
func (w *Writer) Add(name string, content []byte) error {
	sum := sha256.Sum256(content)
	digits := hex.EncodeToString(sum[:])
	list(&w.sums, digits, name)
	return w.add(name, content, map[string]string{record: digits})
}

func list(sums *bytes.Buffer, digits, name string) { fmt.Fprintf(sums, "%s  %s\n", digits, name) }

func (w *Writer) add(name string, content []byte, records map[string]string) error {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: mode, ModTime: w.made,
		PAXRecords: records, Format: tar.FormatPAX,
	}
	err := w.tar.WriteHeader(h)
	if err == nil {
		_, err = w.tar.Write(content)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Close writes the list and the end, without which an archive is not whole.
func (w *Writer) Close() error {
	if err := w.add(Sums, w.sums.Bytes(), nil); err != nil {
		return err
	}
	if err := w.tar.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}

// Member is a part of an archive, which has its SHA-256.
type Member struct {
	Name    string
	Content []byte
}

// Reader reads an archive, which may be anybody's.
type Reader struct {
	stream io.Reader
	tar    *tar.Reader
	limit  int64
	sums   bytes.Buffer
	last   string
	ended  error
}

// NewReader reads an archive whose members have at most limit bytes.
func NewReader(r io.Reader, limit int64) *Reader {
	return &Reader{stream: r, tar: tar.NewReader(r), limit: limit}
}

// Next is the next member, or io.EOF once everything has been read and found to be
// as it was written. Any other error is the last one, and says behind which member
// it was met.
func (r *Reader) Next() (Member, error) {
	if r.ended != nil {
		return Member{}, r.ended
	}
	m, err := r.next()
	if err == nil {
		r.last = m.Name
		return m, nil
	}
	if !errors.Is(err, io.EOF) && r.last != "" {
		err = fmt.Errorf("behind %s: %w", r.last, err)
	}
	r.ended = err
	return Member{}, err
}

func (r *Reader) next() (m Member, err error) {
	h, err := r.tar.Next()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return m, fmt.Errorf("%w: it has no %s at its end", ErrCut, Sums)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return m, fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return m, fmt.Errorf("read archive: %w", err)
	}
	// A sparse member becomes as many bytes as it says, of none that were sent.
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return m, fmt.Errorf("%w: %.128q is sparse", ErrDamaged, h.Name)
		}
	}
	m.Name = h.Name
	if h.Typeflag != tar.TypeReg {
		return m, fmt.Errorf("%w: %.128q is no plain file", ErrDamaged, h.Name)
	}
	if h.Size > r.limit {
		return m, fmt.Errorf("%w: %.128q has %d bytes, and may have %d", ErrDamaged, h.Name, h.Size, r.limit)
	}
	// What is announced is not believed: memory is taken as bytes arrive.
	var content bytes.Buffer
	_, err = io.Copy(&content, r.tar)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return m, fmt.Errorf("%w: it ends within %.128q", ErrCut, h.Name)
	case err != nil:
		return m, fmt.Errorf("read %.128q: %w", h.Name, err)
	}
	m.Content = content.Bytes()
	if m.Name == Sums {
		return m, r.end(m.Content)
	}
	sum := sha256.Sum256(m.Content)
	digits := hex.EncodeToString(sum[:])
	if h.PAXRecords[record] != digits {
		return m, fmt.Errorf("%w: %.128q does not have its SHA-256", ErrDamaged, h.Name)
	}
	list(&r.sums, digits, m.Name)
	return m, nil
}

// end is io.EOF when the list is that of the members, and nothing follows.
func (r *Reader) end(sums []byte) error {
	if !bytes.Equal(sums, r.sums.Bytes()) {
		return fmt.Errorf("%w: %s does not list the members that are there", ErrDamaged, Sums)
	}
	_, err := r.tar.Next()
	switch {
	case err == nil:
		return fmt.Errorf("%w: a member follows %s", ErrDamaged, Sums)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: its end is none: %w", ErrDamaged, err)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read archive's end: %w", err)
	}
	// What the stream is wrapped in may be checked at its end only.
	const most = 1 << 20
	rest := make([]byte, most>>8)
	for read := 0; ; {
		n, err := r.stream.Read(rest)
		read += n
		if len(bytes.Trim(rest[:n], "\x00")) > 0 || read > most {
			return fmt.Errorf("%w: something follows its end", ErrDamaged)
		}
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("read archive's end: %w", err)
		}
	}
}
