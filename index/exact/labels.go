package exact

import (
	"unique"

	"github.com/RoaringBitmap/roaring/v2"

	"oneton/search"
)

// labels are the metadata of a shelf: for each key and value the rows whose
// subject has it, so that a filter is an operation on sets and not on rows.
type labels struct {
	all map[tag]*label
	// edited are those that changes have touched since the last publish.
	edited map[tag]*label
}

// tag is a key with a value. Keys are few, and kept once.
type tag struct {
	key   unique.Handle[string]
	value string
}

func newTag(key, value string) tag { return tag{unique.Make(key), value} }

type label struct {
	tag tag
	// rows are those that searches see; they do not change. next, unless nil,
	// are those of the next publish.
	rows rowSet
	next *rowSet
}

func newLabels() labels {
	return labels{all: make(map[tag]*label), edited: make(map[tag]*label)}
}

// relabel gives the person's rows the metadata and tells whether that changes
// something.
func (l *labels) relabel(p *person, metadata map[string]string) bool {
	kept := 0
	for _, have := range p.labels() {
		if v, ok := metadata[have.tag.key.Value()]; ok && v == have.tag.value {
			kept++
		}
	}
	if kept == len(p.labels()) && kept == len(metadata) {
		return false
	}
	for _, id := range p.rows {
		l.remove(p.labels(), id)
	}
	has := make([]*label, 0, len(metadata))
	for k, v := range metadata {
		has = append(has, l.label(newTag(k, v)))
	}
	p.has.Store(&has)
	for _, id := range p.rows {
		l.add(has, id)
	}
	return true
}

// label is the one of the tag, as changes have it.
func (l *labels) label(t tag) *label {
	if have := l.edited[t]; have != nil {
		return have
	}
	if have := l.all[t]; have != nil {
		return have
	}
	have := &label{tag: t}
	l.edit(have)
	return have
}

// edit is the label's set that may be changed.
func (l *labels) edit(have *label) *rowSet {
	if have.next == nil {
		have.next = have.rows.clone()
		l.edited[have.tag] = have
	}
	return have.next
}

func (l *labels) add(to []*label, id uint32) {
	for _, have := range to {
		l.edit(have).add(id)
	}
}

func (l *labels) remove(from []*label, id uint32) {
	for _, have := range from {
		l.edit(have).remove(id)
	}
}

// publish shows searches what was changed.
func (l *labels) publish() {
	for t, have := range l.edited {
		have.rows, have.next = *have.next, nil
		if have.rows.empty() {
			delete(l.all, t)
		} else {
			l.all[t] = have
		}
	}
	l.edited = make(map[tag]*label)
}

// chosen are, for every key of a filter, the rows that have one of its values.
type chosen [][]rowSet

func (l *labels) choose(filter map[string][]string) chosen {
	var c chosen
	for key, values := range filter {
		var some []rowSet
		for _, v := range values {
			if have := l.all[newTag(key, v)]; have != nil {
				some = append(some, have.rows)
			}
		}
		c = append(c, some)
	}
	return c
}

// mask is of the rows that have a value of every key; false means that none
// has.
func (c chosen) mask() (search.Mask, bool) {
	var all *roaring.Bitmap
	for _, values := range c {
		some := roaring.New()
		for _, rows := range values {
			rows.addTo(some)
		}
		if all == nil {
			all = some
		} else {
			all.And(some)
		}
		if all.IsEmpty() {
			return nil, false
		}
	}
	return search.Mask(all.ToDense()), true
}
