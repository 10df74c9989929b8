package exact

import "slices"

// people numbers the subjects that have a row. Numbers of subjects that have
// gone are given again.
type people struct {
	numbers map[string]uint32
	persons []person
	free    []uint32
}

// person is a subject with its rows.
type person struct {
	id     string
	rows   []uint32
	labels []*label
}

func newPeople() people { return people{numbers: make(map[string]uint32)} }

func (p *people) len() int { return len(p.numbers) }

// at is the person of that number; it stays valid until the next call of number.
func (p *people) at(number uint32) *person { return &p.persons[number] }

// number is the subject's number, a new one if need be.
func (p *people) number(id string) uint32 {
	if n, ok := p.numbers[id]; ok {
		return n
	}
	var n uint32
	if last := len(p.free) - 1; last >= 0 {
		n, p.free = p.free[last], p.free[:last]
	} else {
		n = uint32(len(p.persons))
		p.persons = append(p.persons, person{})
	}
	p.persons[n] = person{id: id}
	p.numbers[id] = n
	return n
}

func (p *people) remove(number uint32) {
	delete(p.numbers, p.persons[number].id)
	p.persons[number] = person{}
	p.free = append(p.free, number)
}

// removeRow reports whether it was the person's last.
func (p *person) removeRow(id uint32) (last bool) {
	p.rows = slices.DeleteFunc(p.rows, func(r uint32) bool { return r == id })
	return len(p.rows) == 0
}
