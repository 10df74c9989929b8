package search

import (
	"fmt"
	"slices"
)

// smallestTail is the least capacity of a tail.
const smallestTail = 4

// Update removes the rows named and then inserts rows. A search sees all of
// it or none. Removing an unknown id is no error. When a row cannot be
// inserted (ErrNotUnit, ErrOrder or the face package's errors), nothing is
// changed.
func (s *Set) Update(insert []Row, remove []uint64) error {
	staged, err := s.Stage(insert, remove)
	if err != nil {
		return err
	}
	staged.Commit()
	return nil
}

// Staged is an update of which everything is done but showing it to searches.
// It must be committed or abandoned; other updates of the set wait for that.
type Staged struct {
	update
	next uint64
}

// Stage does an Update's work, for Commit to take no time.
func (s *Set) Stage(insert []Row, remove []uint64) (*Staged, error) {
	for _, r := range insert {
		if err := validate(r.Vector, s.cfg.Dimension); err != nil {
			return nil, fmt.Errorf("insert row %d: %w", r.ID, err)
		}
	}
	s.mu.Lock()
	staged := false
	defer func() {
		if !staged {
			s.mu.Unlock()
		}
	}()
	u, err := s.stage(insert, remove)
	staged = err == nil
	return u, err
}

func (s *Set) stage(insert []Row, remove []uint64) (*Staged, error) {
	if s.closed {
		return nil, ErrClosed
	}
	old := s.view.Load()
	next := old.next
	for _, r := range insert {
		if r.ID < next {
			return nil, fmt.Errorf("insert row %d where %d is the lowest: %w", r.ID, next, ErrOrder)
		}
		next = r.ID + 1
	}
	u := update{set: s, parts: slices.Clone(old.parts), tail: s.tail}
	u.remove(old, remove)
	if err := u.insert(insert); err != nil {
		u.free()
		return nil, err
	}
	return &Staged{update: u, next: next}, nil
}

// Commit shows the update to the searches that begin from now on.
func (u *Staged) Commit() {
	s := u.set
	defer s.mu.Unlock()
	s.tail = u.tail
	s.publish(newView(u.parts, u.next))
	s.keep()
}

// Abandon leaves the set as it was.
func (u *Staged) Abandon() {
	defer u.set.mu.Unlock()
	u.free()
}

// update is the parts of the next view in the making.
type update struct {
	set   *Set
	parts []part
	tail  *segment
	// made are the segments that no view has yet.
	made []*segment
}

func (u *update) free() {
	for _, s := range u.made {
		s.free()
	}
}

func (u *update) remove(v *view, ids []uint64) {
	owned := map[int]bool{}
	for _, id := range ids {
		i, row, ok := v.find(id)
		if !ok || !u.parts[i].isLive(row) {
			continue
		}
		p := &u.parts[i]
		if !owned[i] {
			p.ownLive()
			owned[i] = true
		}
		p.bury(row)
	}
}

func (u *update) insert(rows []Row) error {
	for len(rows) > 0 {
		if u.tail == nil || !u.tail.fits(rows[0].ID) {
			if err := u.begin(rows); err != nil {
				return err
			}
		}
		p := &u.parts[len(u.parts)-1]
		if p.rows == u.tail.capacity {
			if p.rows >= u.set.cfg.SegmentRows && 2*p.dead < p.rows {
				u.tail = nil
				continue
			}
			if err := u.grow(p, len(rows)); err != nil {
				return err
			}
		}
		n := 0
		for n < len(rows) && p.rows < u.tail.capacity && u.tail.fits(rows[n].ID) {
			p.dense = p.dense && rows[n].ID == u.tail.base+uint64(p.rows)
			u.tail.put(p.rows, rows[n])
			p.rows++
			n++
		}
		rows = rows[n:]
	}
	return nil
}

// begin starts a new tail for the rows.
func (u *update) begin(rows []Row) error {
	capacity := max(smallestTail, len(rows))
	if len(u.parts) > 0 && u.parts[len(u.parts)-1].rows >= u.set.cfg.SegmentRows {
		capacity = u.set.cfg.SegmentRows
	}
	tail, err := u.make(capacity, rows[0].ID)
	if err != nil {
		return err
	}
	u.tail = tail
	u.parts = append(u.parts, part{segment: tail, dense: true})
	return nil
}

// grow moves the tail's live rows to a larger tail, with room for more.
func (u *update) grow(p *part, more int) error {
	live := p.rows - p.dead
	first := 0
	for first < p.rows && !p.isLive(first) {
		first++
	}
	base := p.base
	if first < p.rows {
		base = p.id(first)
	}
	tail, err := u.make(max(2*live, live+more, smallestTail), base)
	if err != nil {
		return err
	}
	to := part{segment: tail, dense: true}
	for row := first; row < p.rows; row++ {
		if p.isLive(row) {
			v := p.vectors[row*p.dimension:][:p.dimension]
			tail.copyHot(to.rows, p.segment, row, v, nil)
			copy(tail.vectors[to.rows*tail.dimension:], v)
			to.dense = to.dense && tail.offsets[to.rows] == uint32(to.rows)
			to.rows++
		}
	}
	u.tail, *p = tail, to
	return nil
}

func (u *update) make(rows int, base uint64) (*segment, error) {
	s, err := newSegment(nil, u.set.cfg.Dimension, min(rows, u.set.cfg.SegmentRows), base, true)
	if err != nil {
		return nil, err
	}
	u.made = append(u.made, s)
	return s, nil
}
