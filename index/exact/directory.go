package exact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

const (
	fileMode = 0o600
	dirMode  = 0o700

	manifestName    = "index"
	manifestVersion = 1
	shelfPattern    = "shelf-*"
	lockName        = "lock"
)

// manifest says which shelves make up a saved index. A shelf may have been
// saved again since, by a Save that was cut off; it is ahead then, which the
// log's replay mends.
type manifest struct {
	Version  int
	Position uint64
	Shelves  []savedShelf
}

type savedShelf struct {
	Tenant, Gallery, Pack, Dir string
	Dimension                  int
}

// Save makes the index as it is now durable in its directory, so that the
// next New starts at this position. Searches go on meanwhile; changes wait.
// Without a directory it does nothing.
func (x *Index) Save() error {
	if x.cfg.Dir == "" {
		return nil
	}
	x.applying.Lock()
	defer x.applying.Unlock()
	m := manifest{Version: manifestVersion, Position: x.Position()}
	needed := make(map[string]bool)
	for key, g := range x.galleries {
		for pack, s := range g.shelves {
			if err := s.save(uuid.NewString()); err != nil {
				return fmt.Errorf("save gallery %s: %w", key.gallery, err)
			}
			name := filepath.Base(s.dir)
			needed[name] = true
			m.Shelves = append(m.Shelves, savedShelf{key.tenant, key.gallery, pack, name, s.dimension})
		}
	}
	if err := writeFile(filepath.Join(x.cfg.Dir, manifestName), m); err != nil {
		return fmt.Errorf("save index: %w", err)
	}
	return sweep(x.cfg.Dir, needed)
}

// open fills the index from its directory, or leaves it empty and the
// directory clean when nothing whole was saved there.
func (x *Index) open() error {
	if err := os.MkdirAll(x.cfg.Dir, dirMode); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	var err error
	if x.lock, err = lockFile(filepath.Join(x.cfg.Dir, lockName)); err != nil {
		return fmt.Errorf("lock directory: %w", err)
	}
	var m manifest
	err = readFile(filepath.Join(x.cfg.Dir, manifestName), &m)
	if err == nil && m.Version != manifestVersion {
		err = errDamaged
	}
	needed := make(map[string]bool)
	for i := 0; err == nil && i < len(m.Shelves); i++ {
		needed[m.Shelves[i].Dir] = true
		err = x.openShelf(m.Shelves[i])
	}
	if err != nil {
		return x.forget()
	}
	x.position.Store(m.Position)
	return sweep(x.cfg.Dir, needed)
}

func (x *Index) openShelf(saved savedShelf) error {
	s, err := openShelf(x.cfg, filepath.Join(x.cfg.Dir, saved.Dir), saved.Dimension)
	if err != nil {
		return err
	}
	key := galleryKey{saved.Tenant, saved.Gallery}
	if x.galleries[key] == nil {
		x.galleries[key] = newGallery(x.cfg)
	}
	x.galleries[key].shelves[saved.Pack] = s
	return nil
}

// Reset empties the index and its directory and goes back to position 0, for
// an index that turns out to have followed another log.
func (x *Index) Reset() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	return x.forget()
}

func (x *Index) forget() error {
	x.position.Store(0)
	x.empty()
	if x.cfg.Dir == "" {
		return nil
	}
	err := os.Remove(filepath.Join(x.cfg.Dir, manifestName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove saved index: %w", err)
	}
	return sweep(x.cfg.Dir, nil)
}

// sweep removes the shelves' directories that are not needed.
func sweep(dir string, needed map[string]bool) error {
	paths, err := filepath.Glob(filepath.Join(dir, shelfPattern))
	if err != nil {
		return fmt.Errorf("list shelves: %w", err)
	}
	for _, path := range paths {
		if needed[filepath.Base(path)] {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove old shelf: %w", err)
		}
	}
	return nil
}
