package identify_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/identify"
	"oneton/store"
	"oneton/store/storetest"
)

// TestMergeSplitMove: searches find whom faces are of, at once.
func TestMergeSplitMove(t *testing.T) {
	s := newService(t)
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: "former"})
	require.NoError(t, err)
	ann := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "bob"}))
	found := func(person string) []string {
		t.Helper()
		_, ids := who(t, s, shown{Person: person, Take: 7})
		slices.Sort(ids)
		return ids
	}
	require.Equal(t, []string{"ann", "anna"}, found("ann"))

	sub, _, err := s.Merge(t.Context(), by, gallery, "anna", "ann", map[string]string{"team": "red"})
	require.NoError(t, err)
	require.Equal(t, 3, sub.Faces)
	require.Equal(t, map[string]string{"team": "red"}, sub.Metadata)
	require.Equal(t, []string{"ann"}, found("ann"))
	require.Equal(t, []string{"ann"}, found("bob"))
	_, faces, err := s.Subject(t.Context(), by, gallery, "ann")
	require.NoError(t, err)
	var bobs []store.FaceID
	for _, f := range faces {
		if f.ID != ann.Faces[0].ID {
			bobs = append(bobs, f.ID)
		}
	}
	// Which of the two is Bob's, a search tells.
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "bob"})}}).Probes[0]
	require.Contains(t, bobs, p.Candidates[0].Face)
	sub, _, err = s.Split(t.Context(), by, gallery, "ann", []store.FaceID{p.Candidates[0].Face}, "bob", true, map[string]string{"team": "blue"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"team": "blue"}, sub.Metadata)
	require.Equal(t, []string{"bob"}, found("bob"))
	require.Equal(t, []string{"ann"}, found("ann"))

	sub, _, err = s.Move(t.Context(), by, gallery, "bob", "former", "robert")
	require.NoError(t, err)
	require.Equal(t, store.SubjectID("robert"), sub.ID)
	require.Empty(t, found("bob"))
	a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: "former", Photos: [][]byte{photograph(t, shown{Person: "bob"})}})
	require.NoError(t, err)
	require.Equal(t, store.SubjectID("robert"), a.Probes[0].Candidates[0].Subject)
	require.Equal(t, map[string]string{"team": "blue"}, a.Probes[0].Candidates[0].Metadata)
}

// TestReassignmentsRefused: the error says what is at fault.
func TestReassignmentsRefused(t *testing.T) {
	e := scripted{table: table()}
	s, db := openWith(t, filepath.Join(t.TempDir(), "oneton.db"), e)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	for _, name := range []string{gallery, "former", "users"} {
		_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: name})
		require.NoError(t, err)
	}
	require.NoError(t, db.CreateGallery(t.Context(), store.Gallery{ID: "of another pack", Tenant: tenant, Name: "other", Pack: "another", Policy: policy()}))
	ann := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
	enrol(t, s, "zoe", photograph(t, shown{Person: "zoe"}))
	_, err := s.EndSubject(t.Context(), by, gallery, "zoe", time.Hour)
	require.NoError(t, err)
	face := []store.FaceID{ann.Faces[0].ID}
	merge := func(id, into store.SubjectID, m map[string]string) func() error {
		return func() error { _, _, err := s.Merge(t.Context(), by, gallery, id, into, m); return err }
	}
	split := func(id store.SubjectID, faces []store.FaceID, into store.SubjectID, create bool, m map[string]string) func() error {
		return func() error {
			_, _, err := s.Split(t.Context(), by, gallery, id, faces, into, create, m)
			return err
		}
	}
	move := func(id store.SubjectID, to string, as store.SubjectID) func() error {
		return func() error { _, _, err := s.Move(t.Context(), by, gallery, id, to, as); return err }
	}
	long := map[string]string{"k": string(make([]byte, 300))}
	for name, c := range map[string]struct {
		do   func() error
		err  error
		kind string
		what string
	}{
		"merge with itself":        {merge("ann", "ann", nil), identify.ErrInvalid, "into", ""},
		"merge nobody":             {merge("none", "ann", nil), store.ErrNotFound, identify.KindSubject, "none"},
		"merge into nobody":        {merge("ann", "none", nil), store.ErrNotFound, identify.KindSubject, "none"},
		"merge with bad metadata":  {merge("ann", "bob", long), identify.ErrInvalid, "metadata.k", ""},
		"merge who is to go":       {merge("zoe", "bob", nil), store.ErrEnding, "", ""},
		"merge into who is to go":  {merge("bob", "zoe", nil), store.ErrEnding, "", ""},
		"split no face":            {split("ann", nil, "bob", false, nil), identify.ErrInvalid, "faces", ""},
		"split a face twice":       {split("ann", append(face, face...), "bob", false, nil), identify.ErrInvalid, "faces", ""},
		"split another's face":     {split("bob", face, "ann", false, nil), store.ErrNotFound, identify.KindFace, string(face[0])},
		"split into itself":        {split("ann", face, "ann", false, nil), identify.ErrInvalid, "into", ""},
		"split into nobody":        {split("ann", face, "none", false, nil), store.ErrNotFound, identify.KindSubject, "none"},
		"split into a bad id":      {split("ann", face, "a b", true, nil), identify.ErrInvalid, "into", ""},
		"split into somebody new":  {split("ann", face, "bob", true, nil), store.ErrExists, identify.KindSubject, "bob"},
		"split with lost metadata": {split("ann", face, "bob", false, map[string]string{"k": "v"}), identify.ErrInvalid, "metadata", ""},
		"split into who is to go":  {split("ann", face, "zoe", false, nil), store.ErrEnding, "", ""},
		"move nowhere":             {move("ann", gallery, "x"), identify.ErrInvalid, "gallery", ""},
		"move to no gallery":       {move("ann", "none", ""), store.ErrNotFound, identify.KindGallery, "none"},
		"move nobody":              {move("none", "former", ""), store.ErrNotFound, identify.KindSubject, "none"},
		"move to another pack":     {move("ann", "other", ""), identify.ErrOtherPack, "gallery", ""},
		"move among others' users": {move("ann", "users", ""), identify.ErrInvalid, "gallery", ""},
		"move to a bad id":         {move("ann", "former", "a b"), identify.ErrInvalid, "id", ""},
		"move who is to go":        {move("zoe", "former", ""), store.ErrEnding, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := db.Position(t.Context())
			require.NoError(t, err)
			err = c.do()
			require.ErrorIs(t, err, c.err)
			if resource, ok := errors.AsType[*identify.ResourceError](err); ok {
				require.Equal(t, c.kind, resource.Kind)
				require.Equal(t, c.what, resource.Name)
			} else if argument, ok := errors.AsType[*identify.ArgumentError](err); ok {
				require.Equal(t, c.kind, argument.Argument)
			} else {
				require.Empty(t, c.kind)
			}
			after, err := db.Position(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after, "nothing is changed")
		})
	}
	_, err = s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "zoe", Photos: [][]byte{photograph(t, shown{Person: "zoe"})}})
	require.ErrorIs(t, err, store.ErrEnding)
	for _, after := range []time.Duration{0, -time.Second, identify.MaxEnd + time.Second} {
		_, err = s.EndSubject(t.Context(), by, gallery, "ann", after)
		require.ErrorIs(t, err, identify.ErrInvalid)
	}
	stranger := store.Actor{Tenant: "rival"}
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: stranger.Tenant}))
	_, err = s.CreateGallery(t.Context(), stranger, store.Gallery{Name: "theirs"})
	require.NoError(t, err)
	require.ErrorIs(t, move("ann", "theirs", "")(), store.ErrNotFound, "another tenant's gallery")
}

// TestTooManyFacesTogether: what is merged keeps to the bound of an enrolment.
func TestTooManyFacesTogether(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	g, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	many := make([]store.Face, identify.MaxFaces)
	for i := range many {
		many[i] = e.Faces[0]
		many[i].ID = store.FaceID(fmt.Sprintf("00000000-0000-7000-8000-%012d", i))
	}
	_, err = db.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: "many"}, many, nil, true)
	require.NoError(t, err)
	_, _, err = s.Merge(t.Context(), by, gallery, "ann", "many", nil)
	require.ErrorIs(t, err, identify.ErrTooManyFaces)
	_, _, err = s.Merge(t.Context(), by, gallery, "many", "ann", nil)
	require.ErrorIs(t, err, identify.ErrTooManyFaces)
	sub, _, err := s.Split(t.Context(), by, gallery, "many", []store.FaceID{many[0].ID}, "ann", false, nil)
	require.NoError(t, err)
	require.Equal(t, 2, sub.Faces)
}

// TestMergedOnce: who was merged is not made again by the photos that it had then.
func TestMergedOnce(t *testing.T) {
	s := newService(t)
	first, second := photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "ann", Take: 1})
	for id, photo := range map[string][]byte{"ann": first, "anna": second} {
		_, err := s.Enrol(t.Context(), by, repeated(id, photo))
		require.NoError(t, err)
	}
	_, _, err := s.Merge(t.Context(), by, gallery, "anna", "ann", nil)
	require.NoError(t, err)
	e, err := s.Enrol(t.Context(), by, repeated("anna", second))
	require.NoError(t, err)
	require.Empty(t, e.Faces)
	require.Len(t, e.Present, 1)
	_, _, err = s.Subject(t.Context(), by, gallery, "anna")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// TestPhotosOfMoved: a gallery that keeps no photos gets none.
func TestPhotosOfMoved(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	keeping := policy()
	keeping.KeepPhotos = true
	for name, p := range map[string]store.Policy{gallery: keeping, "also": keeping, "none": policy()} {
		_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: name, Policy: p})
		require.NoError(t, err)
	}
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	sub, _, err := s.Move(t.Context(), by, gallery, "ann", "also", "")
	require.NoError(t, err)
	require.Equal(t, 1, sub.Photos)
	sub, _, err = s.Move(t.Context(), by, "also", "ann", "none", "")
	require.NoError(t, err)
	require.Zero(t, sub.Photos)
	require.NoError(t, db.WaitErased(t.Context()))
}

// TestEndedSubjects: who is to be deleted is found until then, can be kept, and is gone
// afterwards; the record says who asked for it.
func TestEndedSubjects(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	actor := store.Actor{Tenant: tenant, Key: "k1", Request: "r-1"}
	for _, id := range []string{"ann", "bob"} {
		enrol(t, s, id, photograph(t, shown{Person: id}))
		sub, err := s.EndSubject(t.Context(), actor, gallery, store.SubjectID(id), time.Millisecond)
		require.NoError(t, err)
		require.NotZero(t, sub.EndsAt)
		_, found := who(t, s, shown{Person: id, Take: 1})
		require.Equal(t, []string{id}, found, "nothing is hidden")
	}
	kept, err := s.KeepSubject(t.Context(), actor, gallery, "bob")
	require.NoError(t, err)
	require.Zero(t, kept.EndsAt)
	deleted := 0
	for begun := time.Now(); deleted == 0 && time.Since(begun) < 2*time.Minute; {
		deleted, err = s.DeleteEndedSubjects(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 1, deleted)
	_, found := who(t, s, shown{Person: "ann", Take: 1})
	require.Empty(t, found)
	_, _, err = s.Subject(t.Context(), by, gallery, "ann")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, found = who(t, s, shown{Person: "bob", Take: 1})
	require.Equal(t, []string{"bob"}, found)
	_, _, err = s.Subject(t.Context(), by, gallery, "ann")
	require.ErrorIs(t, err, store.ErrNotFound)

	_, err = s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "bob", Photos: [][]byte{photograph(t, shown{Person: "bob", Take: 2})}})
	require.NoError(t, err)
	enrol(t, s, "cat", photograph(t, shown{Person: "cat"}))
	_, faces, err := s.Subject(t.Context(), by, gallery, "bob")
	require.NoError(t, err)
	_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: "former"})
	require.NoError(t, err)
	_, _, err = s.Split(t.Context(), actor, gallery, "bob", []store.FaceID{faces[0].ID}, "cat", false, nil)
	require.NoError(t, err)
	_, _, err = s.Merge(t.Context(), actor, gallery, "bob", "cat", nil)
	require.NoError(t, err)
	_, _, err = s.Move(t.Context(), actor, gallery, "cat", "former", "kat")
	require.NoError(t, err)
	deeds, _, err := audit.NewDeeds(db).List(t.Context(), audit.Query{Limit: 100})
	require.NoError(t, err)
	var said []string
	for _, d := range deeds {
		if d.Verb != audit.GalleryCreated {
			said = append(said, fmt.Sprintf("%s %s by %s", d.Verb, d.What, d.Key))
		}
	}
	slices.Reverse(said)
	require.Equal(t, []string{
		"subject.ending staff/ann 1ms by k1", "subject.ending staff/bob 1ms by k1", "subject.kept staff/bob by k1", "subject.deleted staff/ann by ",
		"subject.split staff/bob staff/cat " + string(faces[0].ID) + " by k1", "subject.merged staff/bob staff/cat by k1", "subject.moved staff/cat former/kat by k1",
	}, said)
}

// TestFindSubjects: each filter keeps whom it says, and pages of any size come to the
// same.
func TestFindSubjects(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	g, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	one := enrol(t, s, "model", photograph(t, shown{Person: "ann"})).Faces[0]
	_, err = s.DeleteSubject(t.Context(), by, gallery, "model")
	require.NoError(t, err)
	var all []string
	for i := range 600 {
		id := fmt.Sprintf("p%03d", i)
		all = append(all, id)
		faces, photos := make([]store.Face, i%3), make([]store.Photo, i%3)
		for j := range faces {
			faces[j] = one
			faces[j].ID = store.FaceID(fmt.Sprintf("00000000-0000-7000-8000-%012d", 10*i+j))
			if i%7 == 1 {
				photos[j] = store.Photo{MediaType: "image/png", Bytes: []byte{1}}
			}
		}
		_, err := db.Enrol(t.Context(), store.Subject{
			Gallery: g.ID, ID: store.SubjectID(id), Metadata: map[string]string{"floor": fmt.Sprint(i % 5), "odd": strconv.FormatBool(i%2 == 1)},
		}, faces, photos, true)
		require.NoError(t, err)
	}
	find := func(f identify.SubjectFilter, limit int) (ids []string) {
		t.Helper()
		for after := ""; ; {
			subs, next, err := s.FindSubjects(t.Context(), by, gallery, f, store.Page{After: after, Limit: limit})
			require.NoError(t, err)
			require.LessOrEqual(t, len(subs), limit)
			for _, sub := range subs {
				ids = append(ids, string(sub.ID))
			}
			if next == "" {
				return ids
			}
			require.Greater(t, next, after, "it gets on")
			after = next
		}
	}
	want := func(keep func(i int) bool) (ids []string) {
		for i, id := range all {
			if keep(i) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for name, c := range map[string]struct {
		f    identify.SubjectFilter
		keep func(i int) bool
	}{
		"all":            {identify.SubjectFilter{}, func(int) bool { return true }},
		"prefix":         {identify.SubjectFilter{Prefix: "p12"}, func(i int) bool { return i/10 == 12 }},
		"one":            {identify.SubjectFilter{Prefix: "p123"}, func(i int) bool { return i == 123 }},
		"prefix of none": {identify.SubjectFilter{Prefix: "q"}, func(int) bool { return false }},
		"before all":     {identify.SubjectFilter{Prefix: "a"}, func(int) bool { return false }},
		"one value":      {identify.SubjectFilter{Metadata: map[string][]string{"floor": {"3"}}}, func(i int) bool { return i%5 == 3 }},
		"two values":     {identify.SubjectFilter{Metadata: map[string][]string{"floor": {"3", "4"}}}, func(i int) bool { return i%5 >= 3 }},
		"two keys":       {identify.SubjectFilter{Metadata: map[string][]string{"floor": {"3"}, "odd": {"true"}}}, func(i int) bool { return i%5 == 3 && i%2 == 1 }},
		"no such key":    {identify.SubjectFilter{Metadata: map[string][]string{"roof": {""}}}, func(int) bool { return false }},
		"no value":       {identify.SubjectFilter{Metadata: map[string][]string{"floor": {}}}, func(int) bool { return false }},
		"photos":         {identify.SubjectFilter{HasPhoto: new(true)}, func(i int) bool { return i%7 == 1 && i%3 > 0 }},
		"no photos":      {identify.SubjectFilter{HasPhoto: new(false)}, func(i int) bool { return i%7 != 1 || i%3 == 0 }},
		"few faces":      {identify.SubjectFilter{MaxFaces: new(1)}, func(i int) bool { return i%3 <= 1 }},
		"no face":        {identify.SubjectFilter{MaxFaces: new(0)}, func(i int) bool { return i%3 == 0 }},
		"together": {
			identify.SubjectFilter{Prefix: "p1", MaxFaces: new(1), HasPhoto: new(true), Metadata: map[string][]string{"odd": {"true"}}},
			func(i int) bool { return i/100 == 1 && i%3 == 1 && i%7 == 1 && i%2 == 1 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{1, 7, 1000} {
				require.Equal(t, want(c.keep), find(c.f, limit))
			}
		})
	}
	for _, f := range []identify.SubjectFilter{{Prefix: "\x00"}, {Prefix: "\xff"}, {MaxFaces: new(-1)}} {
		_, _, err = s.FindSubjects(t.Context(), by, gallery, f, store.Page{Limit: 1})
		require.ErrorIs(t, err, identify.ErrInvalid)
	}
	counts, err := s.Counts(t.Context(), by, gallery)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Subjects: 600, Faces: 600}, counts)
	_, err = s.Counts(t.Context(), by, "none")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// TestArchiveAfterReassignments: an archive that is imported again undoes no merge and no
// split, says whose the faces are, and adds what is missing all the same.
func TestArchiveAfterReassignments(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		s, ctx := on(t, open(t), &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}), t.Context()
		var ids []store.FaceID
		for _, p := range []string{"ann", "anna", "bob", "cid"} {
			ids = append(ids, enrol(t, s, p, photograph(t, shown{Person: p}), photograph(t, shown{Person: p, Take: 1})).Faces[0].ID)
		}
		var people []identify.Kept
		require.NoError(t, s.Export(ctx, by, gallery, false, func(store.Gallery) error { return nil },
			func(k identify.Kept) error { people = append(people, k); return nil }, nil))
		for _, name := range []string{gallery, "copy"} { // where faces have the archive's ids, and where they have others
			if name == "copy" {
				_, err := s.CreateGallery(ctx, by, store.Gallery{Name: name})
				require.NoError(t, err)
			}
			again := func() identify.Imported {
				in, err := s.Import(ctx, by, name, pack, people)
				require.NoError(t, err)
				require.Empty(t, in.Refused)
				return in
			}
			again()
			_, faces, err := s.Subject(ctx, by, name, "bob")
			require.NoError(t, err)
			_, _, err = s.Merge(ctx, by, name, "anna", "ann", nil)
			require.NoError(t, err)
			_, _, err = s.Split(ctx, by, name, "bob", []store.FaceID{faces[0].ID}, "bobby", true, nil)
			require.NoError(t, err)
			_, err = s.DeleteSubject(ctx, by, name, "cid")
			require.NoError(t, err)

			in := again()
			require.Equal(t, []int{1, 2, 3}, []int{in.Subjects, in.Faces, in.Present}, "cid alone was missing")
			require.Len(t, in.Elsewhere, 3)
			require.Equal(t, identify.Elsewhere{Subject: "bob", Of: "bobby", Face: faces[0].ID}, in.Elsewhere[2])
			for _, e := range in.Elsewhere[:2] {
				require.Equal(t, []store.SubjectID{"anna", "ann"}, []store.SubjectID{e.Subject, e.Of})
			}
			for id, n := range map[store.SubjectID]int{"ann": 4, "bob": 1, "bobby": 1, "cid": 2} {
				sub, _, err := s.Subject(ctx, by, name, id)
				require.NoError(t, err)
				require.Equal(t, n, sub.Faces, id)
			}
			_, _, err = s.Subject(ctx, by, name, "anna")
			require.ErrorIs(t, err, store.ErrNotFound)

			// Whoever has the id by now is somebody else, to whom nothing is added.
			_, err = s.Enrol(ctx, by, identify.EnrolRequest{Gallery: name, Subject: "anna", Create: true, Photos: [][]byte{photograph(t, shown{Person: "other"})}})
			require.NoError(t, err)
			require.Zero(t, again().Faces)

			// Who was merged is not made of a face that was deleted since, nor by a later block.
			_, err = s.DeleteSubject(ctx, by, name, "anna")
			require.NoError(t, err)
			_, err = s.DeleteFace(ctx, by, name, "ann", in.Elsewhere[0].Face)
			require.NoError(t, err)
			in = again()
			require.Equal(t, []int{0, 0, 5}, []int{in.Subjects, in.Faces, in.Present})
			require.Equal(t, store.SubjectID("ann"), in.Elsewhere[0].Of)
			later := people[1]
			later.Before, later.Enrolled = []store.FaceID{later.Enrolled[1].ID}, later.Enrolled[:1]
			in, err = s.Import(ctx, by, name, pack, []identify.Kept{later})
			require.NoError(t, err)
			require.Zero(t, in.Subjects)
		}
		require.Equal(t, ids[2], people[2].Enrolled[0].ID)
	})
}

// TestArchiveAfterMoves: the gallery that people were moved to knows their archived faces,
// also of who has another id there; the one that they left adds them again.
func TestArchiveAfterMoves(t *testing.T) {
	s, ctx := newService(t), t.Context()
	_, err := s.CreateGallery(ctx, by, store.Gallery{Name: "former"})
	require.NoError(t, err)
	for _, p := range []string{"ann", "bob"} {
		enrol(t, s, p, photograph(t, shown{Person: p}), photograph(t, shown{Person: p, Take: 1}))
	}
	var people []identify.Kept
	require.NoError(t, s.Export(ctx, by, gallery, false, func(store.Gallery) error { return nil },
		func(k identify.Kept) error { people = append(people, k); return nil }, nil))
	for id, as := range map[store.SubjectID]store.SubjectID{"ann": "", "bob": "robert"} {
		_, _, err := s.Move(ctx, by, gallery, id, "former", as)
		require.NoError(t, err)
	}

	in, err := s.Import(ctx, by, "former", pack, people)
	require.NoError(t, err)
	require.Equal(t, []int{0, 0, 2, 0}, []int{in.Subjects, in.Faces, in.Present, len(in.Refused)})
	require.Len(t, in.Elsewhere, 2)
	for _, e := range in.Elsewhere {
		require.Equal(t, []store.SubjectID{"bob", "robert"}, []store.SubjectID{e.Subject, e.Of})
	}
	in, err = s.Import(ctx, by, gallery, pack, people)
	require.NoError(t, err)
	require.Equal(t, []int{2, 4, 0, 0}, []int{in.Subjects, in.Faces, in.Present, len(in.Refused)})
}
