package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

// Older is an empty database as an older version of the program left it.
type Older struct {
	Exec Exec
	// Time is a time as its columns hold it.
	Time func(time.Time) any
	// Enrol adds a face's row, with the columns that every version has, and its
	// row of the log.
	Enrol func(t *testing.T, f store.Face, box, landmarks, quality string)
	Open  Open
}

// RunOlder fills databases with rows as older versions wrote them, and checks that
// the store that opens them has every one, whole.
func RunOlder(t *testing.T, create func(t *testing.T) Older) {
	o, ctx := create(t), t.Context()
	text := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return string(b)
	}
	policy := store.Policy{FPIR: 1e-7, Quality: store.GateReport, Liveness: store.GateOff, KeepPhotos: true, Retention: 1000*time.Hour + 1}
	at := o.Time(epoch)
	o.Exec(t, `INSERT INTO tenants (id, name, created_at) VALUES (?, ?, ?)`, "t", "Tenant", at)
	for id, revoked := range map[string]any{"k1": nil, "k2": o.Time(epoch.Add(time.Hour))} {
		o.Exec(t, `INSERT INTO keys (id, tenant, name, mac, scopes, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			id, "t", "key", []byte{1, 2}, `["search", "enrol"]`, at, revoked)
	}
	o.Exec(t, `INSERT INTO calibrations (pack, definition) VALUES (?, ?)`, Pack, `{"measured": 3.3e-06, "knots": [{"fmr": 1, "cosine": -1}]}`)
	var faces []store.Face
	for _, g := range []string{"g", "h"} {
		o.Exec(t, `INSERT INTO galleries (id, tenant, name, pack, policy, created_at) VALUES (?, ?, ?, ?, ?, ?)`, g, "t", "name of "+g, Pack, text(policy), at)
		o.Exec(t, `INSERT INTO subjects (gallery, id, metadata, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`, g, "p", `{"team": "red"}`, at, at)
		for range 3 {
			f := NewFace(uuid.NewString())
			f.Gallery, f.Subject = store.GalleryID(g), "p"
			o.Enrol(t, f, text(store.PlaceOf(f)), text(f.Landmarks), text(f.Quality))
			faces = append(faces, f)
		}
	}

	check := func(s truth) {
		tn, err := s.Tenant(ctx, "t")
		require.NoError(t, err)
		require.Equal(t, store.Tenant{ID: "t", Name: "Tenant", CreatedAt: epoch}, tn)
		keys, err := s.Keys(ctx, "t")
		require.NoError(t, err)
		require.Equal(t, []store.Key{
			{ID: "k1", Tenant: "t", Name: "key", MAC: []byte{1, 2}, Scopes: []string{"search", "enrol"}, CreatedAt: epoch},
			{ID: "k2", Tenant: "t", Name: "key", MAC: []byte{1, 2}, Scopes: []string{"search", "enrol"}, CreatedAt: epoch, RevokedAt: epoch.Add(time.Hour)},
		}, keys)
		definition, err := s.Calibration(ctx, Pack)
		require.NoError(t, err)
		require.JSONEq(t, `{"measured": 3.3e-06, "knots": [{"fmr": 1, "cosine": -1}]}`, string(definition))
		for i, g := range []string{"g", "h"} {
			got, err := s.Gallery(ctx, "t", "name of "+g)
			require.NoError(t, err)
			require.Equal(t, store.Gallery{ID: store.GalleryID(g), Tenant: "t", Name: "name of " + g, Pack: Pack, Policy: policy, CreatedAt: epoch}, got)
			sub, err := s.Subject(ctx, store.GalleryID(g), "p")
			require.NoError(t, err)
			require.Equal(t, store.Subject{
				Gallery: store.GalleryID(g), ID: "p", Metadata: map[string]string{"team": "red"}, CreatedAt: epoch, UpdatedAt: epoch, Faces: 3,
			}, sub)
			enrolled, err := s.Faces(ctx, store.GalleryID(g), "p")
			require.NoError(t, err)
			require.Equal(t, faces[3*i:3*i+3], enrolled)
		}
		damaged, err := s.Damaged(ctx)
		require.NoError(t, err)
		require.Empty(t, damaged)
		changes, _, err := s.Changes(ctx, 0, 100)
		require.NoError(t, err)
		require.Len(t, changes, len(faces))
		for i, c := range changes {
			require.Equal(t, changelog.PutFace, c.Kind)
			require.NoError(t, c.Damage)
			require.Equal(t, faces[i].Template, c.Template)
		}
		RequireReplay(t, s)
	}
	s := started(t, o.Open)
	check(s)
	require.NoError(t, s.Close())
	s = opened(t, o.Open)
	check(s)
	n, err := s.DeleteExpired(ctx, epoch.Add(2000*time.Hour))
	require.NoError(t, err)
	require.Equal(t, len(faces), n)
}
