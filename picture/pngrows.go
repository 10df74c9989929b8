package picture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"

	"oneton/photo"
	"oneton/picture/internal/inflate"
)

// maxPNGBlocks is the most blocks of a PNG's compressed data. Encoders make one
// of some 16,000 symbols or more, or of 127 where they save memory: 190,000 of
// noise of 24 MB.
const maxPNGBlocks = 1 << 18

// pngRows reads as a file that holds the samples that the compressed data have,
// and zeros for those they lack: its data are stored, not compressed.
type pngRows struct {
	ctx     context.Context
	samples *inflate.Reader
	// row is read at once: the samples of a row, or where rows are of several
	// lengths any.
	row []byte
	// left is how many bytes of samples are still to come; have how many the
	// compressed data had.
	left, have int
	// err says why the compressed data do not have all; io.ErrUnexpectedEOF when
	// they end.
	err error
	// ready are bytes to be read, sum is over the rows before them.
	ready []byte
	begun bool
	sum   hash.Hash32
	// content and chunk are used for each row again.
	content, chunk []byte
}

// newPNGRows reads as the file that begins with before.
func newPNGRows(ctx context.Context, before []byte, h pngHeader, compressed []byte) *pngRows {
	const some = 1 << 16
	r := &pngRows{
		ctx: ctx, samples: inflate.New(compressed, maxPNGBlocks), left: h.samples(),
		row: make([]byte, some), ready: before, sum: adler32.New(),
	}
	if !h.interlaced() {
		r.row = make([]byte, 1+h.rowBytes(h.size().X))
	}
	return r
}

func (r *pngRows) Read(p []byte) (int, error) {
	if len(r.ready) == 0 {
		if r.left < 0 {
			return 0, io.EOF
		}
		r.next()
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if r.err != nil && !r.cut() {
			return 0, r.err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// cut says that the compressed data end before the samples or their checksum do.
func (r *pngRows) cut() bool { return errors.Is(r.err, io.ErrUnexpectedEOF) }

// next readies the chunk of the next row (RFC 1950; RFC 1951, section 3.2.4), or
// the last one and the end.
func (r *pngRows) next() {
	const header, mostStored = "\x78\x01", 1<<16 - 1
	content := r.content[:0]
	if !r.begun {
		r.begun, content = true, append(content, header...)
	}
	if r.left == 0 {
		r.left--
		if r.err == nil {
			r.err = r.end()
		}
		content = binary.BigEndian.AppendUint32(append(content, "\x01\x00\x00\xff\xff"...), r.sum.Sum32())
		r.ready = appendPNGChunk(appendPNGChunk(r.chunk[:0], pngData, content), "IEND", nil)
		return
	}
	row := r.row[:min(r.left, len(r.row))]
	r.left -= len(row)
	if r.err == nil {
		r.err = r.fill(row)
	}
	if r.err != nil {
		clear(row)
	}
	_, _ = r.sum.Write(row) // which never fails
	for len(row) > 0 {
		n := min(len(row), mostStored)
		content = binary.LittleEndian.AppendUint16(append(content, 0), uint16(n))
		content = binary.LittleEndian.AppendUint16(content, ^uint16(n))
		content = append(content, row[:n]...)
		row = row[n:]
	}
	r.content, r.chunk = content, appendPNGChunk(r.chunk[:0], pngData, content)
	r.ready = r.chunk
}

// fill inflates a row.
func (r *pngRows) fill(row []byte) error {
	n, err := io.ReadFull(r.samples, row)
	r.have += n
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return inflating(err)
}

// end is nil where the compressed data end with the samples and their checksum.
func (r *pngRows) end() error {
	n, err := r.samples.Read(make([]byte, 1))
	switch {
	case n > 0:
		return fmt.Errorf("%w: the PNG has more samples than its picture", photo.ErrCorrupt)
	case !errors.Is(err, io.EOF):
		return inflating(err)
	case r.samples.Sum() != r.sum.Sum32():
		return fmt.Errorf("%w: the checksum of the PNG's samples is wrong", photo.ErrCorrupt)
	}
	return nil
}

func inflating(err error) error {
	if errors.Is(err, inflate.ErrBlocks) {
		return fmt.Errorf("%w: more than %d blocks of PNG data", photo.ErrTooComplex, maxPNGBlocks)
	}
	return err
}
