package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"
	"sync/atomic"
)

// deepest is how deep folders are looked into.
const deepest = 32

// someNames is how many names of a folder are in memory at once.
const someNames = 1024

// Tree is a folder with photos in folders, in the order in which the file system
// tells them.
type Tree struct {
	files
	naming Naming
	count  atomic.Int64
	known  atomic.Bool
	ctx    context.Context //nolint:containedctx // ends the count with the source
	stop   context.CancelFunc
	done   chan struct{}
}

// OpenTree opens a folder. Photos have at most so many bytes.
func OpenTree(folder string, naming Naming, most int64) (*Tree, error) {
	f, err := openFiles(folder, most)
	if err != nil {
		return nil, err
	}
	t := &Tree{files: f, naming: naming, done: make(chan struct{})}
	t.ctx, t.stop = context.WithCancel(context.Background())
	go t.countAll()
	return t, nil
}

// Close implements Source.
func (t *Tree) Close() error {
	t.stop()
	<-t.done
	return t.root.Close()
}

// Size implements Source: the number of files.
func (t *Tree) Size() (int64, bool) { return t.count.Load(), t.known.Load() }

// countAll counts ahead of the import.
func (t *Tree) countAll() {
	defer close(t.done)
	whole := true
	t.walk(t.ctx, ".", 0, func(string, fs.FileMode, error) bool {
		t.count.Add(1)
		whole = t.ctx.Err() == nil
		return whole
	})
	t.known.Store(whole)
}

// Items implements Source.
func (t *Tree) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		t.walk(ctx, ".", 0, func(p string, mode fs.FileMode, err error) bool {
			if ctx.Err() != nil {
				yield(Item{}, ctx.Err())
				return false
			}
			return yield(t.item(p, mode, err), nil)
		})
	}
}

// item is the file at the path.
func (t *Tree) item(p string, mode fs.FileMode, err error) Item {
	item := Item{Ref: shown(p), Part: 1, Photo: func() ([]byte, error) { return t.photo(p) }}
	switch {
	case errors.Is(err, errTooDeep):
		item.Refused = refuse(CodeUnreadable, fmt.Sprintf("folders are looked into %d deep", deepest), "name a folder further down")
	case err != nil:
		item.Refused = unopened(err)
	case mode&fs.ModeSymlink != 0:
		item.Refused = t.link(p)
	case !mode.IsRegular():
		item.Refused = notAFile()
	}
	if item.Refused == nil {
		t.naming.of(&item, p)
	}
	return item
}

// link refuses what leads to no file of the folder.
func (t *Tree) link(p string) *Refusal {
	info, err := t.root.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(CodeMissing, "it is a link that leads nowhere", "mend the link, or leave it out")
	case escapes(err):
		return refuse(CodeOutside, "it is a link that leads out of the folder", "put the photo itself there")
	case err != nil:
		return unopened(err)
	case info.IsDir():
		return refuse(CodeNotAFile, "it is a link to a folder, and those are not followed", "name that folder as a source of its own")
	case !info.Mode().IsRegular():
		return notAFile()
	}
	return nil
}

var errTooDeep = errors.New("imports: folders are nested too deeply")

// walk visits the files below a folder, and the folders that cannot be looked into,
// until visit says that it is enough.
func (t *Tree) walk(ctx context.Context, folder string, depth int, visit func(p string, mode fs.FileMode, err error) bool) bool {
	if depth > deepest {
		return visit(folder, fs.ModeDir, errTooDeep)
	}
	f, err := t.root.Open(folder)
	if err != nil {
		return visit(folder, fs.ModeDir, err)
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(someNames)
		for _, e := range entries {
			if litter(e.Name()) {
				continue
			}
			p := path.Join(folder, e.Name())
			if e.IsDir() {
				if !t.walk(ctx, p, depth+1, visit) {
					return false
				}
				continue
			}
			if !visit(p, e.Type(), nil) {
				return false
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			return visit(folder, fs.ModeDir, err)
		}
	}
}

// litter is what systems leave beside photos, and what they hide.
func litter(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || strings.EqualFold(name, "Thumbs.db") || strings.EqualFold(name, "desktop.ini")
}
