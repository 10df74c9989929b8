package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/store"
)

// testModel runs random operations on the store and on the plainest model of
// it, and compares everything that can be read after each.
func testModel(t *testing.T, open Open) {
	s := opened(t, open)
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, s)
		rt.Repeat(map[string]func(*rapid.T){
			"":               m.check,
			"create gallery": m.createGallery,
			"delete gallery": m.deleteGallery,
			"enrol":          m.enrol,
			"metadata":       m.updateMetadata,
			"delete subject": m.deleteSubject,
			"reassign":       m.reassign,
			"delete face":    m.deleteFace,
			"delete photos":  m.deletePhotos,
			"follow":         m.follow,
		})
	})
	RequireReplay(t, s)
}

type model struct {
	store     Store
	tenants   []store.TenantID
	galleries map[galleryKey]*modelGallery
	// taken are faces ids that exist or have existed.
	taken []store.FaceID
	// going are those of deleted galleries, which are removed bit by bit.
	going map[store.FaceID]bool
	// replays follow the log from the check's beginning, each at its pace.
	replays  []*replay
	position uint64
}

type galleryKey struct {
	tenant store.TenantID
	name   string
}

type modelGallery struct {
	gallery  store.Gallery
	subjects map[store.SubjectID]*modelSubject
}

type modelSubject struct {
	metadata map[string]string
	faces    []store.Face
	photos   map[store.FaceID]store.Photo
}

func newModel(t *rapid.T, s Store) *model {
	m := &model{store: s, galleries: make(map[galleryKey]*modelGallery), going: make(map[store.FaceID]bool)}
	for range 2 {
		id := store.TenantID(uuid.NewString())
		require.NoError(t, s.CreateTenant(context.Background(), store.Tenant{ID: id, Name: "model"}))
		m.tenants = append(m.tenants, id)
	}
	p, err := s.Position(context.Background())
	require.NoError(t, err)
	m.position = p
	for range 3 {
		m.replays = append(m.replays, newReplay(p))
	}
	return m
}

// galleryAt draws a gallery's key and the gallery, if it is there.
func (m *model) galleryAt(t *rapid.T) (galleryKey, *modelGallery) {
	k := galleryKey{rapid.SampledFrom(m.tenants).Draw(t, "tenant"), rapid.SampledFrom([]string{"g", "h"}).Draw(t, "gallery")}
	return k, m.galleries[k]
}

// subjectAt draws a place for a subject, and the subject if it is there; an
// absent gallery is an id that never was.
func (m *model) subjectAt(t *rapid.T) (gallery store.GalleryID, id store.SubjectID, g *modelGallery, sub *modelSubject) {
	_, g = m.galleryAt(t)
	id = rapid.SampledFrom([]store.SubjectID{"p", "q", "r"}).Draw(t, "subject")
	if g == nil {
		return "no such gallery", id, nil, nil
	}
	return g.gallery.ID, id, g, g.subjects[id]
}

func metadataGen() *rapid.Generator[map[string]string] {
	return rapid.MapOfN(rapid.SampledFrom([]string{"team", "site"}), rapid.SampledFrom([]string{"", "x", "y"}), 0, 2)
}

// moved checks the position that a change of the log's length was answered with.
func (m *model) moved(t *rapid.T, position uint64, entries int) {
	require.Equal(t, m.position+uint64(entries), position)
	m.position = position
}

func (m *model) createGallery(t *rapid.T) {
	k, g := m.galleryAt(t)
	made := store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: k.tenant, Name: k.name, Pack: Pack, CreatedAt: epoch}
	err := m.store.CreateGallery(context.Background(), made)
	if g != nil {
		require.ErrorIs(t, err, store.ErrExists)
		return
	}
	require.NoError(t, err)
	m.galleries[k] = &modelGallery{gallery: made, subjects: make(map[store.SubjectID]*modelSubject)}
}

func (m *model) deleteGallery(t *rapid.T) {
	k, g := m.galleryAt(t)
	position, err := m.store.DeleteGallery(context.Background(), k.tenant, k.name)
	if g == nil {
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	}
	require.NoError(t, err)
	delete(m.galleries, k)
	for _, sub := range g.subjects {
		for _, f := range sub.faces {
			m.going[f.ID] = true
		}
	}
	m.moved(t, position, 1)
}

func (m *model) enrol(t *rapid.T) {
	gallery, id, g, sub := m.subjectAt(t)
	create := rapid.Bool().Draw(t, "create")
	n := rapid.IntRange(0, 3).Draw(t, "faces")
	want := error(nil)
	switch {
	case g == nil, sub == nil && !create:
		want = store.ErrNotFound
	case sub != nil && create:
		want = store.ErrExists
	}
	faces := newFaces(n)
	var photos []store.Photo
	if rapid.Bool().Draw(t, "keep photos") {
		for i := range faces {
			photos = append(photos, store.Photo{MediaType: "image/png", Bytes: []byte(faces[i].ID)})
		}
	}
	if len(m.taken) > 0 && n > 0 && rapid.IntRange(0, 3).Draw(t, "reuse") == 0 {
		faces[n-1].ID = rapid.SampledFrom(m.taken).Draw(t, "taken")
		if want == nil && m.live(faces[n-1].ID) {
			want = store.ErrExists
		}
	}
	made := subject(gallery, id)
	made.Metadata = metadataGen().Draw(t, "metadata")
	position, err := m.store.Enrol(context.Background(), made, faces, photos, create)
	if want == nil && n > 0 && m.going[faces[n-1].ID] && errors.Is(err, store.ErrExists) {
		return
	}
	if want != nil {
		require.ErrorIs(t, err, want)
		return
	}
	require.NoError(t, err)
	if create {
		sub = &modelSubject{metadata: made.Metadata, photos: make(map[store.FaceID]store.Photo)}
		g.subjects[id] = sub
	}
	for i, f := range stored(faces, gallery, id) {
		m.taken = append(m.taken, f.ID)
		if photos != nil {
			sub.photos[f.ID] = photos[i]
			sum := sha256.Sum256(photos[i].Bytes)
			f.PhotoSHA256 = sum[:]
		}
		sub.faces = append(sub.faces, f)
	}
	slices.SortStableFunc(sub.faces, func(a, b store.Face) int { return a.CreatedAt.Compare(b.CreatedAt) })
	m.moved(t, position, n)
}

// live tells whether a face of that id is enrolled anywhere.
func (m *model) live(id store.FaceID) bool {
	for _, g := range m.galleries {
		for _, sub := range g.subjects {
			if slices.ContainsFunc(sub.faces, func(f store.Face) bool { return f.ID == id }) {
				return true
			}
		}
	}
	return false
}

func (m *model) updateMetadata(t *rapid.T) {
	gallery, id, _, sub := m.subjectAt(t)
	metadata := metadataGen().Draw(t, "metadata")
	position, err := describe(context.Background(), m.store, gallery, id, metadata)
	if sub == nil {
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	}
	require.NoError(t, err)
	sub.metadata = metadata
	m.moved(t, position, 1)
}

func (m *model) deleteSubject(t *rapid.T) {
	gallery, id, g, sub := m.subjectAt(t)
	position, err := m.store.DeleteSubject(context.Background(), gallery, id)
	if sub == nil {
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	}
	require.NoError(t, err)
	delete(g.subjects, id)
	m.moved(t, position, len(sub.faces))
}

// reassign merges, splits or moves people.
func (m *model) reassign(t *rapid.T) {
	gallery, id, g, sub := m.subjectAt(t)
	toGallery, toID, h, to := m.subjectAt(t)
	if g != nil && h != nil && g.gallery.Tenant != h.gallery.Tenant { // which services see to
		return
	}
	r := store.Reassignment{
		From: store.Person{Gallery: gallery, Subject: id}, To: store.Person{Gallery: toGallery, Subject: toID}, Create: rapid.Bool().Draw(t, "create"),
	}
	var going []store.Face
	if sub != nil {
		going = slices.Clone(sub.faces)
		if len(going) > 0 && rapid.Bool().Draw(t, "one face") {
			going = []store.Face{rapid.SampledFrom(going).Draw(t, "face")}
			r.Faces = []store.FaceID{going[0].ID}
		}
	}
	metadata := metadataGen().Draw(t, "metadata")
	_, position, err := m.store.Reassign(context.Background(), r, func(_, to store.Subject) (store.Subject, error) {
		to.Metadata = metadata
		return to, nil
	})
	switch {
	case r.From == r.To:
		require.ErrorIs(t, err, store.ErrInvalid)
		return
	case sub == nil, h == nil, to == nil && !r.Create:
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	case to != nil && r.Create:
		require.ErrorIs(t, err, store.ErrExists)
		return
	}
	require.NoError(t, err)
	entries := len(going)
	if gallery != toGallery {
		entries *= 2
	}
	if to == nil {
		to = &modelSubject{photos: make(map[store.FaceID]store.Photo)}
		h.subjects[toID] = to
	} else if !maps.Equal(to.metadata, metadata) {
		entries++
	}
	to.metadata = metadata
	m.moved(t, position, entries)
	here, err := m.store.Faces(context.Background(), toGallery, toID)
	require.NoError(t, err)
	had := slices.Clone(to.faces)
	for _, f := range going {
		photo, kept := sub.photos[f.ID]
		sub.faces = slices.DeleteFunc(sub.faces, func(o store.Face) bool { return o.ID == f.ID })
		delete(sub.photos, f.ID)
		// A face that came from elsewhere is found by its template.
		at := slices.IndexFunc(here, func(o store.Face) bool {
			return slices.Equal(o.Template, f.Template) && !slices.ContainsFunc(had, func(h store.Face) bool { return h.ID == o.ID })
		})
		require.GreaterOrEqual(t, at, 0)
		require.Equal(t, gallery == toGallery, here[at].ID == f.ID)
		f.ID, f.Gallery, f.Subject = here[at].ID, toGallery, toID
		to.faces, had = append(to.faces, f), append(had, f)
		m.taken = append(m.taken, f.ID)
		if kept {
			to.photos[f.ID] = photo
		}
	}
	// In the order in which the store has them, which the rest does not depend on.
	order := func(f store.Face) int { return slices.IndexFunc(here, func(o store.Face) bool { return o.ID == f.ID }) }
	slices.SortFunc(to.faces, func(a, b store.Face) int { return order(a) - order(b) })
	if r.Faces == nil {
		delete(g.subjects, id)
	}
}

func (m *model) deleteFace(t *rapid.T) {
	gallery, id, _, sub := m.subjectAt(t)
	faceID := store.FaceID("unknown")
	if len(m.taken) > 0 {
		faceID = rapid.SampledFrom(m.taken).Draw(t, "face")
	}
	if sub != nil && len(sub.faces) > 0 && rapid.Bool().Draw(t, "its own") {
		faceID = rapid.SampledFrom(sub.faces).Draw(t, "own face").ID
	}
	position, err := m.store.DeleteFace(context.Background(), gallery, id, faceID)
	if sub == nil || !slices.ContainsFunc(sub.faces, func(f store.Face) bool { return f.ID == faceID }) {
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	}
	require.NoError(t, err)
	sub.faces = slices.DeleteFunc(sub.faces, func(f store.Face) bool { return f.ID == faceID })
	delete(sub.photos, faceID)
	m.moved(t, position, 1)
}

func (m *model) deletePhotos(t *rapid.T) {
	gallery, id, _, sub := m.subjectAt(t)
	err := m.store.DeletePhotos(context.Background(), gallery, id)
	if sub == nil || len(sub.photos) == 0 {
		require.ErrorIs(t, err, store.ErrNotFound)
		return
	}
	require.NoError(t, err)
	clear(sub.photos)
	for i := range sub.faces {
		sub.faces[i].PhotoSHA256 = nil
	}
}

// follow brings one replay some way along, or to the end, where it must hold
// exactly the live faces.
func (m *model) follow(t *rapid.T) {
	r := rapid.SampledFrom(m.replays).Draw(t, "replay")
	limit := rapid.IntRange(1, 7).Draw(t, "limit")
	if rapid.Bool().Draw(t, "one step") {
		r.step(t, m.store, limit)
		return
	}
	r.catchUp(t, m.store, limit)
	require.Equal(t, m.position, r.position)
	want := make(map[store.FaceID]row)
	for k, g := range m.galleries {
		for id, sub := range g.subjects {
			for _, f := range sub.faces {
				want[f.ID] = row{k.tenant, g.gallery.ID, id, f.Pack, f.Template, sub.metadata}
			}
		}
	}
	require.Equal(t, want, r.rows)
}

// check compares everything that can be read.
func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	for _, tenant := range m.tenants {
		got, err := m.store.Galleries(ctx, tenant, store.Page{Limit: 10})
		require.NoError(t, err)
		var want []store.Gallery
		for _, name := range []string{"g", "h"} {
			if g := m.galleries[galleryKey{tenant, name}]; g != nil {
				want = append(want, g.gallery)
			}
		}
		require.Equal(t, want, got)
	}
	for k, g := range m.galleries {
		subs, err := m.store.Subjects(ctx, g.gallery.ID, store.Page{Limit: 10})
		require.NoError(t, err)
		listed := ids(subs, func(s store.Subject) store.SubjectID { return s.ID })
		require.True(t, slices.Equal(slices.Sorted(maps.Keys(g.subjects)), listed), "%v lists %v", k, listed)
		for _, sub := range subs {
			want := g.subjects[sub.ID]
			require.Equal(t, want.metadata, sub.Metadata)
			require.Equal(t, len(want.faces), sub.Faces)
			faces, err := m.store.Faces(ctx, g.gallery.ID, sub.ID)
			require.NoError(t, err)
			if len(want.faces) > 0 {
				require.Equal(t, want.faces, faces)
			}
			for _, f := range faces {
				photo, err := m.store.Photo(ctx, g.gallery.ID, f.ID)
				if p, ok := want.photos[f.ID]; ok {
					require.NoError(t, err)
					require.Equal(t, p, photo)
				} else {
					require.ErrorIs(t, err, store.ErrNotFound)
				}
			}
		}
	}
}
