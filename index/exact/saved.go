package exact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"oneton/search"
)

const rowsPattern = "rows-*"

// filed is what a save has left in a shelf's directory: the set, whose note
// names the files of the rows.
type filed struct {
	there   bool
	version uint64
	nodes   []filedNode
}

// filedNode is a file that holds what the shelf knows of a node's rows.
type filedNode struct {
	Node    int
	File    string
	Sum     uint32
	version uint64
}

// save brings the shelf's directory to where the shelf is, while searches and
// changes go on.
func (s *shelf) save(ctx context.Context) error {
	// At the save's moment the rows are the set's.
	var now *rows
	var nodes []filedNode
	err := s.set.SaveBeside(ctx, search.Saving{
		Moment: func() { now = s.rows.Load() },
		Note: func(pace *search.Pace) (note []byte, err error) {
			if nodes, err = s.saveRows(now, pace); err != nil {
				return nil, err
			}
			return encode(nodes)
		},
	})
	if err != nil {
		return err
	}
	s.filed = filed{true, now.version, nodes}
	needed := make(map[string]bool)
	for _, n := range nodes {
		needed[n.File] = true
	}
	return sweep(s.dir, func() map[string]bool { return needed }, rowsPattern)
}

// saveRows writes the nodes that have changed since they were saved.
func (s *shelf) saveRows(now *rows, pace *search.Pace) (nodes []filedNode, err error) {
	before := make(map[int]filedNode)
	for _, n := range s.filed.nodes {
		before[n.Node] = n
	}
	for i, n := range now.nodes {
		if n == nil {
			continue
		}
		at, there := before[i]
		if !there || at.version != n.version {
			at = filedNode{Node: i, File: named(rowsPattern), version: n.version}
			w := newRowWriter()
			w.begin(n.count)
			n.each(uint32(i)*leafRows*nodeLeaves, func(id uint32, r *row) {
				w.row(id, r)
				pace.Rest()
			})
			if at.Sum, err = writePart(filepath.Join(s.dir, at.File), w.b, pace); err != nil {
				return nil, fmt.Errorf("save rows: %w", err)
			}
		}
		nodes = append(nodes, at)
	}
	return nodes, nil
}

// openShelf returns the shelf that save left in the directory. It returns
// errDamaged or search.ErrDamaged when that cannot be trusted; with other
// errors it may be whole.
func openShelf(cfg Config, dir string, dimension int) (_ *shelf, err error) {
	s := emptyShelf(dir, dimension)
	if s.set, err = search.Open(s.setConfig(cfg)); err != nil {
		return nil, versioned(err)
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	var nodes []filedNode
	if err := decode(s.set.Note(), &nodes); err != nil {
		return nil, fmt.Errorf("open saved rows: %w", err)
	}
	made := s.restore()
	for _, n := range nodes {
		b, err := readPart(filepath.Join(dir, filepath.Base(n.File)), n.Sum)
		if err != nil {
			return nil, fmt.Errorf("open saved rows: %w", err)
		}
		r := rowReader{b: b}
		for rows := r.number(uint64(len(b))); rows > 0 && !r.damaged; rows-- {
			r.row(made)
		}
		if r.damaged || len(r.b) > 0 {
			return nil, fmt.Errorf("open saved rows %s: %w", n.File, errDamaged)
		}
	}
	if err := made.finish(); err != nil {
		return nil, fmt.Errorf("open saved rows: %w", err)
	}
	now := s.rows.Load()
	for i, n := range nodes {
		if n.Node < len(now.nodes) && now.nodes[n.Node] != nil {
			nodes[i].version = now.nodes[n.Node].version
		}
	}
	s.filed = filed{true, now.version, nodes}
	return s, nil
}

// named is a name of the pattern that no file has had.
func named(pattern string) string {
	return pattern[:len(pattern)-1] + uuid.NewString()
}

// sweep removes what has a name of the patterns and is not needed, which it asks
// when it knows what there is.
func sweep(dir string, needed func() map[string]bool, patterns ...string) error {
	paths, err := list(dir, patterns...)
	if err != nil {
		return err
	}
	needs := needed()
	var errs []error
	for _, path := range paths {
		if !needs[filepath.Base(path)] {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove old files: %w", err)
	}
	return nil
}

// list returns the paths of what has a name of the patterns.
func list(dir string, patterns ...string) (paths []string, err error) {
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list saved files: %w", err)
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// versioned names another version of a set as that of the index.
func versioned(err error) error {
	if errors.Is(err, search.ErrVersion) {
		return fmt.Errorf("%w: %w", ErrVersion, err)
	}
	return err
}

// unusable tells whether err is of what was saved, and not of reading it.
func unusable(err error) bool {
	return errors.Is(err, errDamaged) || errors.Is(err, search.ErrDamaged) || errors.Is(err, search.ErrNotSaved) || errors.Is(err, ErrVersion)
}
