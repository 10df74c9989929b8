package search

import (
	"fmt"
	"slices"
	"sync/atomic"

	"oneton/search/internal/kernel"
)

// blocksFor is how many blocks hold so many rows.
func blocksFor(rows int) int { return (rows + kernel.BlockRows - 1) / kernel.BlockRows }

// segment holds rows with rising ids. Its rows never change once a view has
// them; the newest segment of a set still takes rows beyond those.
type segment struct {
	dimension int
	capacity  int
	// base is the id of the first row; a row's id is base plus its offset.
	base uint64

	// basis is what the rows are coded in; nil means as they are.
	basis   *basis
	hot     region
	planes  kernel.Planes
	offsets []uint32
	groups  []uint32

	// vectors holds the rows' coordinates, unless file does.
	cold    region
	vectors []float32
	file    *segmentFile
	// number names the file that holds the segment, if any, and sum is the
	// checksum of its header.
	number int
	sum    uint32

	refs atomic.Int64
}

// hotBytes is the size of the part of a segment that scans need.
func hotBytes(layout kernel.Layout, rows int) int {
	return blocksFor(rows)*layout.BlockBytes() + 2*4*rows
}

// layout is how the rows' codes lie.
func (s *segment) layout() kernel.Layout { return layoutOf(s.basis, s.dimension) }

// newSegment returns an empty segment for rows of which the first has id base,
// coded in a basis or, when it is nil, as they are. With vectors it has memory
// for their coordinates.
func newSegment(b *basis, dimension, capacity int, base uint64, vectors bool) (*segment, error) {
	s := &segment{basis: b, dimension: dimension, capacity: capacity, base: base}
	var err error
	if s.hot, err = newRegion(hotBytes(s.layout(), capacity)); err != nil {
		return nil, err
	}
	if vectors {
		if s.cold, err = newRegion(4 * dimension * capacity); err != nil {
			s.hot.free()
			return nil, err
		}
		s.vectors = words[float32](s.cold.bytes)
	}
	hot := s.hot.bytes
	rest := len(hot) - 2*4*capacity
	s.planes = kernel.NewPlanes(hot[:rest], s.layout())
	numbers := words[uint32](hot[rest:])
	s.offsets, s.groups = numbers[:capacity], numbers[capacity:]
	return s, nil
}

func (s *segment) retain() { s.refs.Add(1) }

// release frees the segment when nothing holds it any more.
func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		s.free()
	}
}

func (s *segment) free() {
	s.hot.free()
	s.cold.free()
	if s.file != nil {
		s.file.close()
	}
}

func (s *segment) id(row int) uint64 { return s.base + uint64(s.offsets[row]) }

// fits tells whether a row of the segment can have the id.
func (s *segment) fits(id uint64) bool { return id-s.base <= 1<<32-1 }

// find returns the row that has the id, among the first n.
func (s *segment) find(id uint64, n int) (int, bool) {
	if id < s.base || !s.fits(id) {
		return 0, false
	}
	return slices.BinarySearch(s.offsets[:n], uint32(id-s.base))
}

// put makes r the row of that number of a segment that has no basis.
func (s *segment) put(row int, r Row) {
	s.planes.Put(row, r.Vector)
	s.offsets[row] = uint32(r.ID - s.base)
	s.groups[row] = r.Group
	copy(s.vectors[row*s.dimension:], r.Vector)
}

// copyHot copies all of a row but its vector, v, which the row is turned from
// into this segment's basis when the other has none, in memory for as many
// coordinates.
func (s *segment) copyHot(row int, from *segment, fromRow int, v, memory []float32) {
	if s.basis == from.basis {
		s.planes.Copy(row, from.planes, fromRow)
	} else {
		s.basis.turn(memory, v)
		s.planes.Put(row, memory)
	}
	s.offsets[row] = uint32(from.id(fromRow) - s.base)
	s.groups[row] = from.groups[fromRow]
}

// vector returns a row's coordinates, in memory of the segment's or of buf,
// which has room for one more. When that may have to wait for the disk it
// first calls waiting.
func (s *segment) vector(row int, buf []float32, waiting func()) ([]float32, error) {
	if s.file == nil {
		return s.vectors[row*s.dimension:][:s.dimension], nil
	}
	if err := s.file.read(row, buf, waiting); err != nil {
		return nil, fmt.Errorf("read vector of row %d: %w", s.id(row), err)
	}
	return buf[:s.dimension], nil
}

// fetch begins to read a row's coordinates from the disk.
func (s *segment) fetch(row int) {
	if s.file != nil {
		s.file.fetch(row)
	}
}
