package identify_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/identify"
	"oneton/index"
	"oneton/store"
	"oneton/store/sqlite"
)

// interrupted is a store in which something happens after the index was
// searched and before its hits are read.
type interrupted struct {
	*sqlite.Store
	// before is called with the count of the reads so far.
	before func(reads int)
	reads  int
}

func (i *interrupted) SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error) {
	if i.before != nil {
		i.before(i.reads)
	}
	i.reads++
	return i.Store.SubjectsOf(ctx, gallery, faces)
}

// openInterrupted is a service whose store can be interrupted, and another on
// the same database that cannot.
func openInterrupted(t *testing.T) (disturbed, other *identify.Service, i *interrupted) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oneton.db")
	other, db := open(t, path)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := other.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	i = &interrupted{Store: db}
	x, f := follow(t, db)
	disturbed, err = identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, x, f, i)
	require.NoError(t, err)
	return disturbed, other, i
}

// TestDeletedBeforeTheAnswer deletes between the scan and the answer, in each
// way that there is, and holds the answer to who is left.
func TestDeletedBeforeTheAnswer(t *testing.T) {
	probe := shown{Person: "ann", Take: 1}
	for name, c := range map[string]struct {
		// erase runs before the n-th read of what was found.
		erase func(t *testing.T, s *identify.Service, n int)
		want  identify.Outcome
		ids   []string
	}{
		"the best of two": {func(t *testing.T, s *identify.Service, n int) {
			if n == 0 {
				_, err := s.DeleteSubject(t.Context(), by, gallery, "ann")
				require.NoError(t, err)
			}
		}, identify.Several, []string{"twin", "triplet"}},
		"the best, and then the next": {func(t *testing.T, s *identify.Service, n int) {
			if n < 2 {
				_, err := s.DeleteSubject(t.Context(), by, gallery, store.SubjectID([]string{"ann", "twin"}[n]))
				require.NoError(t, err)
			}
		}, identify.One, []string{"triplet"}},
		"the second": {func(t *testing.T, s *identify.Service, n int) {
			if n == 0 {
				_, err := s.DeleteSubject(t.Context(), by, gallery, "twin")
				require.NoError(t, err)
				_, err = s.DeleteSubject(t.Context(), by, gallery, "triplet")
				require.NoError(t, err)
			}
		}, identify.One, []string{"ann"}},
		"everyone": {func(t *testing.T, s *identify.Service, n int) {
			for _, id := range []string{"ann", "twin", "triplet"} {
				if n == 0 {
					_, err := s.DeleteSubject(t.Context(), by, gallery, store.SubjectID(id))
					require.NoError(t, err)
				}
			}
		}, identify.Nobody, nil},
		"a face of several": {func(t *testing.T, s *identify.Service, n int) {
			if n == 0 {
				_, faces, err := s.Subject(t.Context(), by, gallery, "ann")
				require.NoError(t, err)
				_, err = s.DeleteFace(t.Context(), by, gallery, "ann", faces[0].ID)
				require.NoError(t, err)
			}
		}, identify.Several, []string{"twin", "triplet", "ann"}},
		"made again as another": {func(t *testing.T, s *identify.Service, n int) {
			if n == 0 {
				_, err := s.DeleteSubject(t.Context(), by, gallery, "ann")
				require.NoError(t, err)
				enrol(t, s, "ann", photograph(t, shown{Person: "someone else"}))
			}
		}, identify.Several, []string{"twin", "triplet"}},
		"the gallery": {func(t *testing.T, s *identify.Service, n int) {
			if n == 0 {
				_, err := s.DeleteGallery(t.Context(), by, gallery)
				require.NoError(t, err)
			}
		}, identify.Nobody, nil},
	} {
		for _, k := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, k %d", name, k), func(t *testing.T) {
				s, other, i := openInterrupted(t)
				enrol(t, other, "ann", photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "ann's other look", Like: "ann", Near: 0.94}))
				enrol(t, other, "twin", photograph(t, shown{Person: "twin", Like: "ann", Near: 0.98}))
				enrol(t, other, "triplet", photograph(t, shown{Person: "triplet", Like: "ann", Near: 0.96}))
				i.before = func(reads int) { c.erase(t, other, reads) }
				a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, probe)}, K: k})
				require.NoError(t, err)
				p := a.Probes[0]
				require.Equal(t, c.want, p.Outcome)
				var ids []string
				for _, candidate := range p.Candidates {
					ids = append(ids, string(candidate.Subject))
				}
				if k < len(c.ids) {
					require.Subset(t, c.ids, ids)
					require.Len(t, ids, k)
				} else {
					require.ElementsMatch(t, c.ids, ids)
				}
			})
		}
	}
}

// TestInsertWhoseFirstMatchIsDeleted: the second person matched is not nobody,
// and is not enrolled again.
func TestInsertWhoseFirstMatchIsDeleted(t *testing.T) {
	s, other, i := openInterrupted(t)
	enrol(t, other, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, other, "ann-again", photograph(t, shown{Person: "ann", Take: 2}))
	i.before = func(reads int) {
		if reads == 0 {
			_, err := other.DeleteSubject(t.Context(), by, gallery, "ann")
			require.NoError(t, err)
		}
	}
	a, err := s.Search(t.Context(), by, identify.SearchRequest{
		Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}, K: 1, Insert: true,
	})
	require.NoError(t, err)
	require.Nil(t, a.Inserted)
	require.Equal(t, identify.One, a.Probes[0].Outcome)
	require.Equal(t, store.SubjectID("ann-again"), a.Probes[0].Candidates[0].Subject)
}

// hasty deletes every new subject before its enrolment is answered.
type hasty struct{ *sqlite.Store }

func (h hasty) Enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, also ...func(store.Tx) error) (uint64, error) {
	position, err := h.Store.Enrol(ctx, sub, faces, photos, create, also...)
	if err == nil {
		_, err = h.DeleteSubject(ctx, sub.Gallery, sub.ID)
	}
	return position, err
}

// TestEnrolmentThatIsDeletedAtOnce: it was made, and is answered so.
func TestEnrolmentThatIsDeletedAtOnce(t *testing.T) {
	_, _, i := openInterrupted(t)
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, stillIndex{}, level{}, hasty{i.Store})
	require.NoError(t, err)
	for _, id := range []string{"ann", ""} {
		e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{
			Gallery: gallery, Subject: store.SubjectID(id), Create: true, Metadata: map[string]string{"a": "b"}, Photos: [][]byte{photograph(t, shown{Person: "ann"})},
		})
		require.NoError(t, err)
		require.Equal(t, 1, e.Subject.Faces)
		require.Equal(t, map[string]string{"a": "b"}, e.Subject.Metadata)
	}
}

// TestFilterHoldsForWhatIsAnswered changes the metadata between the scan and
// the answer.
func TestFilterHoldsForWhatIsAnswered(t *testing.T) {
	s, other, i := openInterrupted(t)
	_, err := other.Enrol(t.Context(), by, identify.EnrolRequest{
		Gallery: gallery, Subject: "ann", Create: true, Metadata: map[string]string{"site": "oslo"}, Photos: [][]byte{photograph(t, shown{Person: "ann"})},
	})
	require.NoError(t, err)
	i.before = func(int) {
		_, _, err := other.UpdateMetadata(t.Context(), by, gallery, "ann", described(map[string]string{"site": "bern"}))
		require.NoError(t, err)
	}
	for _, c := range []struct {
		site string
		want identify.Outcome
	}{{"oslo", identify.Nobody}, {"bern", identify.One}} {
		site, want := c.site, c.want
		a, err := s.Search(t.Context(), by, identify.SearchRequest{
			Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}, Filter: map[string][]string{"site": {site}},
		})
		require.NoError(t, err)
		require.Equal(t, want, a.Probes[0].Outcome, site)
		for _, c := range a.Probes[0].Candidates {
			require.Equal(t, site, c.Metadata["site"])
		}
	}
}

// TestGhost is about an index that names a face which the store never had: no
// answer may rest on it.
func TestGhost(t *testing.T) {
	_, other, i := openInterrupted(t)
	enrol(t, other, "ann", photograph(t, shown{Person: "ann"}))
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, ghostly{}, level{}, i)
	require.NoError(t, err)
	_, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
	require.ErrorIs(t, err, index.ErrUnavailable)
}

type ghostly struct{}

func (ghostly) Search(context.Context, index.Query) (index.Result, error) {
	return index.Result{Hits: []index.Hit{{Subject: "ann", Face: "none", Cosine: 1}}, Faces: 1, Position: 1}, nil
}

func (ghostly) Faces(context.Context, index.Scope) (int, error) { return 1, nil }

// level is a follower whose index is always there.
type level struct{}

func (level) Wait(context.Context, uint64) error                                     { return nil }
func (level) WaitFor(context.Context, store.TenantID, store.GalleryID, uint64) error { return nil }
func (level) Notify()                                                                {}

// TestAnswersWhileBeingDeleted searches for people, and inserts them, while
// they are enrolled, inserted and deleted all the time.
func TestAnswersWhileBeingDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	one, db := open(t, path)
	other, _ := open(t, path)
	replicas := []*identify.Service{one, other}
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := one.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)

	// Ada is always there, with twins who come and go. So she is always found.
	enrol(t, one, "ada", photograph(t, shown{Person: "ada"}))
	var stop atomic.Bool
	var changing, asking sync.WaitGroup
	fail := func(format string, args ...any) { t.Errorf(format, args...); stop.Store(true) }
	for w := range 2 {
		changing.Go(func() {
			for n := 0; !stop.Load(); n++ {
				s, id := replicas[n%2], fmt.Sprintf("twin-%d-%d", w, n)
				_, err := s.Enrol(context.Background(), by, identify.EnrolRequest{
					Gallery: gallery, Subject: store.SubjectID(id), Create: true,
					Photos: [][]byte{photograph(t, shown{Person: id, Like: "ada", Near: 0.97}), photograph(t, shown{Person: id + "'", Like: "ada", Near: 0.95})},
				})
				if err == nil {
					_, err = s.DeleteSubject(context.Background(), by, gallery, store.SubjectID(id))
				}
				if err != nil {
					fail("change: %v", err)
				}
			}
		})
	}
	var answers, twins atomic.Int64
	for w := range 4 {
		asking.Go(func() {
			for n := 0; n < 60 && !stop.Load(); n++ {
				k := 1 + (n+w)%3
				a, err := replicas[(n+w)%2].Search(context.Background(), by, identify.SearchRequest{
					Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ada"})}, K: k, Insert: n%2 == 0,
				})
				if err != nil {
					fail("search: %v", err)
					return
				}
				p := a.Probes[0]
				answers.Add(1)
				switch {
				case a.Inserted != nil:
					fail("ada was enrolled again")
				case p.Outcome == identify.Nobody, len(p.Candidates) == 0, p.Candidates[0].Subject != "ada":
					fail("ada is not the best: %v, %v", p.Outcome, p.Candidates)
				case p.Outcome == identify.Several && k > 1 && len(p.Candidates) < 2:
					fail("several, and one candidate")
				case p.Outcome == identify.One && len(p.Candidates) > 1 && p.Candidates[0].Cosine-p.Candidates[1].Cosine < 0.09:
					fail("one, and another as near")
				case p.Outcome == identify.Several:
					twins.Add(1)
				}
			}
		})
	}
	asking.Wait()
	stop.Store(true)
	changing.Wait()
	t.Logf("%d answers, %d with twins", answers.Load(), twins.Load())
}

// TestInsertBesideEnrolments: others who are enrolled meanwhile are no reason
// to look again.
func TestInsertBesideEnrolments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	one, db := open(t, path)
	other, _ := open(t, path)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	g, err := one.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	counted := &counting{Store: db}
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, stillIndex{}, level{}, counted)
	require.NoError(t, err)
	for i := range 20 {
		// The index never sees what comes; the store must.
		enrol(t, other, fmt.Sprint("other", i), photograph(t, shown{Person: fmt.Sprint("other", i)}))
		a, err := s.Search(t.Context(), by, identify.SearchRequest{
			Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: fmt.Sprint("p", i)})}, Insert: true,
		})
		require.NoError(t, err)
		require.NotNil(t, a.Inserted)
		require.Equal(t, i+1, counted.enrolments, "no second look")
	}
	// Two people whose photos are poor alike are two.
	enrol(t, other, "poor", photograph(t, shown{Person: "poor", Doubt: 0.5}))
	a, err := s.Search(t.Context(), by, identify.SearchRequest{
		Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "as poor", Like: "poor", Near: 0.6, Doubt: 0.5})}, Insert: true,
	})
	require.NoError(t, err)
	require.NotNil(t, a.Inserted)
	require.Equal(t, 21, counted.enrolments, "no second look")
	// The person is among the newcomers: the service looks again, and again,
	// until the index has seen them.
	enrol(t, other, "late", photograph(t, shown{Person: "late"}))
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = s.Search(soon, by, identify.SearchRequest{
		Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "late", Take: 1})}, Insert: true,
	})
	require.Error(t, err)
	subs, err := db.Subjects(t.Context(), g.ID, store.Page{Limit: 100})
	require.NoError(t, err)
	require.Len(t, subs, 43)
}

// counting counts attempts to insert.
type counting struct {
	*sqlite.Store
	enrolments int
}

func (c *counting) EnrolAsOf(ctx context.Context, seen uint64, same func(face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error) {
	c.enrolments++
	return c.Store.EnrolAsOf(ctx, seen, same, sub, faces, photos)
}

// TestPositionOfSeveralFaces: an answer speaks as of a position that each of
// its faces was searched at.
func TestPositionOfSeveralFaces(t *testing.T) {
	_, _, i := openInterrupted(t)
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, &movingIndex{}, level{}, i)
	require.NoError(t, err)
	a, err := s.Search(t.Context(), by, identify.SearchRequest{
		Gallery: gallery, AllFaces: true, Photos: [][]byte{photograph(t, shown{Person: "ann"}, shown{Person: "bob"})},
	})
	require.NoError(t, err)
	require.Equal(t, uint64(1), a.Position)
	require.Equal(t, 1, a.Probes[0].Faces)
	require.Equal(t, 2, a.Probes[1].Faces)
	require.InDelta(t, table().Identification(0.01, 2), a.Probes[1].Threshold, 1e-12, "the threshold is of the count that was searched")
}

// movingIndex has a face more at each search.
type movingIndex struct{ position uint64 }

func (m *movingIndex) Search(_ context.Context, q index.Query) (index.Result, error) {
	m.position++
	faces := int(m.position) //nolint:gosec // a few
	_, err := q.In(faces)
	return index.Result{Faces: faces, Position: m.position}, err
}

func (m *movingIndex) Faces(context.Context, index.Scope) (int, error) {
	return int(m.position), nil //nolint:gosec // a few
}

// stillIndex is empty, as of position 0.
type stillIndex struct{}

func (stillIndex) Search(ctx context.Context, _ index.Query) (index.Result, error) {
	return index.Result{}, ctx.Err()
}

func (stillIndex) Faces(ctx context.Context, _ index.Scope) (int, error) { return 0, ctx.Err() }
