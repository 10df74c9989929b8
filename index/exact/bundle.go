package exact

import (
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"syscall"

	"oneton/face"
	"oneton/search"
)

const bundlePattern = "bundle-*"

// sizes say what lies in bundles.
type sizes struct {
	// small is the size of its vectors up to which a shelf that has no files
	// yet is saved with others in one.
	small int
	// bundle is the size from which such a file is full.
	bundle int
}

var defaultSizes = sizes{small: 1 << 20, bundle: 16 << 20}

// holds tells whether the shelf belongs in a bundle.
func (z sizes) holds(s *shelf) bool {
	return !s.filed.there && s.rows.Load().count*s.dimension*4 <= z.small
}

// bundler writes small shelves to as few files as fit.
type bundler struct {
	dir  string
	full int
	pace *search.Pace
	rows *rowWriter
	// open are the shelves in rows, and done those in files.
	open, done map[*shelf]savedShelf
}

// add writes what a snapshot holds.
func (w *bundler) add(p *snapshot, to savedShelf) error {
	if w.open == nil {
		w.rows = newRowWriter()
		w.open, w.done = make(map[*shelf]savedShelf), make(map[*shelf]savedShelf)
	}
	first := len(w.rows.b)
	w.rows.begin(p.rows.count)
	err := p.set.Each(func(id uint64, vector []float32) error {
		r, known := p.rows.at(uint32(id))
		if !known {
			return fmt.Errorf("row %d has no face: %w", id, errDamaged)
		}
		w.rows.row(uint32(id), &r)
		w.rows.b = append(w.rows.b, face.Template(vector).Bytes()...)
		w.pace.Rest()
		return nil
	})
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	b := w.rows.b[first:]
	to.Offset, to.Size, to.version = int64(first), int64(len(b)), p.rows.version
	to.Sum = crc32.Checksum(b, castagnoli)
	w.open[p.shelf] = to
	if len(w.rows.b) >= w.full {
		return w.flush()
	}
	return nil
}

// flush writes the file of what was added.
func (w *bundler) flush() error {
	if len(w.open) == 0 {
		return nil
	}
	name := named(bundlePattern)
	if _, err := writePart(filepath.Join(w.dir, name), w.rows.b, w.pace); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	for of, saved := range w.open {
		saved.File = name
		w.done[of] = saved
	}
	w.rows.b = w.rows.b[:0]
	clear(w.open)
	return nil
}

// openSmall returns the shelf that lies in a bundle's bytes.
func openSmall(cfg Config, bundle []byte, saved savedShelf) (*shelf, error) {
	if saved.Offset < 0 || saved.Size < 0 || saved.Offset > int64(len(bundle)) || saved.Size > int64(len(bundle))-saved.Offset {
		return nil, errDamaged
	}
	b := bundle[saved.Offset:][:saved.Size]
	if crc32.Checksum(b, castagnoli) != saved.Sum {
		return nil, errDamaged
	}
	s, err := newShelf(cfg, saved.Dimension)
	if err != nil {
		return nil, err
	}
	if err := s.fill(b); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fill restores an empty shelf from its bytes in a bundle.
func (s *shelf) fill(b []byte) error {
	made, r := s.restore(), rowReader{b: b}
	var rows []search.Row
	for n := r.number(uint64(len(b))); n > 0; n-- {
		id := r.row(made)
		vector, err := face.TemplateFromBytes(r.take(4 * s.dimension))
		if err != nil || r.damaged {
			return errDamaged
		}
		rows = append(rows, search.Row{ID: uint64(id), Vector: vector})
	}
	if r.damaged || len(r.b) > 0 {
		return errDamaged
	}
	var system syscall.Errno
	if err := s.set.Update(rows, nil); errors.As(err, &system) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return made.finish()
}
