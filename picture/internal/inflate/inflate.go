// Package inflate reads data in the zlib format (RFC 1950 and 1951) that are in
// memory. Unlike package compress/zlib it bounds the blocks, since those of tables
// that stand for no byte take far more time than others of their length.
package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrCorrupt says that the data are not in the format.
	ErrCorrupt = errors.New("corrupt compressed data")
	// ErrBlocks says that the data are in more blocks than are allowed.
	ErrBlocks = errors.New("too many blocks of compressed data")
)

const (
	// window is how far back a match reaches, longest how long it is at most.
	window  = 32 << 10
	longest = 258
	// size is how many bytes are held, those of the window among them.
	size = 4 * window
)

// Reader inflates. Its error is io.EOF behind the last byte, io.ErrUnexpectedEOF
// where the data end before the format does, ErrCorrupt or ErrBlocks. It does not
// compare the checksum; see Sum.
type Reader struct {
	source
	// blocks is how many more are allowed.
	blocks int
	begun  bool
	// last says that no block follows. rest inflates more of the one under way, and
	// says whether that was all of it; it is nil between blocks.
	last bool
	rest func() (bool, error)
	// stored is how many bytes are left of a block that is not compressed.
	stored              int
	literals, distances table
	codeLengths         [mostLiterals + 2 + mostDistances + 2]uint8
	buffer              [size]byte
	// Bytes from buffer[from] to buffer[to] are still to be read.
	from, to int
	sum      uint32
	err      error
}

// New is a reader of the data that takes no more than so many blocks.
func New(data []byte, blocks int) *Reader {
	return &Reader{source: source{data: data}, blocks: blocks}
}

// Sum is the Adler-32 checksum that the data say they inflate to. It is known
// from io.EOF on.
func (r *Reader) Sum() uint32 { return r.sum }

// Read is io.Reader's.
func (r *Reader) Read(p []byte) (int, error) {
	for r.from == r.to && r.err == nil {
		r.err = r.fill()
	}
	if r.from == r.to && len(p) > 0 {
		return 0, r.err
	}
	n := copy(p, r.buffer[r.from:r.to])
	r.from += n
	return n, nil
}

// fill inflates some more, when all before was read: to the end of a block, or
// until hardly more can be held.
func (r *Reader) fill() error {
	if r.to > size-longest {
		copy(r.buffer[:], r.buffer[r.to-window:r.to])
		r.from, r.to = window, window
	}
	if !r.begun {
		r.begun = true
		if err := r.header(); err != nil {
			return err
		}
	}
	if r.rest == nil {
		if r.last {
			return r.end()
		}
		if err := r.block(); err != nil {
			return err
		}
	}
	done, err := r.rest()
	if done {
		r.rest = nil
	}
	return err
}

// header is that of the zlib format (RFC 1950, section 2.2).
func (r *Reader) header() error {
	const deflate, mostWindow, check, dictionary = 8, 7, 31, 0x20
	h, err := r.bytes(2)
	if err != nil {
		return err
	}
	if h[0]&15 != deflate || h[0]>>4 > mostWindow || binary.BigEndian.Uint16(h)%check != 0 || h[1]&dictionary != 0 {
		return fmt.Errorf("%w: no header", ErrCorrupt)
	}
	return nil
}

func (r *Reader) end() error {
	sum, err := r.bytes(4)
	if err != nil {
		return err
	}
	r.sum = binary.BigEndian.Uint32(sum)
	return io.EOF
}

// block begins the next one (RFC 1951, section 3.2.3).
func (r *Reader) block() error {
	if r.blocks--; r.blocks < 0 {
		return ErrBlocks
	}
	header, err := r.take(3)
	if err != nil {
		return err
	}
	r.last = header&1 != 0
	r.rest = r.codes
	switch header >> 1 {
	case 0:
		r.rest = r.copied
		lengths, err := r.bytes(4)
		if err != nil {
			return err
		}
		n := binary.LittleEndian.Uint16(lengths)
		if ^n != binary.LittleEndian.Uint16(lengths[2:]) {
			return fmt.Errorf("%w: lengths of a stored block", ErrCorrupt)
		}
		r.stored = int(n)
		return nil
	case 1:
		r.fixed()
		return nil
	case 2:
		return r.dynamic()
	}
	return fmt.Errorf("%w: kind of a block", ErrCorrupt)
}

// copied is the rest of a block that is stored.
func (r *Reader) copied() (bool, error) {
	n := copy(r.buffer[r.to:], r.data[r.at:min(r.at+r.stored, len(r.data))])
	r.at += n
	r.to += n
	r.stored -= n
	if r.stored > 0 && r.at == len(r.data) {
		return false, io.ErrUnexpectedEOF
	}
	return r.stored == 0, nil
}
