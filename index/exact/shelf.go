package exact

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"

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
	// rows are those that searches see. At every moment at which no update of
	// the set is under way they are the set's.
	rows   atomic.Pointer[rows]
	faces  map[uuid.UUID]uint32
	people people
	labels labels
	// filed is what a save has left in the directory. It is for saves alone.
	filed filed
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
	s := &shelf{
		dir:       dir,
		dimension: dimension,
		faces:     make(map[uuid.UUID]uint32),
		people:    make(people),
		labels:    newLabels(),
	}
	s.rows.Store(new(rows))
	return s
}

func (s *shelf) setConfig(cfg Config) search.Config {
	return search.Config{Dimension: s.dimension, Workers: cfg.Workers, Dir: s.dir, Traffic: cfg.traffic, Report: cfg.Report}
}

// shelfEdit brings a shelf to where some changes lead.
type shelfEdit struct {
	*shelf
	// staged is the set's part, or nil.
	staged *search.Staged
	rows   *rowEdit
	// put are the faces of the shelf, in the order of insert, which are the
	// new rows among them, and subjects' metadata; forget are the rows that go.
	put    []faceChange
	insert []search.Row
	forget []uint32
}

// stage begins to bring the shelf of the pack to where the changes lead: a face
// put in another pack leaves this one. On an error nothing is changed.
func (s *shelf) stage(pack string, faces []faceChange) (*shelfEdit, error) {
	now := s.rows.Load()
	e := &shelfEdit{shelf: s, rows: now.edit()}
	var remove []uint64
	next := s.set.NextID()
	for _, f := range faces {
		if f.change.Kind == changelog.PutMetadata {
			e.put = append(e.put, f)
			continue
		}
		old, known := s.faces[f.id]
		here := f.change.Kind == changelog.PutFace && f.change.Pack == pack
		if here {
			e.put = append(e.put, f)
		}
		if known {
			if r, _ := now.at(old); here && r.template == hash(f.change.Template) {
				continue
			}
			remove = append(remove, uint64(old))
			e.forget = append(e.forget, old)
		}
		if here {
			if next > math.MaxUint32 {
				return nil, fmt.Errorf("row %d: the shelf must be built anew", next)
			}
			e.insert = append(e.insert, search.Row{ID: next, Vector: f.change.Template})
			next++
		}
	}
	if len(e.insert)+len(remove) == 0 {
		return e, nil
	}
	var err error
	e.staged, err = s.set.Stage(e.insert, remove)
	return e, err
}

// abandon leaves the set as it was, unless the edit is published.
func (e *shelfEdit) abandon() {
	if e.staged != nil {
		e.staged.Abandon()
	}
}

// note notes what the changes say of the rows. It cannot fail, and searches
// do not see it yet.
func (e *shelfEdit) note() {
	for _, id := range e.forget {
		e.forgetRow(id)
	}
	for _, f := range e.put {
		if f.change.Kind == changelog.PutMetadata {
			if p := e.people[f.change.Subject]; p != nil {
				e.relabel(p, f.change.Metadata)
			}
			continue
		}
		id, known := e.faces[f.id]
		if !known {
			id = uint32(e.insert[0].ID)
			e.insert = e.insert[1:]
		}
		e.learn(id, f)
	}
}

// publish shows searches what was staged and noted.
func (e *shelfEdit) publish() {
	if e.rows.changed {
		e.shelf.rows.Store(&e.rows.rows)
	}
	if staged := e.staged; staged != nil {
		e.staged = nil
		staged.Commit()
	}
	e.labels.publish()
}

// learn notes what a change says of the row.
func (e *shelfEdit) learn(id uint32, f faceChange) {
	if old, ok := e.rows.at(id); ok && old.person.id != f.change.Subject {
		e.forgetRow(id)
	}
	p := e.people.named(f.change.Subject)
	if _, known := e.faces[f.id]; !known {
		e.rows.put(id, row{face: f.id, person: p, template: hash(f.change.Template)})
		e.faces[f.id] = id
		p.rows = append(p.rows, id)
		e.labels.add(p.labels(), id)
	}
	e.relabel(p, f.change.Metadata)
}

// relabel gives the person's rows the metadata.
func (e *shelfEdit) relabel(p *person, metadata map[string]string) {
	if e.labels.relabel(p, metadata) {
		for _, id := range p.rows {
			e.rows.touch(id)
		}
	}
}

// forgetRow removes what is known of the row, and its person with the last one.
func (e *shelfEdit) forgetRow(id uint32) {
	r, _ := e.rows.at(id)
	e.rows.remove(id)
	delete(e.faces, r.face)
	e.labels.remove(r.person.labels(), id)
	if r.person.removeRow(id) {
		delete(e.people, r.person.id)
	}
}

// close frees the shelf. What was saved of it stays until the next save.
func (s *shelf) close() { _ = s.set.Close() }

// hash is of the template's bytes, which need no place of their own for it.
func hash(t face.Template) uint64 {
	var bytes [4 * search.MaxDimension]byte
	return xxhash.Sum64(t.AppendBytes(bytes[:0]))
}
