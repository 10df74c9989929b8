package exact_test

import (
	"context"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

var bg = context.Background()

var scope = index.Scope{Tenant: "t", Gallery: "g", Pack: storetest.Pack}

func put(seq uint64, subject string, template face.Template) changelog.Change {
	return changelog.Change{
		Seq: seq, Kind: changelog.PutFace, Tenant: scope.Tenant, Gallery: scope.Gallery, Pack: scope.Pack,
		Subject: store.SubjectID(subject), Face: store.FaceID(uuid.NewString()), Template: template,
	}
}

func query(probe face.Template) index.Query {
	return index.Query{Scope: scope, Probe: probe, K: 10, Threshold: -1}
}

func template(name string) face.Template { return storetest.NewFace(name).Template }

// TestBadChange checks that what no set can hold changes nothing, and that the
// index goes on once the change is right.
func TestBadChange(t *testing.T) {
	nan := append(face.Template(nil), template("a")...)
	nan[0] = float32(math.NaN())
	unknown := put(2, "bad", template("b"))
	unknown.Kind = 77
	nameless := put(2, "bad", template("b"))
	nameless.Face = "not a uuid"
	elsewhere := put(2, "bad", nan)
	elsewhere.Gallery = "new"
	for name, bad := range map[string]changelog.Change{
		"dimension":     put(2, "bad", template("b")[:3]),
		"not a number":  put(2, "bad", nan),
		"not a unit":    put(2, "bad", make(face.Template, storetest.Dimension)),
		"no template":   put(2, "bad", nil),
		"kind":          unknown,
		"face id":       nameless,
		"a new gallery": elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			x, ctx := create(t), t.Context()
			require.NoError(t, x.Apply(ctx, []changelog.Change{put(1, "ann", template("ann"))}, 1))
			before, err := x.Search(ctx, query(template("ann")))
			require.NoError(t, err)

			require.Error(t, x.Apply(ctx, []changelog.Change{put(2, "bob", template("bob")), bad}, 2))
			require.Equal(t, uint64(1), x.Position())
			after, err := x.Search(ctx, query(template("ann")))
			require.NoError(t, err)
			if bad.Gallery == scope.Gallery {
				require.Equal(t, before, after)
			}
			bad.Kind, bad.Face, bad.Template = changelog.PutFace, store.FaceID(uuid.NewString()), template("b")
			require.NoError(t, x.Apply(ctx, []changelog.Change{bad}, 2))
			require.Equal(t, uint64(2), x.Position())
		})
	}
}

func TestProbeOfAnotherLength(t *testing.T) {
	x := create(t)
	require.NoError(t, x.Apply(t.Context(), []changelog.Change{put(1, "ann", template("ann"))}, 1))
	probe := append(face.Template(nil), template("ann")...)
	for i := range probe {
		probe[i] *= 2
	}
	_, err := x.Search(t.Context(), query(probe))
	require.ErrorIs(t, err, index.ErrQuery)
}

func TestClosed(t *testing.T) {
	x := create(t)
	require.NoError(t, x.Apply(t.Context(), []changelog.Change{put(1, "ann", template("ann"))}, 1))
	require.NoError(t, x.Close())
	got, err := x.Search(t.Context(), query(template("ann")))
	require.NoError(t, err)
	require.Empty(t, got.Hits)
}

func TestBadConfig(t *testing.T) {
	_, err := exact.New(exact.Config{Workers: -1})
	require.Error(t, err)
}

// TestDropFreesMemory also deletes face by face, which must free it as well.
func TestDropFreesMemory(t *testing.T) {
	const faces = 20_000
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for name, kind := range map[string]changelog.Kind{"gallery": changelog.DropGallery, "faces": changelog.DeleteFace} {
		t.Run(name, func(t *testing.T) {
			x, empty := create(t), heap()
			var ids []string
			for range faces {
				ids = append(ids, uuid.NewString())
			}
			apply := func(change func(id string) changelog.Change) {
				changes := []changelog.Change{}
				for _, id := range ids {
					changes = append(changes, change(id))
				}
				require.NoError(t, x.Apply(t.Context(), changes, x.Position()+faces))
			}
			apply(func(id string) changelog.Change {
				c := put(0, id, template(id))
				c.Face, c.Metadata = store.FaceID(id), map[string]string{"badge": id}
				return c
			})
			full := heap()
			require.Greater(t, full-empty, int64(faces*storetest.Dimension))
			apply(func(id string) changelog.Change {
				return changelog.Change{Kind: kind, Tenant: scope.Tenant, Gallery: scope.Gallery, Face: store.FaceID(id)}
			})
			require.Less(t, heap()-empty, (full-empty)/10)
			runtime.KeepAlive(x)
		})
	}
}

// TestFollowsTheStore enrols in a database, waits for the index and finds; an
// index built later answers the same.
func TestFollowsTheStore(t *testing.T) {
	ctx := t.Context()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: scope.Tenant}))
	require.NoError(t, s.CreateGallery(ctx, store.Gallery{
		ID: scope.Gallery, Tenant: scope.Tenant, Name: "staff", Pack: scope.Pack,
	}))
	follow := func() (*exact.Index, *changelog.Follower) {
		x := create(t)
		f := changelog.NewFollower(s, x, changelog.FollowerConfig{})
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = f.Run(ctx)
		}()
		t.Cleanup(func() { cancel(); <-ended })
		return x, f
	}
	x, f := follow()

	var probes []face.Template
	for range 20 {
		sub := store.Subject{Gallery: scope.Gallery, ID: store.SubjectID(uuid.NewString()), Metadata: map[string]string{"team": "red"}}
		faces := []store.Face{storetest.NewFace(uuid.NewString()), storetest.NewFace(uuid.NewString())}
		probes = append(probes, faces[1].Template)
		position, err := s.Enrol(ctx, sub, faces, nil, true)
		require.NoError(t, err)
		require.NoError(t, f.Wait(ctx, position))
		got, err := x.Search(ctx, query(faces[1].Template))
		require.NoError(t, err)
		require.Equal(t, index.Hit{Subject: sub.ID, Face: faces[1].ID, Cosine: got.Hits[0].Cosine}, got.Hits[0])
		require.InDelta(t, 1, got.Hits[0].Cosine, 1e-6)
		if len(probes)%4 > 0 {
			continue
		}
		position, err = s.DeleteSubject(ctx, scope.Gallery, sub.ID)
		require.NoError(t, err)
		require.NoError(t, f.Wait(ctx, position))
		got, err = x.Search(ctx, query(faces[1].Template))
		require.NoError(t, err)
		require.NotEqual(t, sub.ID, got.Hits[0].Subject)
	}
	later, follower := follow()
	require.NoError(t, follower.Wait(ctx, x.Position()))
	for _, probe := range probes {
		q := query(probe)
		q.Filter = map[string][]string{"team": {"red"}}
		want, err := x.Search(ctx, q)
		require.NoError(t, err)
		require.Len(t, want.Hits, 10)
		got, err := later.Search(ctx, q)
		require.NoError(t, err)
		want.Work.Bytes = got.Work.Bytes // of rows that have gone, and are not compacted yet, too
		require.Equal(t, want, got)
	}
}

// TestChurn checks that people who have gone leave nothing behind while others
// stay.
func TestChurn(t *testing.T) {
	const staying, rounds = 10, 200
	x := create(t)
	apply := func(c changelog.Change) changelog.Change {
		t.Helper()
		c.Seq = x.Position() + 1
		require.NoError(t, x.Apply(t.Context(), []changelog.Change{c}, c.Seq))
		return c
	}
	someone := func() changelog.Change {
		id := uuid.NewString()
		c := put(0, id, template(id))
		c.Metadata = map[string]string{"badge": id, "team": "red"}
		return c
	}
	for range staying {
		apply(someone())
	}
	for range rounds {
		c := apply(someone())
		c.Metadata = map[string]string{"badge": "lost", "team": "blue"}
		apply(c)
		c.Kind = changelog.DeleteFace
		apply(c)
	}
	rows, people, labels := x.Sizes(scope)
	require.Equal(t, staying, rows)
	require.Equal(t, staying, people)
	require.Equal(t, staying+1, labels, "a badge each, and the team")
}
