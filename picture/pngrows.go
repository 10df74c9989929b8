package picture

import (
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"
	"image/png"
	"io"
)

// decodeCutPNG is the picture of the rows that a file has whole which ends
// before its last. An interlaced one has no such rows.
func decodeCutPNG(ctx context.Context, data []byte, h pngHeader) (*Picture, error) {
	if h.interlaced() {
		return nil, io.ErrUnexpectedEOF
	}
	var compressed []byte
	for c := range allPNGChunks(data) {
		if c.kind != pngData {
			continue
		}
		// Without the checksum at the end, nothing else tells of damage: what
		// inflates from here on may be rows of anything.
		if c.whole && !c.sound {
			break
		}
		compressed = append(compressed, c.content...)
	}
	samples, err := zlib.NewReader(&contextReader{ctx: ctx, data: compressed})
	if err != nil {
		return nil, err
	}
	before, err := plainPNG(data, false)
	if err != nil {
		return nil, err
	}
	rows := &pngRows{samples: samples, row: make([]byte, 1+h.rowBytes()), left: h.size().Y, ready: before, sum: adler32.New()}
	img, err := png.Decode(rows)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	}
	p := view(img, "image/png")
	p.lacks(fmt.Errorf("the file ends after row %d of %d", rows.whole, p.Height))
	p.Height = rows.whole
	for i := range p.planes {
		p.planes[i].height = rows.whole
	}
	return p, nil
}

// pngRows reads as a file that holds the rows that samples has whole, and zeros
// for the rest: its data are stored, not compressed.
type pngRows struct {
	samples io.Reader
	row     []byte
	// whole is how many rows samples had whole, left how many are still to come.
	whole, left int
	ended       bool
	// ready are bytes to be read, sum is over the rows before them.
	ready []byte
	begun bool
	sum   hash.Hash32
	// content and chunk are used for each row again.
	content, chunk []byte
}

func (r *pngRows) Read(p []byte) (int, error) {
	if len(r.ready) == 0 {
		if r.left < 0 {
			return 0, io.EOF
		}
		r.ready = r.next()
		r.left--
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// next is the chunk of the next row (RFC 1950; RFC 1951, section 3.2.4), or the
// last one and the end.
func (r *pngRows) next() []byte {
	const header, mostStored = "\x78\x01", 1<<16 - 1
	content := r.content[:0]
	if !r.begun {
		r.begun, content = true, append(content, header...)
	}
	if r.left == 0 {
		content = binary.BigEndian.AppendUint32(append(content, "\x01\x00\x00\xff\xff"...), r.sum.Sum32())
		return appendPNGChunk(appendPNGChunk(r.chunk[:0], pngData, content), "IEND", nil)
	}
	if !r.ended {
		_, err := io.ReadFull(r.samples, r.row)
		r.ended = err != nil
	}
	if r.ended {
		clear(r.row)
	} else {
		r.whole++
	}
	_, _ = r.sum.Write(r.row) // which never fails
	for rest := r.row; len(rest) > 0; {
		n := min(len(rest), mostStored)
		content = binary.LittleEndian.AppendUint16(append(content, 0), uint16(n))
		content = binary.LittleEndian.AppendUint16(content, ^uint16(n))
		content = append(content, rest[:n]...)
		rest = rest[n:]
	}
	r.content, r.chunk = content, appendPNGChunk(r.chunk[:0], pngData, content)
	return r.chunk
}
