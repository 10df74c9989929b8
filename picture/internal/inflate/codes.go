package inflate

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// mostLiterals is how many symbols of literals, the end and lengths a block may
	// have codes for, mostDistances how many of distances. The fixed codes have two
	// more of each, which stand for nothing.
	mostLiterals  = 286
	mostDistances = 30
	// ending is the symbol of a block's end. Those of lengths follow.
	ending = 256
	// longestMatch is how many bits a match takes at most.
	longestMatch = longestCode + 5 + longestCode + 13
	// few are bytes that are copied faster one by one.
	few = 16
)

// What symbols stand for (RFC 1951, section 3.2.5); those of lengths of codes for
// themselves.
var (
	literals  = literalEntries()
	distances = distanceEntries()
	lengths   = lengthEntries()
)

func literalEntries() (e [mostLiterals + 2]entry) {
	for i := range ending {
		e[i] = literal | number(uint(i), 0)
	}
	e[ending] = end
	least, extra := uint(3), uint(0)
	for i := range mostLiterals - ending - 2 {
		if i >= 8 && i%4 == 0 {
			extra++
		}
		e[ending+1+i] = number(least, extra)
		least += 1 << extra
	}
	e[mostLiterals-1] = number(longest, 0)
	return e
}

func distanceEntries() (e [mostDistances + 2]entry) {
	least, extra := uint(1), uint(0)
	for i := range mostDistances {
		if i >= 4 && i%2 == 0 {
			extra++
		}
		e[i] = number(least, extra)
		least += 1 << extra
	}
	return e
}

func lengthEntries() (e [19]entry) {
	for i := range e {
		e[i] = number(uint(i), 0)
	}
	return e
}

// fixed makes the tables of the fixed codes (RFC 1951, section 3.2.6).
func (r *Reader) fixed() {
	l := r.codeLengths[:len(literals)]
	for i := range l {
		switch {
		case i < 144, i >= 280:
			l[i] = 8
		case i < ending:
			l[i] = 9
		default:
			l[i] = 7
		}
	}
	d := r.codeLengths[len(literals):][:len(distances)]
	for i := range d {
		d[i] = 5
	}
	r.literals.build(l, literals[:])
	r.distances.build(d, distances[:])
}

// dynamic reads the tables of a block's own codes (RFC 1951, section 3.2.7).
func (r *Reader) dynamic() error {
	counts, err := r.take(14)
	if err != nil {
		return err
	}
	nLiterals, nDistances, nLengths := int(counts&31)+257, int(counts>>5&31)+1, int(counts>>10)+4
	if nLiterals > mostLiterals || nDistances > mostDistances {
		return fmt.Errorf("%w: more codes than there are", ErrCorrupt)
	}
	var of [len(lengths)]uint8
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:nLengths] {
		n, err := r.take(3)
		if err != nil {
			return err
		}
		of[symbol] = uint8(n)
	}
	if !r.literals.build(of[:], lengths[:]) {
		return fmt.Errorf("%w: code of lengths", ErrCorrupt)
	}
	l := r.codeLengths[:nLiterals+nDistances]
	if err := r.readLengths(l); err != nil {
		return err
	}
	if !r.literals.build(l[:nLiterals], literals[:]) || !r.distances.build(l[nLiterals:], distances[:]) {
		return fmt.Errorf("%w: code of a block", ErrCorrupt)
	}
	return nil
}

// readLengths reads the lengths of codes, by the code that stands for the literals'.
func (r *Reader) readLengths(l []uint8) error {
	const before, zeros, manyZeros = 16, 17, 18
	for i := 0; i < len(l); {
		r.refill()
		e := r.literals.find(r.held)
		if err := r.skip(e); err != nil {
			return err
		}
		symbol, value := e.value(), uint8(0)
		if symbol < before {
			l[i] = uint8(symbol)
			i++
			continue
		}
		least, extra := 3, uint(3)
		switch symbol {
		case before:
			if i == 0 {
				return fmt.Errorf("%w: a length like none before", ErrCorrupt)
			}
			value, extra = l[i-1], 2
		case manyZeros:
			least, extra = 11, 7
		}
		more, err := r.take(extra)
		if err != nil {
			return err
		}
		n := least + int(more)
		if n > len(l)-i {
			return fmt.Errorf("%w: more lengths than codes", ErrCorrupt)
		}
		for range n {
			l[i] = value
			i++
		}
	}
	return nil
}

// skip takes the code that stands for e.
func (s *source) skip(e entry) error {
	n := e.length()
	switch {
	case n > s.count, n == 0 && s.count < longestCode:
		return io.ErrUnexpectedEOF
	case n == 0:
		return errCode
	}
	s.held >>= n
	s.count -= n
	return nil
}

var errCode = fmt.Errorf("%w: no such code", ErrCorrupt)

// codes inflates what codes stand for, until the block ends or hardly more can be
// held.
func (r *Reader) codes() (done bool, err error) {
	data, at, held, count, to := r.data, r.at, r.held, r.count, r.to
	for to <= size-longest {
		// As refill, which would keep these in memory.
		if at+8 <= len(data) {
			held |= binary.LittleEndian.Uint64(data[at:]) << count
			n := (63 - count) / 8
			at += int(n)
			count += 8 * n
		}
		for count < 56 && at < len(data) {
			held |= uint64(data[at]) << count
			at++
			count += 8
		}
		e := r.literals.find(held)
		for e&literal != 0 && e.length() <= count && to <= size-longest {
			r.buffer[to] = byte(e.value())
			to++
			held >>= e.length()
			count -= e.length()
			e = r.literals.find(held)
		}
		if to > size-longest || count < longestMatch && at < len(data) {
			continue
		}
		used := e.length()
		if used > count || used == 0 && count < longestCode {
			err = io.ErrUnexpectedEOF
			break
		}
		if done = e&end != 0; done {
			held >>= used
			count -= used
			break
		}
		n := int(e.value() + uint(held>>used)&(1<<e.extra()-1))
		used += e.extra()
		d := r.distances.find(held >> used)
		back := int(d.value() + uint(held>>(used+d.length()))&(1<<d.extra()-1))
		switch {
		case e.value() == 0:
			err = errCode
		case used+d.length()+d.extra() > count, d == 0 && count-used < longestCode:
			err = io.ErrUnexpectedEOF
		case d.value() == 0:
			err = errCode
		case back > to:
			err = fmt.Errorf("%w: a distance to before the first byte", ErrCorrupt)
		}
		if err != nil {
			break
		}
		used += d.length() + d.extra()
		held >>= used
		count -= used
		from := to - back
		for n > few {
			k := copy(r.buffer[to:to+n], r.buffer[from:to]) // what overlaps is repeated
			to += k
			n -= k
		}
		for end := to + n; to < end; to++ {
			r.buffer[to] = r.buffer[to-back]
		}
	}
	r.at, r.held, r.count, r.to = at, held, count, to
	return done, err
}
