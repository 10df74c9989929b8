package exact

import (
	"github.com/RoaringBitmap/roaring/v2"

	"oneton/search"
)

// labels are the metadata of a shelf: for each key and value the rows whose
// subject has it, so that a filter is an operation on bitmaps and not on rows.
type labels map[tag]*label

type tag struct{ key, value string }

type label struct {
	tag  tag
	rows *roaring.Bitmap
}

// relabel gives the person's rows the metadata.
func (l labels) relabel(p *person, metadata map[string]string) {
	kept := 0
	for _, have := range p.labels {
		if v, ok := metadata[have.tag.key]; ok && v == have.tag.value {
			kept++
		}
	}
	if kept == len(p.labels) && kept == len(metadata) {
		return
	}
	for _, id := range p.rows {
		l.remove(p.labels, id)
	}
	p.labels = make([]*label, 0, len(metadata))
	for k, v := range metadata {
		p.labels = append(p.labels, l.label(tag{k, v}))
	}
	for _, id := range p.rows {
		l.add(p.labels, id)
	}
}

func (l labels) label(t tag) *label {
	have := l[t]
	if have == nil {
		have = &label{tag: t, rows: roaring.New()}
		l[t] = have
	}
	return have
}

func (labels) add(to []*label, id uint32) {
	for _, have := range to {
		have.rows.Add(id)
	}
}

func (l labels) remove(from []*label, id uint32) {
	for _, have := range from {
		have.rows.Remove(id)
		if have.rows.IsEmpty() {
			delete(l, have.tag)
		}
	}
}

// mask chooses the rows whose subject has, for every key of the filter, one of
// its values; false means that none has.
func (l labels) mask(filter map[string][]string) (search.Mask, bool) {
	var chosen *roaring.Bitmap
	for key, values := range filter {
		some := roaring.New()
		for _, v := range values {
			if have := l[tag{key, v}]; have != nil {
				some.Or(have.rows)
			}
		}
		if chosen == nil {
			chosen = some
		} else {
			chosen.And(some)
		}
		if chosen.IsEmpty() {
			return nil, false
		}
	}
	return search.Mask(chosen.ToDense()), true
}
