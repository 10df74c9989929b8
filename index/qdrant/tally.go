package qdrant

import (
	"maps"
	"slices"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/store"
)

// The payload of a gallery's record: how many faces it has in the collection,
// and while changes are being applied, the faces that they may bring or take,
// with those that were there when the number was true.
const (
	keyOfTenant  = "of_tenant"
	keyOfGallery = "of_gallery"
	keyFaces     = "faces"
	keyPending   = "pending"
	keyHad       = "had"
	kindGallery  = "gallery"
	// kindPending is also that of a record with something pending.
	kindPending = "pending"
)

// tally keeps a gallery's number of faces exact without counting them all.
// Wherever a crash stops the changes, the number of now is faces, plus the
// pending ones that are there now, less those that were.
type tally struct {
	faces int
	// pending tells of each face's id whether it was there.
	pending map[string]bool
	// recount says that two processes may have changed the number.
	recount bool
}

// most is the number of faces once all that is pending has come, and before any
// of it has gone.
func (t *tally) most() int {
	n := t.faces
	for _, had := range t.pending {
		if !had {
			n++
		}
	}
	return n
}

func recordID(k galleryKey) string { return madeUp("gallery", string(k.tenant), string(k.gallery)) }

// tallyOf reads a record; without one the gallery is empty.
func tallyOf(p *api.RetrievedPoint) *tally {
	t := &tally{
		faces:   int(p.GetPayload()[keyFaces].GetIntegerValue()),
		pending: make(map[string]bool),
	}
	for _, id := range textsOf(p.GetPayload()[keyPending]) {
		t.pending[id] = false
	}
	for _, id := range textsOf(p.GetPayload()[keyHad]) {
		t.pending[id] = true
	}
	return t
}

func (t *tally) record(k galleryKey) *api.PointStruct {
	var had []string
	pending := slices.Sorted(maps.Keys(t.pending))
	for _, id := range pending {
		if t.pending[id] {
			had = append(had, id)
		}
	}
	kinds := []string{kindGallery}
	if len(pending) > 0 {
		kinds = append(kinds, kindPending)
	}
	return &api.PointStruct{
		Id:      api.NewID(recordID(k)),
		Vectors: noVectors(),
		Payload: map[string]*api.Value{
			keyKind:      texts(kinds),
			keyOfTenant:  api.NewValueString(string(k.tenant)),
			keyOfGallery: api.NewValueString(string(k.gallery)),
			keyFaces:     api.NewValueInt(int64(t.faces)),
			keyPending:   texts(pending),
			keyHad:       texts(had),
		},
	}
}

// recorded is the gallery that a record is of.
func recorded(p *api.RetrievedPoint) galleryKey {
	return galleryKey{store.TenantID(p.GetPayload()[keyOfTenant].GetStringValue()), store.GalleryID(p.GetPayload()[keyOfGallery].GetStringValue())}
}

// settle makes the number that of now, when there is what points hold.
func (t *tally) settle(k galleryKey, points map[string]*api.RetrievedPoint) {
	for id, had := range t.pending {
		switch p, there := points[id]; {
		case there && galleryOf(p) == k:
			if !had {
				t.faces++
			}
		case had:
			t.faces--
		}
	}
	clear(t.pending)
}
