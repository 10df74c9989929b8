package identify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/changelog"
	"oneton/identify"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
	"oneton/photo"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// viewed is an index that follows a log.
type viewed interface {
	identify.Index
	changelog.View
	Close() error
}

// onEach runs a test on each engine, with an index in process and one in Qdrant.
func onEach(t *testing.T, run func(t *testing.T, s *identify.Service, by store.Actor)) {
	t.Helper()
	address := qdranttest.Address(t)
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		for name, index := range map[string]func(*testing.T) viewed{
			"exact": func(t *testing.T) viewed {
				x, err := exact.New(exact.Config{})
				require.NoError(t, err)
				return x
			},
			"qdrant": func(t *testing.T) viewed {
				cfg := qdrant.Default()
				cfg.Address, cfg.Prefix = address, "test-"+uuid.NewString()
				cfg.Timeout, cfg.WriteTimeout = time.Minute, time.Minute
				x, err := qdrant.New(t.Context(), cfg)
				require.NoError(t, err)
				return x
			},
		} {
			t.Run(name, func(t *testing.T) {
				db, x := open(t), index(t)
				require.NoError(t, audit.Migrate(t.Context(), db))
				require.NoError(t, identify.Migrate(t.Context(), db))
				f := changelog.NewFollower(db, x, changelog.FollowerConfig{Poll: 10 * time.Millisecond})
				following, stop := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- f.Run(following) }()
				t.Cleanup(func() {
					stop()
					<-done
					require.NoError(t, x.Close())
				})
				id := store.TenantID(name)
				require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: id}))
				s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, x, f, db)
				require.NoError(t, err)
				run(t, s, store.Actor{Tenant: id})
			})
		}
	})
}

// person is one of a register, who may be there under several ids.
type person struct {
	id    store.SubjectID
	shown []shown
}

// register are people of whom some are there twice, with one to three faces each, some
// of them doubtful and some that cannot be compared.
func register(seed uint64, n int) (all []person) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		p := person{id: store.SubjectID(fmt.Sprintf("p%02d", rng.IntN(1000)*100+i))}
		for take := range 1 + rng.IntN(3) {
			f := shown{Person: fmt.Sprint(rng.IntN(n * 2 / 3)), Take: 1 + i*10 + take, Doubt: []float64{0, 0, 0.5}[rng.IntN(3)]}
			if rng.IntN(10) == 0 {
				f.Reasons = []string{photo.ReasonDark, photo.ReasonNotComparable}
			}
			if take > 0 && rng.IntN(4) > 0 { // mostly their own
				f.Person = p.shown[0].Person
			}
			p.shown = append(p.shown, f)
		}
		all = append(all, p)
	}
	return all
}

// pairsOf compares all with all by the dot product alone.
func pairsOf(all []person, threshold float64) map[[2]store.SubjectID]float64 {
	pairs := map[[2]store.SubjectID]float64{}
	for i, a := range all {
		for _, b := range all[i+1:] {
			best := -1.0
			for _, f := range a.shown {
				for _, g := range b.shown {
					if f.Reasons == nil && g.Reasons == nil {
						c, _ := doubted(template(f), -f.Doubt).Cosine(doubted(template(g), g.Doubt))
						best = max(best, c)
					}
				}
			}
			if best >= threshold {
				pairs[[2]store.SubjectID{min(a.id, b.id), max(a.id, b.id)}] = best
			}
		}
	}
	return pairs
}

// enrolAll enrols a register in a gallery whose gate is off.
func enrolAll(t *testing.T, s *identify.Service, by store.Actor, name string, all []person) (faces int) {
	t.Helper()
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: name, Policy: store.Policy{FPIR: 0.01, Quality: store.GateOff, Liveness: store.GateOff}})
	require.NoError(t, err)
	for _, p := range all {
		var photos [][]byte
		for _, f := range p.shown {
			photos = append(photos, photograph(t, f))
		}
		_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: name, Subject: p.id, Create: true, Photos: photos, Metadata: map[string]string{"n": string(p.id)}})
		require.NoError(t, err)
		faces += len(photos)
	}
	return faces
}

// everyPair walks through all pages.
func everyPair(t *testing.T, s *identify.Service, by store.Actor, req identify.DuplicatesRequest) (pairs map[[2]store.SubjectID]float64, pages []identify.Duplicates) {
	t.Helper()
	pairs = map[[2]store.SubjectID]float64{}
	for {
		d, err := s.Duplicates(t.Context(), by, req)
		require.NoError(t, err)
		pages = append(pages, d)
		for _, p := range d.Pairs {
			key := [2]store.SubjectID{p.A.Subject, p.B.Subject}
			require.NotContains(t, pairs, key, "each pair once")
			pairs[key] = p.Cosine
			require.Equal(t, string(p.A.Subject), p.A.Metadata["n"])
			require.Equal(t, string(p.B.Subject), p.B.Metadata["n"])
		}
		if d.Next == "" {
			return pairs, pages
		}
		require.Greater(t, d.Next, req.After)
		req.After = d.Next
	}
}

// Page by page, the pairs are those of comparing all with all, each once, on every
// engine and index.
func TestDuplicatesAreAllPairs(t *testing.T) {
	all := register(1, 40)
	onEach(t, func(t *testing.T, s *identify.Service, by store.Actor) {
		faces := enrolAll(t, s, by, "register", all)
		for _, limit := range []int{7, 1000} {
			got, pages := everyPair(t, s, by, identify.DuplicatesRequest{Gallery: "register", Limit: limit, K: 100})
			want := pairsOf(all, table().Identification(0.01, faces))
			require.Greater(t, len(want), 10)
			require.Len(t, got, len(want))
			for pair, cosine := range want {
				require.InDelta(t, cosine, got[pair], 1e-6, "%v", pair)
			}
			searched, none := 0, []store.SubjectID{}
			for _, p := range pages {
				searched += p.Searched
				none = append(none, p.NotCompared...)
				require.Empty(t, p.Cut)
				require.Positive(t, p.Position)
			}
			require.Equal(t, len(all), searched)
			for _, p := range all {
				poor := !slices.ContainsFunc(p.shown, func(f shown) bool { return f.Reasons == nil })
				require.Equal(t, poor, slices.Contains(none, p.id))
			}
			require.InDelta(t, table().Identification(0.01, faces), pages[0].Threshold, 1e-12)
			require.Equal(t, faces, pages[0].Faces)
		}
	})
}

// People of one gallery are compared with those of another one.
func TestDuplicatesInAnotherGallery(t *testing.T) {
	s := newService(t)
	staff, banned := register(2, 12), register(3, 15)
	enrolAll(t, s, by, "x", staff)
	faces := enrolAll(t, s, by, "y", banned)
	got, _ := everyPair(t, s, by, identify.DuplicatesRequest{Gallery: "x", In: "y", Limit: 5, K: 100})
	want := map[[2]store.SubjectID]float64{}
	for _, a := range staff {
		for _, b := range banned {
			for _, cosine := range pairsOf([]person{a, b}, table().Identification(0.01, faces)) {
				want[[2]store.SubjectID{a.id, b.id}] = cosine
			}
		}
	}
	require.NotEmpty(t, want)
	require.Len(t, got, len(want))
	for pair, cosine := range want {
		require.InDelta(t, cosine, got[pair], 1e-6)
	}
}

// Whom more than k are like is told, with the k who are most.
func TestDuplicatesAreCut(t *testing.T) {
	s := newService(t)
	for i := range 6 {
		enrol(t, s, fmt.Sprintf("p%d", i), photograph(t, shown{Person: "ann", Take: i + 1}))
	}
	d, err := s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, K: 2, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []store.SubjectID{"p0"}, d.Cut)
	require.Len(t, d.Pairs, 2)
	require.GreaterOrEqual(t, d.Pairs[0].Cosine, d.Pairs[1].Cosine)
	d, err = s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, K: 5, Limit: 1})
	require.NoError(t, err)
	require.Empty(t, d.Cut)
	require.Len(t, d.Pairs, 5)
}

// newServiceAt makes services of one database and index, each with a clock.
func newServiceAt(t *testing.T) func(now func() time.Time) *identify.Service {
	t.Helper()
	_, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	x, f := follow(t, db)
	at := func(now func() time.Time) *identify.Service {
		s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy(), Now: now}, scripted{table: table()}, x, f, db)
		require.NoError(t, err)
		return s
	}
	_, err := at(nil).CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	return at
}

// follow is an index that follows the store's log until the test's end.
func follow(t *testing.T, db *sqlite.Store) (*exact.Index, *changelog.Follower) {
	t.Helper()
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	f := changelog.NewFollower(db, x, changelog.FollowerConfig{Poll: 10 * time.Millisecond})
	following, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(following) }()
	t.Cleanup(func() {
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, x.Close())
	})
	return x, f
}

// A page that takes long ends early, and the next one goes on there.
func TestDuplicatesEndInTime(t *testing.T) {
	s, clock := newServiceAt(t), time.Now()
	for i := range 5 {
		enrol(t, s(nil), fmt.Sprintf("p%d", i), photograph(t, shown{Person: "ann", Take: i + 1}))
	}
	hurried := s(func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	})
	var all []identify.Pair
	pages, after := 0, store.SubjectID("")
	for {
		d, err := hurried.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 100, After: after})
		require.NoError(t, err)
		require.Positive(t, d.Searched)
		all = append(all, d.Pairs...)
		if pages++; d.Next == "" {
			break
		}
		after = d.Next
	}
	require.Greater(t, pages, 1)
	require.Len(t, all, 10)
}

func TestDuplicatesOfNobody(t *testing.T) {
	s := newService(t)
	d, err := s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, d.Pairs)
	require.Empty(t, d.Next)
	_, err = s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: "none", Limit: 10})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 10, K: 101})
	require.ErrorIs(t, err, identify.ErrInvalid)
	_, err = s.Duplicates(t.Context(), store.Actor{Tenant: "other"}, identify.DuplicatesRequest{Gallery: gallery, Limit: 10})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// Whoever goes, or comes, while the pages are walked spoils none of them.
func TestDuplicatesWhileTheGalleryChanges(t *testing.T) {
	s, other, i := openInterrupted(t)
	for n := range 6 {
		enrol(t, other, fmt.Sprintf("p%d", n), photograph(t, shown{Person: "ann", Take: n + 1}))
	}
	i.before = func(reads int) {
		if reads < 2 {
			_, err := other.DeleteSubject(t.Context(), by, gallery, store.SubjectID(fmt.Sprintf("p%d", 5-reads)))
			require.NoError(t, err)
		}
	}
	d, err := s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 100})
	require.NoError(t, err)
	for _, p := range d.Pairs {
		for _, m := range []identify.Member{p.A, p.B} {
			require.NotContains(t, []store.SubjectID{"p4", "p5"}, m.Subject)
		}
	}
	require.Len(t, d.Pairs, 6)
}

// countingSearches is an index that counts them.
type countingSearches struct {
	identify.Index

	searches int
}

func (c *countingSearches) Search(ctx context.Context, q index.Query) (index.Result, error) {
	c.searches++
	return c.Index.Search(ctx, q)
}

// TestDuplicatesOfManyFaces: of one person no more faces are searched than may be, by
// whom it is told.
func TestDuplicatesOfManyFaces(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, x := open(t), &countingSearches{}
		s := onIndex(t, db, &clock{time.Now()}, func(i identify.Index) identify.Index { x.Index = i; return x })
		g, err := s.Gallery(t.Context(), by, gallery)
		require.NoError(t, err)
		whole := enrol(t, s, "whole", photograph(t, shown{Person: "ann"}))
		for id, n := range map[store.SubjectID]int{"partly": identify.MaxFaces, "just": identify.MaxSearched} {
			faces := make([]store.Face, n)
			for i := range faces {
				faces[i] = whole.Faces[0]
				faces[i].ID = store.FaceID(uuid.NewString())
			}
			poor := whole.Faces[0]
			poor.ID, poor.Quality.Reasons = store.FaceID(uuid.NewString()), []string{photo.ReasonNotComparable}
			if id == "just" { // beside one that can be compared with nobody
				faces = append(faces, poor)
			}
			_, err = db.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: id}, faces, nil, true)
			require.NoError(t, err)
		}
		d, err := s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 100})
		require.NoError(t, err)
		require.Equal(t, 3, d.Searched)
		require.Equal(t, []store.SubjectID{"partly"}, d.Partly)
		require.Len(t, d.Pairs, 3)
		require.Equal(t, 2*identify.MaxSearched+1, x.searches)
	})
}
