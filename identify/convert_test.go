package identify_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/identify"
	"oneton/index/exact"
	"oneton/photo"
	"oneton/store"
	"oneton/store/sqlite"
)

// versioned are the scripted models as packs of several versions have them:
// those after the first map the template, and doubt it by its quality.
type versioned struct {
	scripted
	version  string
	converts []string
}

func version(v string, converts ...string) versioned {
	return versioned{scripted{table: table()}, v, converts}
}

func (versioned) Packs() []string                  { return []string{pack} }
func (v versioned) Version(string) (string, error) { return v.version, nil }

func (v versioned) Converter(_, from string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	if !slices.Contains(v.converts, from) {
		return nil
	}
	return func(t face.Template, q face.Quality) (face.Template, face.Quality, error) {
		if len(t) != dimension {
			return nil, q, face.ErrDimension
		}
		t, err := mapped(t, v.version, 1-float64(q.Score))
		q.Reasons = append(slices.Clone(q.Reasons), "converted")
		return t, q, err
	}
}

func (v versioned) Embed(ctx context.Context, p string, b []byte, checks ...photo.Check) (photo.Result, error) {
	r, err := v.scripted.Embed(ctx, p, b, checks...)
	for i, f := range r.Faces {
		f.Quality.Score = 0.9 - float32(len(b)%7)/50
		if v.version != "1" {
			doubt := 1 - float64(f.Quality.Score)
			kept, err := mapped(f.Template, v.version, doubt)
			if err != nil {
				return r, err
			}
			f.Template, f.Probe = kept, slices.Clone(kept)
			f.Probe[dimension-1] *= -1
		}
		r.Faces[i] = f
	}
	return r, err
}

// mapped is a version's map of a template, with its doubt.
func mapped(t face.Template, version string, doubt float64) (face.Template, error) {
	rng := rand.New(rand.NewPCG(uint64(len(version)), uint64(version[0])))
	u := make([]float32, dimension-1)
	for i := range u {
		var sum float64
		for _, x := range t {
			sum += rng.NormFloat64() * float64(x)
		}
		u[i] = float32(sum)
	}
	unit, err := face.NewTemplate(u)
	if err != nil {
		return nil, err
	}
	return doubted(unit, doubt), nil
}

func convert(t *testing.T, db identify.Spaces, to versioned) (aside []store.Face, err error) {
	t.Helper()
	return aside, identify.ConvertFaces(t.Context(), to, db, func(identify.Conversion) {}, func(f store.Face) { aside = append(aside, f) })
}

// openVersion is a service with a version of the pack.
func openVersion(t *testing.T, path string, v versioned) (*identify.Service, *sqlite.Store) {
	t.Helper()
	return openWith(t, path, v)
}

// people enrols n of them, of two photos each.
func people(t *testing.T, s *identify.Service, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprint("p", i)
		enrol(t, s, name, photograph(t, shown{Person: name}), photograph(t, shown{Person: name, Take: 10}))
	}
}

func newVersioned(t *testing.T, v versioned) (s *identify.Service, db *sqlite.Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "oneton.db")
	s, db = openVersion(t, path, v)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	return s, db, path
}

func requireFound(t *testing.T, s *identify.Service, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprint("p", i)
		a := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: name})}})
		require.Equal(t, identify.One, a.Probes[0].Outcome, name)
		require.Equal(t, store.SubjectID(name), a.Probes[0].Candidates[0].Subject)
		require.Equal(t, 2*n, a.Probes[0].Faces)
	}
}

// TestConvertedFacesAreAsEnrolledAnew converts a gallery, and holds what it keeps
// and answers against one that is enrolled with the new version.
func TestConvertedFacesAreAsEnrolledAnew(t *testing.T) {
	const n = 150 // more than a page
	s1, db, path := newVersioned(t, version("1"))
	people(t, s1, n)
	g, err := s1.Gallery(t.Context(), by, gallery)
	require.NoError(t, err)
	require.NoError(t, identify.NewCalibrations(db).PutCalibration(t.Context(), pack, []byte(`{"measured": 1}`)))
	aside, err := convert(t, db, version("1"))
	require.NoError(t, err)
	require.Empty(t, aside)
	before, err := db.Position(t.Context())
	require.NoError(t, err)

	v2 := version("2", "1")
	s2, _ := openVersion(t, path, v2)
	require.NoError(t, identify.PrepareSpaces(t.Context(), v2, db))
	_, err = s2.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "p0"})}})
	require.ErrorIs(t, err, store.ErrSpace, "before they are converted")
	_, err = s2.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Create: true, Photos: [][]byte{photograph(t, shown{Person: "x"})}})
	require.ErrorIs(t, err, store.ErrSpace)
	_, err = s2.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: "p0", Photo: photograph(t, shown{Person: "p0"})})
	require.ErrorIs(t, err, store.ErrSpace)

	aside, err = convert(t, db, v2)
	require.NoError(t, err)
	require.Empty(t, aside)
	requireFound(t, s2, n)
	for _, call := range []func() error{
		func() error {
			_, err := s1.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "p0"})}})
			return err
		},
		func() error {
			_, err := s1.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Create: true, Photos: [][]byte{photograph(t, shown{Person: "x"})}})
			return err
		},
	} {
		require.ErrorIs(t, call(), store.ErrSpace, "a process with the version before")
	}

	// The same photos enrolled anew are the same templates.
	fresh, freshDB, _ := newVersioned(t, v2)
	_, err = convert(t, freshDB, v2)
	require.NoError(t, err)
	people(t, fresh, 3)
	h, err := fresh.Gallery(t.Context(), by, gallery)
	require.NoError(t, err)
	for i := range 3 {
		name := fmt.Sprint("p", i)
		converted, err := db.Faces(t.Context(), g.ID, store.SubjectID(name))
		require.NoError(t, err)
		anew, err := freshDB.Faces(t.Context(), h.ID, store.SubjectID(name))
		require.NoError(t, err)
		for j := range converted {
			require.Equal(t, pack+"@2", converted[j].Pack)
			require.Equal(t, anew[j].Pack, converted[j].Pack)
			cosine, err := anew[j].Template.Cosine(converted[j].Template)
			require.NoError(t, err)
			require.InDelta(t, 1, cosine, 1e-6)
			require.Contains(t, converted[j].Quality.Reasons, "converted")
		}
		v, err := s2.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: store.SubjectID(name), Photo: photograph(t, shown{Person: name})})
		require.NoError(t, err)
		require.True(t, v.Match)
	}
	enrol(t, s2, "new", photograph(t, shown{Person: "new"}))

	// Nothing is left to do, and nothing is written.
	end, err := db.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, before+2*n+1, end)
	space, err := db.Space(t.Context(), pack)
	require.NoError(t, err)
	_, err = convert(t, db, v2)
	require.NoError(t, err)
	again, err := db.Space(t.Context(), pack)
	require.NoError(t, err)
	require.Equal(t, space, again)
	at, err := db.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, at)

	// A table of the version before is not this version's.
	_, err = s2.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "p0"})}})
	require.NoError(t, err)
	require.NoError(t, identify.NewCalibrations(db).PutCalibration(t.Context(), space.Name(), []byte(`{"measured": 1}`)))
	_, err = s2.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "p0"})}})
	require.ErrorContains(t, err, "calibration")
}

// failing is a store that fails after some pages.
type failing struct {
	*sqlite.Store
	pages int
}

var errFails = errors.New("as told")

func (f *failing) ReplaceFaces(ctx context.Context, was string, faces []store.Face) (int, uint64, error) {
	if f.pages--; f.pages < 0 {
		return 0, 0, errFails
	}
	return f.Store.ReplaceFaces(ctx, was, faces)
}

func TestConversionGoesOnWhereItWas(t *testing.T) {
	const n = 300
	s1, db, path := newVersioned(t, version("1"))
	people(t, s1, n)
	v2 := version("2", "1")
	s2, _ := openVersion(t, path, v2)
	for range 2 {
		err := identify.ConvertFaces(t.Context(), v2, &failing{db, 1}, func(identify.Conversion) {}, func(store.Face) { t.Fail() })
		require.ErrorIs(t, err, errFails)
		for _, s := range []*identify.Service{s1, s2} {
			_, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "p0"})}})
			require.ErrorIs(t, err, store.ErrSpace, "some are there and some are not")
			require.ErrorContains(t, err, "being converted")
		}
	}
	// The version before can no more have what was converted.
	_, err := convert(t, db, version("1"))
	require.ErrorIs(t, err, identify.ErrNoWay)
	_, err = convert(t, db, v2)
	require.NoError(t, err)
	requireFound(t, s2, n)
}

func TestNoWayChangesNothing(t *testing.T) {
	s1, db, _ := newVersioned(t, version("1"))
	people(t, s1, 2)
	_, err := convert(t, db, version("1"))
	require.NoError(t, err)
	was, err := db.Space(t.Context(), pack)
	require.NoError(t, err)
	for _, v := range []versioned{version("2"), version("3", "2")} {
		require.ErrorIs(t, identify.PrepareSpaces(t.Context(), v, db), identify.ErrNoWay)
		_, err = convert(t, db, v)
		require.ErrorIs(t, err, identify.ErrNoWay)
		require.ErrorContains(t, err, "they are of version 1, and version "+v.version+" is loaded")
	}
	is, err := db.Space(t.Context(), pack)
	require.NoError(t, err)
	require.Equal(t, was, is)
	requireFound(t, s1, 2)
}

// TestOwnersVersions is about packs whose version was no 1 before versions were told
// apart.
func TestOwnersVersions(t *testing.T) {
	s1, db, path := newVersioned(t, version("1"))
	people(t, s1, 2) // as an owner's version 7 enrolled them, by a program that noted no version
	s7, _ := openVersion(t, path, version("7"))
	_, err := convert(t, db, version("7"))
	require.NoError(t, err)
	_, err = s7.Space(t.Context(), pack)
	require.NoError(t, err, "they are believed to be of the version that is loaded")
	enrol(t, s7, "new", photograph(t, shown{Person: "new"}))
	faces, err := db.Spaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{pack: 5}, faces)
	_, err = convert(t, db, version("8"))
	require.ErrorIs(t, err, identify.ErrNoWay, "from then on a version is noted")
	v8 := version("8", "7")
	_, err = convert(t, db, v8)
	require.NoError(t, err)
	faces, err = db.Spaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{pack + "@8": 5}, faces)

	// An empty database takes any version, and needs no conversion for it.
	_, empty, _ := newVersioned(t, version("8"))
	for _, v := range []versioned{version("8"), version("9"), version("1")} {
		require.NoError(t, identify.PrepareSpaces(t.Context(), v, empty))
		space, err := empty.Space(t.Context(), pack)
		require.NoError(t, err)
		require.Equal(t, v.version, space.Version)
	}
}

func TestFacesThatCannotBeConvertedAreSetAside(t *testing.T) {
	s1, db, path := newVersioned(t, version("1"))
	people(t, s1, 4)
	g, err := s1.Gallery(t.Context(), by, gallery)
	require.NoError(t, err)
	id := func(subject string) string {
		faces, err := db.Faces(t.Context(), g.ID, store.SubjectID(subject))
		require.NoError(t, err)
		return string(faces[0].ID)
	}
	bit, quality := id("p1"), id("p2")
	raw := openRaw(t, path)
	_, err = raw.ExecContext(t.Context(), `UPDATE faces SET template = zeroblob(512) WHERE id = ?`, bit)
	require.NoError(t, err)
	_, err = raw.ExecContext(t.Context(), `UPDATE faces SET quality = '{"score": 0.99}' WHERE id = ?`, quality)
	require.NoError(t, err)
	v2 := version("2", "1")
	s2, _ := openVersion(t, path, v2)
	for range 2 { // again at each start
		aside, err := convert(t, db, v2)
		require.NoError(t, err)
		require.Len(t, aside, 2)
		require.Equal(t, []string{bit, quality}, []string{string(aside[0].ID), string(aside[1].ID)})
	}
	for _, name := range []string{"p0", "p1", "p2", "p3"} {
		a := search(t, s2, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: name, Take: 10})}})
		require.Equal(t, identify.One, a.Probes[0].Outcome, "by the other photo of %s", name)
		require.Equal(t, 6, a.Probes[0].Faces, "those set aside are no chance of a false match")
		v, err := s2.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: store.SubjectID(name), Photo: photograph(t, shown{Person: name})})
		require.NoError(t, err)
		require.NotEqual(t, bit, string(v.Face))
		require.NotEqual(t, quality, string(v.Face))
	}
	_, err = s2.DeleteSubject(t.Context(), by, gallery, "p1")
	require.NoError(t, err)
	_, err = s2.DeleteSubject(t.Context(), by, gallery, "p2")
	require.NoError(t, err)
	aside, err := convert(t, db, v2)
	require.NoError(t, err)
	require.Empty(t, aside)
}

// unkeepable is a version that makes of a face what no store keeps.
type unkeepable struct {
	versioned
	score float32
}

func (u unkeepable) Converter(pack, from string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	convert := u.versioned.Converter(pack, from)
	return func(t face.Template, q face.Quality) (face.Template, face.Quality, error) {
		score := q.Score
		t, q, err := convert(t, q)
		if score == u.score {
			q.Score = float32(math.NaN())
		}
		return t, q, err
	}
}

func TestFaceThatCannotBeKeptHoldsUpNoOther(t *testing.T) {
	s1, db, path := newVersioned(t, version("1"))
	people(t, s1, 3)
	g, err := s1.Gallery(t.Context(), by, gallery)
	require.NoError(t, err)
	faces, err := db.Faces(t.Context(), g.ID, "p1")
	require.NoError(t, err)
	raw := openRaw(t, path)
	_, err = raw.ExecContext(t.Context(), `UPDATE faces SET quality = '{"score": -1}', details = NULL WHERE id = ?`, faces[0].ID)
	require.NoError(t, err)
	v2 := version("2", "1")
	s2, _ := openVersion(t, path, v2)
	var aside []store.Face
	require.NoError(t, identify.ConvertFaces(t.Context(), unkeepable{v2, -1}, db, func(identify.Conversion) {}, func(f store.Face) { aside = append(aside, f) }))
	require.Len(t, aside, 1)
	require.Equal(t, faces[0].ID, aside[0].ID)
	require.Equal(t, pack, aside[0].Pack, "it stays where it is")
	for _, name := range []string{"p0", "p1", "p2"} {
		a := search(t, s2, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: name, Take: 10})}})
		require.Equal(t, identify.One, a.Probes[0].Outcome, name)
		require.Equal(t, 5, a.Probes[0].Faces)
	}
}

// moving is a store whose faces begin to move when they are read.
type moving struct {
	*sqlite.Store
	move func()
}

func (m moving) Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error) {
	m.move()
	return m.Store.Faces(ctx, gallery, subject)
}

func TestVerifyWhileFacesMove(t *testing.T) {
	s1, db, _ := newVersioned(t, version("1"))
	people(t, s1, 1)
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	move := func() {
		_, err := convert(t, db, version("2", "1"))
		require.NoError(t, err)
	}
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, version("1"), x,
		changelog.NewFollower(db, x, changelog.FollowerConfig{}), moving{db, move})
	require.NoError(t, err)
	_, err = s.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: "p0", Photo: photograph(t, shown{Person: "p0"})})
	require.ErrorIs(t, err, store.ErrSpace, "nothing is damaged")
}

func openRaw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
