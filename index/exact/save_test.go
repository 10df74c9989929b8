package exact_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/index"
	"oneton/index/exact"
	"oneton/search"
	"oneton/store"
)

// stampsOf tells when each file was written.
func stampsOf(t *testing.T, dir string) map[string]string {
	stamps := make(map[string]string)
	for _, name := range filesOf(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		stamps[name] = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	}
	return stamps
}

// TestSaveWritesWhatHasChanged looks which files a Save writes.
func TestSaveWritesWhatHasChanged(t *testing.T) { inEveryLayout(t, saveWritesWhatHasChanged) }

func saveWritesWhatHasChanged(t *testing.T, layout func(*exact.Index)) {
	h, dir := &history{}, t.TempDir()
	h.grow(rand.New(rand.NewPCG(5, 0)), 300)
	x := open(t, dir)
	layout(x)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	before := stampsOf(t, dir)
	require.NoError(t, x.Save(bg))
	require.Equal(t, before, stampsOf(t, dir), "nothing has changed")
	for _, c := range h.live {
		require.NoError(t, x.Apply(bg, []changelog.Change{c}, h.end()))
	}
	require.NoError(t, x.Save(bg))
	require.Equal(t, before, stampsOf(t, dir), "what is applied again changes nothing")

	require.NoError(t, x.Close())
	x = open(t, dir)
	layout(x)
	require.NoError(t, x.Save(bg))
	require.Equal(t, before, stampsOf(t, dir), "nothing has changed since it was opened")
	c := changelog.Change{
		Kind: changelog.PutFace, Tenant: "u", Gallery: "i", Pack: "a",
		Subject: "new", Face: store.FaceID(uuid.NewString()), Template: template("new"),
	}
	h.add(c)
	h.follow(t, x)
	require.NoError(t, x.Save(bg))
	after, same := stampsOf(t, dir), 0
	for name, stamp := range after {
		if before[name] == stamp {
			same++
		}
	}
	if directories, err := filepath.Glob(filepath.Join(dir, "shelf-*")); err == nil && len(directories) == 4 {
		require.Equal(t, 10, same, "the set, the segment and the rows of three shelves, and the segment of the fourth")
	}
}

// TestManySmallGalleriesLieInFewFiles saves thousands of galleries of one face.
func TestManySmallGalleriesLieInFewFiles(t *testing.T) {
	const galleries = 3000
	dir := t.TempDir()
	x := open(t, dir)
	var changes []changelog.Change
	for i := range galleries {
		c := put(uint64(i+1), "someone", template(fmt.Sprint(i)))
		c.Gallery = store.GalleryID(fmt.Sprint("gallery ", i))
		changes = append(changes, c)
	}
	require.NoError(t, x.Apply(bg, changes, galleries))
	require.NoError(t, x.Save(bg))
	require.Len(t, filesOf(t, dir), 2, "one for the galleries and one that says so")
	for i := range 10 {
		changes[i].Kind = changelog.DeleteFace
	}
	require.NoError(t, x.Apply(bg, changes[:10], galleries+1))
	require.NoError(t, x.Save(bg))
	require.Len(t, filesOf(t, dir), 2)
	require.NoError(t, x.Close())

	x, told := openReporting(t, dir)
	require.Empty(t, told.all())
	require.EqualValues(t, galleries+1, x.Position())
	for i := range galleries {
		q := query(template(fmt.Sprint(i)))
		q.Scope.Gallery = changes[i].Gallery
		r, err := x.Search(bg, q)
		require.NoError(t, err)
		require.Len(t, r.Hits, min(1, i/10))
	}
}

// stopped is a context that halts who asks when it ends.
type stopped struct {
	context.Context
	once          sync.Once
	reached, open chan struct{}
}

func (s *stopped) Done() <-chan struct{} {
	s.once.Do(func() {
		close(s.reached)
		<-s.open
	})
	return s.Context.Done()
}

// TestChangesDoNotWaitForASave stops a Save in its midst: changes are applied
// and searched meanwhile, and a gallery is dropped. What is saved then is whole.
func TestChangesDoNotWaitForASave(t *testing.T) {
	h, dir := &history{}, t.TempDir()
	rng := rand.New(rand.NewPCG(6, 0))
	h.grow(rng, 300)
	memory, x := create(t), open(t, dir)
	x.SaveInBundles(-1, 0)
	h.follow(t, x)
	h.follow(t, memory)
	at := h.end()
	halt := &stopped{Context: t.Context(), reached: make(chan struct{}), open: make(chan struct{})}
	saved := make(chan error)
	go func() { saved <- x.Save(halt) }()
	<-halt.reached
	h.grow(rng, 300)
	h.add(changelog.Change{Kind: changelog.DropGallery, Tenant: "t", Gallery: "h"})
	h.follow(t, x)
	h.follow(t, memory)
	h.requireSame(t, memory, x)
	close(halt.open)
	require.NoError(t, <-saved)
	require.NoError(t, x.Close())

	x, told := openReporting(t, dir)
	require.Empty(t, told.all())
	require.Equal(t, at, x.Position())
	h.follow(t, x)
	h.requireSame(t, memory, x)
}

// TestSavesBesideChanges saves without a pause while changes are applied, and
// opens a copy of each save.
func TestSavesBesideChanges(t *testing.T) { inEveryLayout(t, savesBesideChanges) }

func savesBesideChanges(t *testing.T, layout func(*exact.Index)) {
	h, dir := &history{}, t.TempDir()
	h.grow(rand.New(rand.NewPCG(7, 0)), 3000)
	memory, x := create(t), open(t, dir)
	layout(x)
	h.follow(t, memory)
	var group sync.WaitGroup
	group.Go(func() {
		for at := x.Position(); at < h.end(); at = x.Position() {
			next := min(at+20, h.end())
			if err := x.Apply(bg, h.changes[at:next], next); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for last := false; !last; {
		last = x.Position() == h.end()
		require.NoError(t, x.Save(bg))
		copied := t.TempDir()
		require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
		y, told := openReporting(t, copied)
		require.Empty(t, told.all())
		h.follow(t, y)
		h.requireSame(t, memory, y)
		require.NoError(t, y.Close())
	}
	group.Wait()
}

// TestKilledSave kills a process that applies and saves, again and again: what
// it leaves opens without a report, at a position that was saved.
func TestKilledSave(t *testing.T) {
	const seed, changes = 11, 2000
	h := &history{}
	h.grow(rand.New(rand.NewPCG(seed, 0)), changes)
	if dir := os.Getenv("ONETON_TEST_SAVE_IN"); dir != "" {
		x, err := exact.New(exact.Config{Dir: dir})
		require.NoError(t, err)
		rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
		_, err = os.Stdout.WriteString("begun\n")
		require.NoError(t, err)
		for at := x.Position(); ; at = x.Position() {
			next := min(at+5, h.end())
			require.NoError(t, x.Apply(bg, h.changes[at:next], next))
			if rng.IntN(2) == 0 {
				x.SaveInBundles(-1+rng.IntN(4)<<10, 1<<10)
			}
			require.NoError(t, x.Save(bg))
		}
	}
	dir := t.TempDir()
	memory := create(t)
	h.follow(t, memory)
	rng := rand.New(rand.NewPCG(seed, 1))
	positions := make(map[uint64]bool)
	const lives = 10 // and more where a busy machine saves nothing in them
	for life := 0; life < lives || len(positions) < 2; life++ {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledSave$")
		child.Env = append(os.Environ(), "ONETON_TEST_SAVE_IN="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
		require.NoError(t, child.Process.Kill())
		_ = child.Wait()

		copied := t.TempDir()
		require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
		x, told := openReporting(t, copied)
		require.Empty(t, told.all())
		positions[x.Position()] = true
		h.follow(t, x)
		h.requireSame(t, memory, x)
	}
}

// TestWhatIsNoDamage leaves a saved index alone when something else keeps it
// from being opened.
func TestWhatIsNoDamage(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		is    error
	}{
		"a kernel that is not there": {func(t *testing.T, _ string) { t.Setenv("ONETON_SIMD", "abacus") }, search.ErrConfig},
		"an unreadable manifest": {func(t *testing.T, dir string) {
			path := filepath.Join(dir, "index")
			require.NoError(t, os.Rename(path, path+".away"))
			require.NoError(t, os.Mkdir(path, 0o700))
		}, nil},
		"an unreadable shelf": {func(t *testing.T, dir string) {
			paths, err := filepath.Glob(filepath.Join(dir, "shelf-*", "set"))
			require.NoError(t, err)
			require.NoError(t, os.Remove(paths[0]))
			require.NoError(t, os.Mkdir(paths[0], 0o700))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h, dir := &history{}, t.TempDir()
			h.grow(rand.New(rand.NewPCG(8, 0)), 300)
			x := open(t, dir)
			x.SaveInBundles(1<<10, 1<<20)
			h.follow(t, x)
			require.NoError(t, x.Save(bg))
			require.NoError(t, x.Close())
			c.spoil(t, dir)
			before := stampsOf(t, dir)
			_, err := exact.New(exact.Config{Dir: dir, Report: func(err error) { t.Error("reports", err) }})
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.Equal(t, before, stampsOf(t, dir))
		})
	}
	t.Setenv("ONETON_SIMD", "abacus")
	_, err := exact.New(exact.Config{})
	require.ErrorIs(t, err, search.ErrConfig, "also of an index without files")
}

// TestManifestOfBefore opens what an earlier version has saved.
func TestManifestOfBefore(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	require.NoError(t, gob.NewEncoder(&b).Encode(struct {
		Version  int
		Position uint64
		Shelves  []struct{ Tenant, Gallery, Pack, Dir string }
	}{Version: 1, Position: 7}))
	b.Write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b.Bytes(), crc32.MakeTable(crc32.Castagnoli))))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index"), b.Bytes(), 0o600))
	x, told := openReporting(t, dir)
	require.Zero(t, x.Position())
	require.Len(t, told.all(), 1)
	require.ErrorIs(t, told.all()[0], exact.ErrVersion)
	require.NotContains(t, told.all()[0].Error(), "damaged")
	require.Contains(t, told.all()[0].Error(), "format 1")
}

// TestPanicOfAnApply makes the applying of a change panic: it fails and is told,
// the gallery is built anew, and others go on.
func TestPanicOfAnApply(t *testing.T) {
	x, told := openReporting(t, "")
	mine, other := put(1, "ann", template("ann")), put(2, "bob", template("bob"))
	other.Gallery = "other"
	require.NoError(t, x.Apply(bg, []changelog.Change{mine, other}, 2))
	fault := true
	x.OnStaged(scope, func() {
		if fault {
			panic("fault of an apply")
		}
	})
	cat := put(3, "cat", template("cat"))
	require.Error(t, x.Apply(bg, []changelog.Change{cat}, 3))
	require.Len(t, told.all(), 1)
	require.Contains(t, told.all()[0].Error(), "fault of an apply")
	require.Contains(t, told.all()[0].Error(), "save_test.go", "the stack")
	_, err := x.Search(bg, query(template("ann")))
	require.ErrorIs(t, err, index.ErrUnavailable)
	q := query(template("bob"))
	q.Scope.Gallery = "other"
	r, err := x.Search(bg, q)
	require.NoError(t, err)
	require.Equal(t, []string{"bob"}, subjects(r))

	fault = false
	require.Zero(t, x.Position())
	require.NoError(t, x.Apply(bg, []changelog.Change{mine, other, cat}, 3))
	r, err = x.Search(bg, query(template("cat")))
	require.NoError(t, err)
	require.Len(t, r.Hits, 2)
}

// TestSaveLeavesNothingOfDeletedFaces looks for templates in every file.
func TestSaveLeavesNothingOfDeletedFaces(t *testing.T) {
	inEveryLayout(t, func(t *testing.T, layout func(*exact.Index)) {
		dir := t.TempDir()
		x := open(t, dir)
		layout(x)
		var changes []changelog.Change
		for i := range 30 {
			c := put(uint64(i+1), fmt.Sprint("p", i), template(fmt.Sprint(i)))
			c.Gallery = store.GalleryID(fmt.Sprint("g", i%3))
			changes = append(changes, c)
		}
		require.NoError(t, x.Apply(bg, changes, 30))
		require.NoError(t, x.Save(bg))
		onDisk := func(i int) bool {
			for _, name := range filesOf(t, dir) {
				b, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				if bytes.Contains(b, changes[i].Template.Bytes()) {
					return true
				}
			}
			return false
		}
		require.True(t, onDisk(4) && onDisk(5), "the test finds what is there")

		gone := changes[4]
		gone.Kind = changelog.DeleteFace
		require.NoError(t, x.Apply(bg, []changelog.Change{gone}, 31))
		require.NoError(t, x.Apply(bg, []changelog.Change{{Kind: changelog.DropGallery, Tenant: gone.Tenant, Gallery: "g2"}}, 32))
		require.NoError(t, x.Save(bg))
		require.False(t, onDisk(4))
		require.False(t, onDisk(5))
		require.True(t, onDisk(6))
	})
}
