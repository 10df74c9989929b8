package exact

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"oneton/search"
	"oneton/store"
)

const (
	manifestName    = "index"
	manifestVersion = 2
	shelfPattern    = "shelf-*"
	lockName        = "lock"
)

// manifest heads the list of the shelves that make up a saved index. Each is as
// it was at Position or later, which the log's replay mends.
type manifest struct {
	Version  int
	Position uint64
	// Count is how many savedShelf follow.
	Count int
}

// savedShelf is where a shelf lies: in a part of a bundle or, without a size,
// in a directory of its own.
type savedShelf struct {
	Tenant       store.TenantID
	Gallery      store.GalleryID
	Pack         string
	Dimension    int
	File         string
	Offset, Size int64
	Sum          uint32
	// version is that of the rows.
	version uint64
}

func (s *savedShelf) key() galleryKey { return galleryKey{s.Tenant, s.Gallery} }

func (s *savedShelf) inBundle() bool { return s.Size > 0 }

// kept is what the manifest in the directory says, by shelf.
type kept struct {
	position uint64
	shelves  map[*shelf]savedShelf
}

// open fills the index from its directory. What is damaged, or of another version
// of the program, is reported and left out: the index then is at position 0, from where the log fills the gap. Any
// other error leaves the directory as it is.
func (x *Index) open() error {
	if err := os.MkdirAll(x.cfg.Dir, dirMode); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	var err error
	if x.lock, err = lockFile(filepath.Join(x.cfg.Dir, lockName)); err != nil {
		return fmt.Errorf("lock directory: %w", err)
	}
	m, shelves, err := readManifest(filepath.Join(x.cfg.Dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		if !x.hasFiles() {
			return x.begin()
		}
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	if unusable(err) {
		x.report(fmt.Errorf("the whole saved index is left out, and built anew from the log: %w", err))
		return errors.Join(x.forget(), x.begin())
	}
	if err != nil {
		return err
	}
	lost, err := x.openShelves(m.Position, shelves)
	if err != nil {
		return err
	}
	x.position.Store(m.Position)
	for key := range lost {
		x.lose(key)
	}
	return x.sweep()
}

// readManifest reads a file of what encodeManifest returned.
func readManifest(path string) (m manifest, shelves []savedShelf, err error) {
	b, err := readFile(path)
	if err != nil {
		return m, nil, err
	}
	in := gob.NewDecoder(bytes.NewReader(b))
	err = in.Decode(&m)
	if err == nil && m.Version != manifestVersion {
		return m, nil, fmt.Errorf("%w: it was saved in format %d, and this program saves in format %d", ErrVersion, m.Version, manifestVersion)
	}
	for range m.Count {
		var s savedShelf
		if err == nil {
			err = in.Decode(&s)
			shelves = append(shelves, s)
		}
	}
	if err != nil {
		return m, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return m, shelves, nil
}

// encodeManifest says where the shelves are.
func encodeManifest(position uint64, shelves []savedShelf, pace *search.Pace) ([]byte, error) {
	var b bytes.Buffer
	out := gob.NewEncoder(&b)
	err := out.Encode(manifest{manifestVersion, position, len(shelves)})
	for i := range shelves {
		if err == nil {
			err = out.Encode(&shelves[i])
		}
		pace.Rest()
	}
	return b.Bytes(), err
}

// begin says that nothing is saved yet, so that files without a manifest are those
// of one that was lost, and not of a first save that was killed.
func (x *Index) begin() error {
	b, err := encodeManifest(0, nil, nil)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(x.cfg.Dir, manifestName), b)
}

// hasFiles tells whether the directory has files of a saved index.
func (x *Index) hasFiles() bool {
	paths, err := list(x.cfg.Dir, shelfPattern, bundlePattern)
	return err != nil || len(paths) > 0
}

// openShelves opens what is whole, and returns the galleries of the rest.
func (x *Index) openShelves(position uint64, shelves []savedShelf) (lost map[galleryKey]bool, err error) {
	lost = make(map[galleryKey]bool)
	x.kept = kept{position, make(map[*shelf]savedShelf)}
	var name string
	var bundle []byte
	for _, saved := range shelves {
		saved.File = filepath.Base(saved.File)
		path := filepath.Join(x.cfg.Dir, saved.File)
		var s *shelf
		var err error
		if !saved.inBundle() {
			s, err = openShelf(x.cfg, path, saved.Dimension)
		} else {
			if name != saved.File {
				name = saved.File
				if bundle, err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
					err = nil // each of its shelves is damaged
				}
			}
			if err == nil {
				s, err = openSmall(x.cfg, bundle, saved)
			}
		}
		if unusable(err) {
			x.report(fmt.Errorf("gallery %s of tenant %s in the saved index is left out, and built anew from the log: %s: %w",
				saved.Gallery, saved.Tenant, saved.File, err))
			lost[saved.key()] = true
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open gallery %s: %w", saved.Gallery, err)
		}
		saved.version = s.rows.Load().version
		x.kept.shelves[s] = saved
		g := x.galleries[saved.key()]
		if g == nil {
			g = newGallery(x.cfg, x.end)
			g.position = position
			x.galleries[saved.key()] = g
		}
		g.shelves[saved.Pack] = s
	}
	return lost, nil
}

// names are those of the files and directories that are kept.
func (k *kept) names() map[string]bool {
	names := make(map[string]bool, len(k.shelves))
	for _, s := range k.shelves {
		names[s.File] = true
	}
	return names
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
	x.files.Lock()
	defer x.files.Unlock()
	x.kept = kept{}
	err := os.Remove(filepath.Join(x.cfg.Dir, manifestName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove saved index: %w", err)
	}
	return x.sweep()
}

// sweep removes what is not kept. The caller holds files, or is alone.
func (x *Index) sweep() error {
	return sweep(x.cfg.Dir, x.kept.names, shelfPattern, bundlePattern)
}
