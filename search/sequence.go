package search

import (
	"errors"
	"fmt"
	"io"
)

// sequenceBytes is how much a sequence reads at once.
const sequenceBytes = 64 << 10

// sequence reads vectors of rows that rise, many from the file at once.
type sequence struct {
	segment *segment
	// bytes are those of the rows from first on.
	bytes []byte
	first int
}

// at returns a row's coordinates until the next call.
func (q *sequence) at(s *segment, row int) ([]float32, error) {
	if s.file == nil {
		return s.vectors[row*s.dimension:][:s.dimension], nil
	}
	size := vectorBytes(s.dimension)
	if s != q.segment || row < q.first || row >= q.first+len(q.bytes)/size {
		if err := q.load(s, row); err != nil {
			return nil, fmt.Errorf("read vectors from row %d on: %w", s.id(row), err)
		}
	}
	b := q.bytes[(row-q.first)*size:][:size]
	if err := checkVector(b); err != nil {
		return nil, fmt.Errorf("read vector of row %d: %w", s.id(row), err)
	}
	return words[float32](b[:size-sumBytes]), nil
}

func (q *sequence) load(s *segment, row int) error {
	size := vectorBytes(s.dimension)
	n := min(max(1, sequenceBytes/size), s.capacity-row)
	if cap(q.bytes) < n*size {
		q.bytes = make([]byte, n*size)
	}
	q.segment, q.first, q.bytes = s, row, q.bytes[:n*size]
	_, err := s.file.ReadAt(q.bytes, s.file.at(row))
	if err != nil {
		q.segment = nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
