package exact

import (
	"encoding/binary"

	"github.com/google/uuid"

	"oneton/store"
)

// rowWriter encodes rows: of each its number, its face, its template's hash and
// its subject. A subject's id and metadata, and a tag's text, stand where they
// come first.
type rowWriter struct {
	b      []byte
	next   uint32
	people map[*person]uint64
	tags   map[tag]uint64
}

func newRowWriter() *rowWriter {
	return &rowWriter{people: make(map[*person]uint64), tags: make(map[tag]uint64)}
}

// begin makes the next row the first of others.
func (w *rowWriter) begin(rows int) {
	w.next = 0
	clear(w.people)
	clear(w.tags)
	w.number(uint64(rows))
}

// row adds a row; their numbers rise.
func (w *rowWriter) row(id uint32, r *row) {
	w.number(uint64(id - w.next))
	w.next = id + 1
	w.b = append(w.b, r.face[:]...)
	w.b = binary.LittleEndian.AppendUint64(w.b, r.template)
	if isNew(w, w.people, r.person) {
		w.text(string(r.person.id))
		labels := r.person.labels()
		w.number(uint64(len(labels)))
		for _, l := range labels {
			if isNew(w, w.tags, l.tag) {
				w.text(l.tag.key.Value())
				w.text(l.tag.value)
			}
		}
	}
}

// isNew writes the place of x among those that came before, and tells whether
// it is the first time.
func isNew[T comparable](w *rowWriter, places map[T]uint64, x T) bool {
	place, known := places[x]
	if !known {
		place = uint64(len(places))
		places[x] = place
	}
	w.number(place)
	return !known
}

func (w *rowWriter) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *rowWriter) text(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

// rowReader decodes what rowWriter wrote; damaged tells that something else was
// met, after which everything is empty.
type rowReader struct {
	b       []byte
	damaged bool
	next    uint32
	people  []*person
	tags    []*label
}

// row reads a row into a shelf that is being restored.
func (r *rowReader) row(s *restoring) uint32 {
	id := r.next + uint32(r.number(1<<32-1))
	r.next = id + 1
	var found row
	copy(found.face[:], r.take(len(uuid.UUID{})))
	if b := r.take(8); b != nil {
		found.template = binary.LittleEndian.Uint64(b)
	}
	found.person = r.person(s)
	if !r.damaged {
		r.damaged = !s.put(id, found)
	}
	return id
}

func (r *rowReader) person(s *restoring) *person {
	place := r.number(uint64(len(r.people)))
	if place == uint64(len(r.people)) && !r.damaged {
		p := s.people.named(store.SubjectID(r.text()))
		// Every tag takes a byte at least.
		labels := make([]*label, 0, r.number(uint64(len(r.b))))
		for range cap(labels) {
			labels = append(labels, r.tag(s))
		}
		p.has.Store(&labels)
		r.people = append(r.people, p)
	}
	if r.damaged {
		return nil
	}
	return r.people[place]
}

func (r *rowReader) tag(s *restoring) *label {
	place := r.number(uint64(len(r.tags)))
	if place == uint64(len(r.tags)) {
		key := r.text()
		r.tags = append(r.tags, s.labels.label(newTag(key, r.text())))
	}
	return r.tags[place]
}

// number reads one that is at most as high.
func (r *rowReader) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > most {
		r.damaged, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *rowReader) text() string { return string(r.take(int(r.number(uint64(len(r.b)))))) }

func (r *rowReader) take(n int) []byte {
	if n > len(r.b) {
		r.damaged, r.b = true, nil
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}
