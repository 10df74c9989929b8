package exact

import "slices"

// people are the subjects that have a row.
type people map[string]*person

// person is a subject with its rows. Searches read its id, which never
// changes; the rest is for who applies changes.
type person struct {
	id     string
	rows   []uint32
	labels []*label
}

// named is the person of that id, a new one if need be.
func (p people) named(id string) *person {
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
