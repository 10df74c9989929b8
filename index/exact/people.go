package exact

import (
	"slices"
	"sync/atomic"

	"oneton/store"
)

// people are the subjects that have a row.
type people map[store.SubjectID]*person

// person is a subject with its rows. Searches read its id, which never
// changes, and a save its labels as well; the rest is for who applies changes.
type person struct {
	id   store.SubjectID
	rows []uint32
	has  atomic.Pointer[[]*label]
}

// labels are the person's, and not to be changed.
func (p *person) labels() []*label {
	if has := p.has.Load(); has != nil {
		return *has
	}
	return nil
}

// named is the person of that id, a new one if need be.
func (p people) named(id store.SubjectID) *person {
	have := p[id]
	if have == nil {
		have = &person{id: id}
		p[id] = have
	}
	return have
}

// removeRow reports whether it was the person's last.
func (p *person) removeRow(id uint32) (last bool) {
	p.rows = slices.DeleteFunc(p.rows, func(r uint32) bool { return r == id })
	return len(p.rows) == 0
}
