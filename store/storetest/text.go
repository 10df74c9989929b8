package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

// unkeepable are texts that not every engine can keep: with a NUL, no UTF-8,
// and UTF-8's form of a lone surrogate.
var unkeepable = []string{"\x00", "a\x00", "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}

// testUnkeepableText holds that no such text is written, and that none is an
// error to look for.
func testUnkeepableText(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	kept := enrol(t, s, g, "p", 1)
	for _, text := range unkeepable {
		unchanged(t, s, func() {
			for what, err := range map[string]error{
				"tenant":      s.CreateTenant(ctx, store.Tenant{ID: store.TenantID(text)}),
				"name":        s.CreateTenant(ctx, store.Tenant{ID: "x", Name: text}),
				"key":         s.CreateKey(ctx, store.Key{ID: store.KeyID(text), Tenant: g.Tenant, MAC: []byte{1}}),
				"key's name":  s.CreateKey(ctx, store.Key{ID: "x", Tenant: g.Tenant, Name: text, MAC: []byte{1}}),
				"scope":       s.CreateKey(ctx, store.Key{ID: "x", Tenant: g.Tenant, Scopes: []string{text}, MAC: []byte{1}}),
				"gallery":     s.CreateGallery(ctx, store.Gallery{ID: "x", Tenant: g.Tenant, Name: text, Pack: "p"}),
				"gallery id":  s.CreateGallery(ctx, store.Gallery{ID: store.GalleryID(text), Tenant: g.Tenant, Name: "x", Pack: "p"}),
				"pack":        s.CreateGallery(ctx, store.Gallery{ID: "x", Tenant: g.Tenant, Name: "x", Pack: text}),
				"policy":      s.CreateGallery(ctx, store.Gallery{ID: "x", Tenant: g.Tenant, Name: "x", Pack: "p", Policy: store.Policy{Quality: text}}),
				"calibration": s.PutCalibration(ctx, text, []byte(`{}`)),
			} {
				require.ErrorIs(t, err, store.ErrInvalid, "%s of %q", what, text)
			}
			for what, sub := range map[string]store.Subject{
				"subject":        subject(g.ID, store.SubjectID(text)),
				"metadata key":   subject(g.ID, "x", text, "v"),
				"metadata value": subject(g.ID, "x", "k", text),
			} {
				_, err := s.Enrol(ctx, sub, newFaces(1), nil, true)
				require.ErrorIs(t, err, store.ErrInvalid, "%s of %q", what, text)
				_, err = s.EnrolAsOf(ctx, position(t, s), anybody, sub, newFaces(1), nil)
				require.ErrorIs(t, err, store.ErrInvalid, "%s of %q", what, text)
			}
			_, err := describe(ctx, s, g.ID, "p", map[string]string{"k": text})
			require.ErrorIs(t, err, store.ErrInvalid, text)
			face := newFaces(1)
			face[0].Quality.Reasons = []string{text}
			_, err = s.Enrol(ctx, subject(g.ID, "x"), face, nil, true)
			require.ErrorIs(t, err, store.ErrInvalid, text)
			_, err = s.Enrol(ctx, subject(g.ID, "x"), newFaces(1), []store.Photo{{MediaType: text, Bytes: []byte("x")}}, true)
			require.ErrorIs(t, err, store.ErrInvalid, text)
			_, err = s.Tenants(ctx, store.Page{After: text, Limit: 1})
			require.ErrorIs(t, err, store.ErrInvalid, text)
			_, err = s.Galleries(ctx, g.Tenant, store.Page{After: text, Limit: 1})
			require.ErrorIs(t, err, store.ErrInvalid, text)
			_, err = s.Subjects(ctx, g.ID, store.Page{After: text, Limit: 1})
			require.ErrorIs(t, err, store.ErrInvalid, text)
		})
		requireNowhere(t, s, g, kept[0], text)
	}
	requireNowhere(t, s, g, kept[0], strings.Repeat("x", 1<<20))
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Empty(t, sub.Metadata)
	RequireReplay(t, s)
}

// requireNowhere holds that no call finds a row by the text.
func requireNowhere(t *testing.T, s truth, g store.Gallery, f store.Face, text string) {
	t.Helper()
	ctx := t.Context()
	unchanged(t, s, func() {
		for what, find := range map[string]func() error{
			"tenant":        func() error { _, err := s.Tenant(ctx, store.TenantID(text)); return err },
			"delete tenant": func() error { _, err := s.DeleteTenant(ctx, store.TenantID(text)); return err },
			"key":           func() error { _, err := s.Key(ctx, store.KeyID(text)); return err },
			"revoke key":    func() error { return s.RevokeKey(ctx, g.Tenant, store.KeyID(text)) },
			"of tenant":     func() error { return s.RevokeKey(ctx, store.TenantID(text), "x") },
			"key of tenant": func() error {
				return s.CreateKey(ctx, store.Key{ID: "x", Tenant: store.TenantID(text), MAC: []byte{1}})
			},
			"gallery":  func() error { _, err := s.Gallery(ctx, g.Tenant, text); return err },
			"tenant's": func() error { _, err := s.Gallery(ctx, store.TenantID(text), g.Name); return err },
			"made in tenant": func() error {
				return s.CreateGallery(ctx, store.Gallery{ID: "x", Tenant: store.TenantID(text), Name: "x", Pack: "p"})
			},
			"policy":         func() error { return update(ctx, s, g.Tenant, text, store.Policy{}) },
			"delete gallery": func() error { _, err := s.DeleteGallery(ctx, g.Tenant, text); return err },
			"subject":        func() error { _, err := s.Subject(ctx, g.ID, store.SubjectID(text)); return err },
			"enrol": func() error {
				_, err := s.Enrol(ctx, subject(g.ID, store.SubjectID(text)), newFaces(1), nil, false)
				return err
			},
			"enrol in": func() error {
				_, err := s.Enrol(ctx, subject(store.GalleryID(text), "x"), newFaces(1), nil, true)
				return err
			},
			"metadata":       func() error { _, err := describe(ctx, s, g.ID, store.SubjectID(text), nil); return err },
			"delete subject": func() error { _, err := s.DeleteSubject(ctx, g.ID, store.SubjectID(text)); return err },
			"faces":          func() error { _, err := s.Faces(ctx, g.ID, store.SubjectID(text)); return err },
			"delete face":    func() error { _, err := s.DeleteFace(ctx, g.ID, "p", store.FaceID(text)); return err },
			"of subject":     func() error { _, err := s.DeleteFace(ctx, g.ID, store.SubjectID(text), f.ID); return err },
			"photo":          func() error { _, err := s.Photo(ctx, g.ID, store.FaceID(text)); return err },
			"photos":         func() error { return s.DeletePhotos(ctx, g.ID, store.SubjectID(text)) },
			"calibration":    func() error { _, err := s.Calibration(ctx, text); return err },
		} {
			require.ErrorIs(t, find(), store.ErrNotFound, "%s of %.20q", what, text)
		}
		for what, list := range map[string]func() (int, error){
			"keys": func() (int, error) { rows, err := s.Keys(ctx, store.TenantID(text)); return len(rows), err },
			"galleries": func() (int, error) {
				rows, err := s.Galleries(ctx, store.TenantID(text), store.Page{Limit: 1})
				return len(rows), err
			},
			"subjects": func() (int, error) {
				rows, err := s.Subjects(ctx, store.GalleryID(text), store.Page{Limit: 1})
				return len(rows), err
			},
		} {
			n, err := list()
			require.NoError(t, err, "%s of %.20q", what, text)
			require.Zero(t, n)
		}
	})
}

// testBounds holds ids and times to what every engine can keep.
func testBounds(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	// Ids that do not compress, as long as they may be, in every place.
	long := func(first byte) string {
		text := []byte{first}
		for x := uint32(1); len(text) < store.MaxID; x = x*1664525 + 1013904223 {
			text = append(text, '0'+byte(x>>16)%75)
		}
		return string(text)
	}
	tenant, g := long('t'), store.Gallery{ID: store.GalleryID(long('g')), Tenant: store.TenantID(long('t')), Name: long('n'), Pack: Pack, CreatedAt: epoch}
	require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: store.TenantID(tenant), CreatedAt: epoch}))
	require.NoError(t, s.CreateKey(ctx, store.Key{ID: store.KeyID(long('k')), Tenant: store.TenantID(tenant), MAC: []byte{1}}))
	require.NoError(t, s.CreateGallery(ctx, g))
	_, err := s.Enrol(ctx, subject(g.ID, store.SubjectID(long('s'))), newFaces(1), nil, true)
	require.NoError(t, err)
	subs, err := s.Subjects(ctx, g.ID, store.Page{After: long('r'), Limit: 10})
	require.NoError(t, err)
	require.Len(t, subs, 1)

	for what, id := range map[string]string{"empty": "", "too long": long('x') + "x", "of many bytes": strings.Repeat("é", store.MaxID/2+1)} {
		require.ErrorIs(t, s.CreateTenant(ctx, store.Tenant{ID: store.TenantID(id)}), store.ErrInvalid, what)
		require.ErrorIs(t, s.CreateKey(ctx, store.Key{ID: store.KeyID(id), Tenant: store.TenantID(tenant), MAC: []byte{1}}), store.ErrInvalid, what)
		require.ErrorIs(t, s.CreateGallery(ctx, store.Gallery{ID: "x", Tenant: store.TenantID(tenant), Name: id, Pack: Pack}), store.ErrInvalid, what)
		_, err := s.Enrol(ctx, subject(g.ID, store.SubjectID(id)), newFaces(1), nil, true)
		require.ErrorIs(t, err, store.ErrInvalid, what)
	}
	require.ErrorIs(t, s.CreateKey(ctx, store.Key{ID: "x", Tenant: store.TenantID(tenant)}), store.ErrInvalid, "a key without a MAC")
	for what, p := range map[string]store.Policy{"no number": {FPIR: math.NaN()}, "infinite": {FPIR: math.Inf(1)}} {
		require.ErrorIs(t, update(ctx, s, store.TenantID(tenant), g.Name, p), store.ErrInvalid, what)
	}

	for _, at := range []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Unix(-1, 999999000).UTC(),
	} {
		id := at.Format(time.RFC3339Nano)
		require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: store.TenantID(id), CreatedAt: at.Add(999)}))
		got, err := s.Tenant(ctx, store.TenantID(id))
		require.NoError(t, err)
		require.Equal(t, at, got.CreatedAt, "to the microsecond, rounded down")
	}
	for _, year := range []int{-300000, -4713, 0, 10000, 300000} {
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		require.ErrorIs(t, s.CreateTenant(ctx, store.Tenant{ID: "x", CreatedAt: at}), store.ErrInvalid, year)
		faces := newFaces(1)
		faces[0].CreatedAt = at
		_, err := s.Enrol(ctx, subject(g.ID, "x"), faces, nil, true)
		require.ErrorIs(t, err, store.ErrInvalid, year)
	}
	_, err = s.Tenant(ctx, "x")
	require.ErrorIs(t, err, store.ErrNotFound)
}
