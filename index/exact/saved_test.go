package exact_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/search"
	"oneton/store"
)

var scopes = []index.Scope{
	{Tenant: "t", Gallery: "g", Pack: "a"},
	{Tenant: "t", Gallery: "g", Pack: "b"},
	{Tenant: "t", Gallery: "h", Pack: "a"},
	{Tenant: "u", Gallery: "i", Pack: "a"},
}

// history is a log that remembers everything.
type history struct {
	changes []changelog.Change
	live    map[string]changelog.Change
	faces   []string
}

func (h *history) add(c changelog.Change) {
	c.Seq = h.end() + 1
	h.changes = append(h.changes, c)
	if h.live == nil {
		h.live = make(map[string]changelog.Change)
	}
	switch c.Kind {
	case changelog.PutFace:
		h.live[string(c.Face)] = c
		h.faces = append(h.faces, string(c.Face))
	case changelog.DeleteFace:
		delete(h.live, string(c.Face))
	case changelog.PutMetadata:
		for id, l := range h.live {
			if l.Gallery == c.Gallery && l.Subject == c.Subject {
				l.Metadata = c.Metadata
				h.live[id] = l
			}
		}
	case changelog.DropGallery:
		maps.DeleteFunc(h.live, func(_ string, l changelog.Change) bool { return l.Gallery == c.Gallery })
	}
}

func (h *history) end() uint64 { return uint64(len(h.changes)) }

// follow brings the index to the log's end.
func (h *history) follow(t require.TestingT, x *exact.Index) {
	require.LessOrEqual(t, x.Position(), h.end())
	require.NoError(t, x.Apply(bg, h.changes[x.Position():], h.end()))
}

// requireSame checks that both indexes answer alike.
func (h *history) requireSame(t require.TestingT, want, got *exact.Index) {
	for _, s := range scopes {
		for i := range 4 {
			q := index.Query{Scope: s, Probe: template(fmt.Sprint("probe", i)), K: 6, Threshold: -1}
			if i > 1 {
				q.Filter = map[string][]string{"team": {fmt.Sprint(i)}}
			}
			a, err := want.Search(bg, q)
			require.NoError(t, err)
			b, err := got.Search(bg, q)
			require.NoError(t, err)
			a.Work.Bytes = b.Work.Bytes // of rows that have gone, and are not compacted yet, too
			require.Equal(t, a, b)
		}
	}
}

// requireSameBut1 is requireSame for the galleries of which the index can say
// something, which are all but one.
func (h *history) requireSameBut1(t *testing.T, want, got *exact.Index) {
	lost := make(map[string]bool)
	for _, s := range scopes {
		q := index.Query{Scope: s, Probe: template("probe"), K: 6, Threshold: -1}
		a, err := want.Search(bg, q)
		require.NoError(t, err)
		b, err := got.Search(bg, q)
		if err != nil {
			require.ErrorIs(t, err, index.ErrUnavailable)
			lost[string(s.Gallery)] = true
			continue
		}
		require.Equal(t, a, b)
	}
	require.Len(t, lost, 1)
}

// grow adds some changes that a store may log.
func (h *history) grow(rng *rand.Rand, n int) {
	for range n {
		s := scopes[rng.IntN(len(scopes))]
		c := changelog.Change{
			Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
			Subject: store.SubjectID(fmt.Sprint("p", rng.IntN(20))), Face: store.FaceID(uuid.NewString()), Template: template(fmt.Sprint(rng.Uint32())),
			Metadata: map[string]string{"team": fmt.Sprint(rng.IntN(4))},
		}
		switch kind := rng.IntN(40); {
		case kind == 0:
			c.Kind = changelog.DropGallery
			h.add(c)
			continue
		case kind < 15 && len(h.faces) > 0:
			id := h.faces[rng.IntN(len(h.faces))]
			if old, live := h.live[id]; live {
				old.Kind = changelog.DeleteFace
				h.add(old)
			}
			if kind < 8 {
				continue
			}
			c.Face = store.FaceID(id) // and comes back, perhaps elsewhere
		}
		h.add(c)
		if rng.IntN(2) == 0 {
			h.relabel(c)
			continue
		}
		h.add(changelog.Change{
			Kind: changelog.PutMetadata, Tenant: s.Tenant, Gallery: s.Gallery, Subject: c.Subject,
			Metadata: map[string]string{"team": fmt.Sprint(rng.IntN(4))},
		})
	}
}

// relabel logs the other faces of a subject again, with its new metadata, as
// earlier versions did.
func (h *history) relabel(c changelog.Change) {
	for _, id := range slices.Sorted(maps.Keys(h.live)) {
		if l := h.live[id]; id != string(c.Face) && l.Gallery == c.Gallery && l.Subject == c.Subject {
			l.Metadata = c.Metadata
			h.add(l)
		}
	}
}

// TestSaved lets an index grow, be saved and lose its process at random, and
// compares what starts from its directory with an index that never stopped.
func TestSaved(t *testing.T) {
	const lives, steps = 12, 40
	ways := slices.Sorted(maps.Keys(layouts))
	for life := range lives {
		rng := rand.New(rand.NewPCG(uint64(life), 0))
		dir, h := t.TempDir(), &history{}
		memory, x := create(t), open(t, dir)
		layouts[ways[life%len(ways)]](x)
		saved := uint64(0)
		for range steps {
			switch rng.IntN(8) {
			case 0:
				require.NoError(t, x.Save(bg))
				saved = x.Position()
			case 1:
				require.NoError(t, x.SaveShelf(scopes[rng.IntN(len(scopes))]), "a Save that is cut off")
			case 2:
				require.NoError(t, x.Close())
				x = open(t, dir)
				layouts[ways[rng.IntN(len(ways))]](x)
				require.Equal(t, saved, x.Position())
			default:
				h.grow(rng, rng.IntN(30))
			}
			h.follow(t, x)
			h.follow(t, memory)
			h.requireSame(t, memory, x)
		}
	}
}

// TestSavedIsUsed checks that a start after a Save needs nothing of the log.
func TestSavedIsUsed(t *testing.T) { inEveryLayout(t, savedIsUsed) }

func inEveryLayout(t *testing.T, test func(*testing.T, func(*exact.Index))) {
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) { test(t, layout) })
	}
}

func savedIsUsed(t *testing.T, layout func(*exact.Index)) {
	h, dir, rng := &history{}, t.TempDir(), rand.New(rand.NewPCG(1, 0))
	h.grow(rng, 300)
	memory, x := create(t), open(t, dir)
	layout(x)
	h.follow(t, memory)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, x.Close())

	x, told := openReporting(t, dir)
	require.Equal(t, h.end(), x.Position())
	require.Empty(t, told.all())
	h.requireSame(t, memory, x)
	h.grow(rng, 300)
	h.follow(t, memory)
	h.follow(t, x)
	h.requireSame(t, memory, x)

	require.NoError(t, x.Reset())
	require.Zero(t, x.Position())
	h.follow(t, x)
	h.requireSame(t, memory, x)
}

// TestDamage changes every file of a saved index in several ways. The index
// must say so and answer right after following the log from where it says it is,
// and before that in the galleries that the file is not of.
func TestDamage(t *testing.T) { inEveryLayout(t, damage) }

func damage(t *testing.T, layout func(*exact.Index)) {
	h, dir := &history{}, t.TempDir()
	h.grow(rand.New(rand.NewPCG(2, 0)), 200)
	memory, x := create(t), open(t, dir)
	layout(x)
	h.follow(t, memory)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, x.Close())

	ways := map[string]func(path string, b []byte) error{
		"removed":   func(path string, _ []byte) error { return os.Remove(path) },
		"emptied":   func(path string, _ []byte) error { return os.Truncate(path, 0) },
		"cut":       func(path string, b []byte) error { return os.Truncate(path, int64(len(b)/2)) },
		"extended":  func(path string, b []byte) error { return os.WriteFile(path, append(b, 7), 0o600) },
		"first bit": flip(0, 1),
		"middle":    flip(1, 2),
		"last":      flip(1, 1),
	}
	for _, name := range filesOf(t, dir) {
		for way, damage := range ways {
			t.Run(filepath.Ext(name)+filepath.Base(name)[:3]+" "+way, func(t *testing.T) {
				copied := t.TempDir()
				require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
				path := filepath.Join(copied, name)
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NoError(t, damage(path, b))
				x, told := openReporting(t, copied)
				if len(told.all()) == 0 {
					// What a shelf has of the file is whole, or read only by searches.
					require.Equal(t, h.end(), x.Position(), "told of no damage")
				} else if strings.HasPrefix(name, "shelf-") {
					h.requireSameBut1(t, memory, x)
				}
				require.LessOrEqual(t, len(told.all()), len(scopes), "what is damaged")
				h.follow(t, x)
				h.requireSame(t, memory, x)
			})
		}
	}
}

// TestOlderFormat makes the files those of the format before: their magic
// ends in 3, and all their checksums are right. The index starts over.
func TestOlderFormat(t *testing.T) {
	const headerBytes = 36
	h, dir := &history{}, t.TempDir()
	h.grow(rand.New(rand.NewPCG(2, 0)), 200)
	memory, x := create(t), open(t, dir)
	x.SaveInBundles(-1, 0)
	h.follow(t, memory)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, x.Close())

	older := 0
	sum := func(b []byte) []byte {
		return binary.NativeEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	for _, name := range filesOf(t, dir) {
		if filepath.Ext(name) != ".segment" {
			continue
		}
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		before := bytes.Clone(b[headerBytes-4 : headerBytes])
		magic := binary.NativeEndian.Uint64(b)
		require.Equal(t, byte('4'), byte(magic))
		binary.NativeEndian.PutUint64(b, magic-1)
		copy(b[headerBytes-4:], sum(b[:headerBytes-4]))
		require.NoError(t, os.WriteFile(path, b, 0o600))

		manifest := filepath.Join(filepath.Dir(path), "set")
		m, err := os.ReadFile(manifest)
		require.NoError(t, err)
		m = bytes.Replace(m[:len(m)-4], before, b[headerBytes-4:headerBytes], 1)
		require.NoError(t, os.WriteFile(manifest, append(m, sum(m)...), 0o600))
		older++
	}
	require.Positive(t, older)
	x, told := openReporting(t, dir)
	require.Zero(t, x.Position())
	require.Len(t, told.all(), older, "each shelf")
	for _, err := range told.all() {
		require.ErrorIs(t, err, exact.ErrVersion)
		require.NotContains(t, err.Error(), "damaged")
	}
	h.follow(t, x)
	h.requireSame(t, memory, x)
}

// flip inverts a bit of the byte that lies part/of into the file.
func flip(part, of int) func(path string, b []byte) error {
	return func(path string, b []byte) error {
		if len(b) == 0 {
			return nil
		}
		b[min(len(b)*part/of, len(b)-1)] ^= 1
		return os.WriteFile(path, b, 0o600)
	}
}

// filesOf lists the files of an index but for its lock.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && path != "lock" {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// TestDamagedVectors damages what is read only when a search needs it.
func TestDamagedVectors(t *testing.T) {
	const rows, dimension = 400, 128
	h, dir := &history{}, t.TempDir()
	s := scopes[0]
	vector := func(i int) face.Template {
		v := make(face.Template, dimension)
		copy(v[i%100:], template(fmt.Sprint(i)))
		return v
	}
	for i := range rows {
		h.add(changelog.Change{
			Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
			Subject: store.SubjectID(fmt.Sprint("p", i)), Face: store.FaceID(uuid.NewString()), Template: vector(i),
		})
	}
	other := scopes[3]
	h.add(changelog.Change{
		Kind: changelog.PutFace, Tenant: other.Tenant, Gallery: other.Gallery, Pack: other.Pack,
		Subject: "else", Face: store.FaceID(uuid.NewString()), Template: template("else"),
	})
	x := open(t, dir)
	x.SaveInBundles(0, 0)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, x.Close())
	segments, err := filepath.Glob(filepath.Join(dir, "shelf-*", "*.segment"))
	require.NoError(t, err)
	require.Len(t, segments, 2)
	big := slices.MaxFunc(segments, func(a, b string) int { return cmp.Compare(sizeOf(t, a), sizeOf(t, b)) })
	b, err := os.ReadFile(big)
	require.NoError(t, err)
	require.NoError(t, flip(1, 2)(big, b))

	x, told := openReporting(t, dir)
	require.Equal(t, h.end(), x.Position())
	q := index.Query{Scope: s, K: rows, Threshold: -1, Probe: vector(0)}
	_, err = x.Search(bg, q)
	require.ErrorIs(t, err, index.ErrUnavailable)
	require.Len(t, told.all(), 1)
	require.ErrorIs(t, told.all()[0], search.ErrDamaged)
	require.Zero(t, x.Position(), "the gallery is to be built anew")
	_, err = x.Search(bg, q)
	require.ErrorIs(t, err, index.ErrUnavailable, "and not empty meanwhile")
	_, err = x.Faces(bg, s)
	require.ErrorIs(t, err, index.ErrUnavailable)
	require.Zero(t, x.Reached(s.Tenant, s.Gallery))
	whole, err := x.Search(bg, index.Query{Scope: other, K: 1, Threshold: -1, Probe: template("else")})
	require.NoError(t, err)
	require.Len(t, whole.Hits, 1)
	require.Equal(t, h.end(), whole.Position, "the other gallery is where it was")
	require.Equal(t, h.end(), x.Reached(other.Tenant, other.Gallery))
	require.NoError(t, x.Save(bg), "what is whole")

	require.Error(t, x.Apply(bg, h.changes[1:], h.end()), "read when the index was further")
	require.Zero(t, x.Position())
	require.NoError(t, x.Apply(bg, h.changes[:10], 10))
	_, err = x.Search(bg, q)
	require.ErrorIs(t, err, index.ErrUnavailable, "not until it is whole")
	h.follow(t, x)
	got, err := x.Search(bg, q)
	require.NoError(t, err)
	require.Len(t, got.Hits, rows)
}

func sizeOf(t *testing.T, path string) int64 {
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func TestDirectoryIsPrivate(t *testing.T) { inEveryLayout(t, directoryIsPrivate) }

func directoryIsPrivate(t *testing.T, layout func(*exact.Index)) {
	h, dir := &history{}, filepath.Join(t.TempDir(), "index")
	h.grow(rand.New(rand.NewPCG(3, 0)), 50)
	x := open(t, dir)
	layout(x)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, path)
		return nil
	}))

	_, err := exact.New(exact.Config{Dir: dir})
	require.ErrorIs(t, err, exact.ErrLocked)
	_, err = x.Search(bg, index.Query{Scope: scopes[0], Probe: template("p"), K: 1})
	require.NoError(t, err, "the index that has the directory goes on")
}

// TestDirectoryIsTidy checks that galleries that have gone leave no files.
func TestDirectoryIsTidy(t *testing.T) { inEveryLayout(t, directoryIsTidy) }

func directoryIsTidy(t *testing.T, layout func(*exact.Index)) {
	h, dir := &history{}, t.TempDir()
	h.grow(rand.New(rand.NewPCG(4, 0)), 100)
	other := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(other, []byte("mine"), 0o600))
	x := open(t, dir)
	layout(x)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	for _, s := range scopes {
		h.add(changelog.Change{Kind: changelog.DropGallery, Tenant: s.Tenant, Gallery: s.Gallery})
	}
	h.follow(t, x)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "shelf-forgotten"), 0o700))
	require.NoError(t, x.Save(bg))
	require.Equal(t, []string{"index", "notes.txt"}, filesOf(t, dir))
	require.NoDirExists(t, filepath.Join(dir, "shelf-forgotten"))
	require.FileExists(t, other, "what is not the index's is left alone")
	require.NoError(t, x.Close())
	require.Equal(t, h.end(), open(t, dir).Position())
}

func TestUnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := exact.New(exact.Config{Dir: dir})
		require.Error(t, err)
		require.True(t, strings.HasPrefix(err.Error(), "open index: "), err)
	}
}

// TestTwoDamagedGalleries checks that none of them is searched before it is
// whole, whichever was lost first.
func TestTwoDamagedGalleries(t *testing.T) {
	const people = 40
	h, dir := &history{}, t.TempDir()
	both := []index.Scope{scopes[2], scopes[3]}
	for i := range people {
		for _, s := range both {
			h.add(changelog.Change{
				Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
				Subject: store.SubjectID(fmt.Sprint("p", i)), Face: store.FaceID(uuid.NewString()), Template: template(fmt.Sprint(i)),
			})
		}
	}
	x := open(t, dir)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	require.NoError(t, x.Close())
	bundles, err := filepath.Glob(filepath.Join(dir, "bundle-*"))
	require.NoError(t, err)
	require.Len(t, bundles, 1)
	require.NoError(t, os.Remove(bundles[0]))

	x, told := openReporting(t, dir)
	require.Len(t, told.all(), len(both))
	for _, half := range []uint64{people / 2, people} {
		require.NoError(t, x.Apply(bg, h.changes[x.Position():half], half))
		for _, s := range both {
			_, err := x.Search(bg, index.Query{Scope: s, K: people, Threshold: -1, Probe: template("0")})
			require.ErrorIs(t, err, index.ErrUnavailable)
		}
	}
	h.follow(t, x)
	for _, s := range both {
		r, err := x.Search(bg, index.Query{Scope: s, K: people, Threshold: -1, Probe: template("0")})
		require.NoError(t, err)
		require.Len(t, r.Hits, people)
	}
}
