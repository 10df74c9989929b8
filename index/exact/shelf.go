package exact

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/search"
)

// shelf holds the faces of one gallery in one pack's space.
type shelf struct {
	// dir is the shelf's own directory; empty when it is kept in memory.
	dir       string
	dimension int
	set       *search.Set
	rows      map[uint32]row
	faces     map[uuid.UUID]uint32
	people    people
	labels    labels
}

// row is what the shelf knows of a row of its set. Rows are numbered in the
// order of their coming, and a number is not used twice.
type row struct {
	face   uuid.UUID
	person uint32
	// template is the template's hash, which tells a face that was put again
	// for its metadata from one that has changed.
	template uint64
}

func newShelf(cfg Config, dimension int) (*shelf, error) {
	dir := ""
	if cfg.Dir != "" {
		dir = filepath.Join(cfg.Dir, strings.Replace(shelfPattern, "*", uuid.NewString(), 1))
	}
	s := emptyShelf(dir, dimension)
	var err error
	s.set, err = search.New(s.setConfig(cfg))
	return s, err
}

// emptyShelf is a shelf that lacks its set.
func emptyShelf(dir string, dimension int) *shelf {
	return &shelf{
		dir:       dir,
		dimension: dimension,
		rows:      make(map[uint32]row),
		faces:     make(map[uuid.UUID]uint32),
		people:    newPeople(),
		labels:    make(labels),
	}
}

func (s *shelf) setConfig(cfg Config) search.Config {
	return search.Config{Dimension: s.dimension, Workers: cfg.Workers, Dir: s.dir}
}

// apply brings the shelf of the pack to where the changes lead: a face put in
// another pack leaves this one. On an error nothing is changed.
func (s *shelf) apply(pack string, faces []faceChange) error {
	var insert []search.Row
	var remove []uint64
	var put []faceChange
	var forget []uint32
	next := s.set.NextID()
	for _, f := range faces {
		old, known := s.faces[f.id]
		here := f.change.Kind == changelog.PutFace && f.change.Pack == pack
		if here {
			put = append(put, f)
		}
		if here && known && s.rows[old].template == hash(f.change.Template) {
			continue
		}
		if known {
			remove = append(remove, uint64(old))
			forget = append(forget, old)
		}
		if here {
			if next > math.MaxUint32 {
				return fmt.Errorf("row %d: the shelf must be built anew", next)
			}
			insert = append(insert, search.Row{ID: next, Vector: f.change.Template})
			next++
		}
	}
	if len(insert)+len(remove) > 0 {
		if err := s.set.Update(insert, remove); err != nil {
			return err
		}
	}
	for _, id := range forget {
		s.forget(id)
	}
	for _, f := range put {
		id, known := s.faces[f.id]
		if !known {
			id = uint32(insert[0].ID)
			insert = insert[1:]
		}
		s.learn(id, f)
	}
	return nil
}

// learn notes what a change says of the row.
func (s *shelf) learn(id uint32, f faceChange) {
	if old, ok := s.rows[id]; ok && s.people.at(old.person).id != f.change.Subject {
		s.forget(id)
	}
	number := s.people.number(f.change.Subject)
	if _, known := s.rows[id]; !known {
		s.rows[id] = row{face: f.id, person: number, template: hash(f.change.Template)}
		s.faces[f.id] = id
		p := s.people.at(number)
		p.rows = append(p.rows, id)
		s.labels.add(p.labels, id)
	}
	s.labels.relabel(s.people.at(number), f.change.Metadata)
}

// forget removes what is known of the row, and its person with the last one.
func (s *shelf) forget(id uint32) {
	r := s.rows[id]
	delete(s.rows, id)
	delete(s.faces, r.face)
	p := s.people.at(r.person)
	s.labels.remove(p.labels, id)
	if p.removeRow(id) {
		s.people.remove(r.person)
	}
}

// close frees the shelf and leaves what was saved of it.
func (s *shelf) close() { _ = s.set.Close() }

// discard frees the shelf for good. What cannot be removed now, the next Save
// or New removes.
func (s *shelf) discard() {
	s.close()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

func hash(t face.Template) uint64 { return xxhash.Sum64(t.Bytes()) }
