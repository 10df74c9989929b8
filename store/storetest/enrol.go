package storetest

import (
	"crypto/sha256"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/store"
)

func testEnrol(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	sub := subject(g.ID, "p", "team", "red", "site", "")
	faces := newFaces(2)
	photos := []store.Photo{{MediaType: "image/jpeg", Bytes: []byte{0xff, 0xd8, 0}}, {}}
	before := position(t, s)
	after, err := s.Enrol(ctx, sub, faces, photos, true)
	require.NoError(t, err)
	require.Equal(t, before+2, after)
	require.Equal(t, after, position(t, s))

	got, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	sub.Faces, sub.Photos = 2, 1
	require.Equal(t, sub, got)

	want := stored(faces, g.ID, "p")
	sum := sha256.Sum256(photos[0].Bytes)
	want[0].PhotoSHA256 = sum[:]
	read, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, want, read)

	photo, err := s.Photo(ctx, g.ID, faces[0].ID)
	require.NoError(t, err)
	require.Equal(t, photos[0], photo)
	_, err = s.Photo(ctx, g.ID, faces[1].ID)
	require.ErrorIs(t, err, store.ErrNotFound, "a photo without bytes is not kept")

	more := newFaces(1)
	more[0].CreatedAt = epoch.Add(-time.Hour)
	later := subject(g.ID, "p", "team", "blue")
	later.UpdatedAt = epoch.Add(time.Hour)
	_, err = s.Enrol(ctx, later, more, nil, false)
	require.NoError(t, err)
	got, err = s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, sub.Metadata, got.Metadata, "adding faces keeps the metadata")
	require.Equal(t, 3, got.Faces)
	require.Equal(t, epoch, got.CreatedAt)
	require.Equal(t, later.UpdatedAt, got.UpdatedAt)
	read, err = s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, append(stored(more, g.ID, "p"), want...), read, "oldest first")
	RequireReplay(t, s)
}

func testEnrolMatrix(t *testing.T, open Open) {
	tests := map[string]struct {
		gallery store.GalleryID
		subject store.SubjectID
		faceID  string
		create  bool
		want    error
	}{
		"create, absent":          {subject: "new", create: true},
		"create, there":           {subject: "old", create: true, want: store.ErrExists},
		"add, there":              {subject: "old"},
		"add, absent":             {subject: "new", want: store.ErrNotFound},
		"create, face taken":      {subject: "new", faceID: "f", create: true, want: store.ErrExists},
		"add, face taken":         {subject: "old", faceID: "f", want: store.ErrExists},
		"create, no such gallery": {gallery: "none", subject: "new", create: true, want: store.ErrNotFound},
		"add, no such gallery":    {gallery: "none", subject: "old", want: store.ErrNotFound},
		"create, no id":           {create: true, want: store.ErrInvalid},
	}
	s := opened(t, open)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, g := t.Context(), newGallery(t, s)
			taken := newFaces(1)
			_, err := s.Enrol(ctx, subject(g.ID, "old"), taken, nil, true)
			require.NoError(t, err)
			before := live(t, s)

			if test.gallery == "" {
				test.gallery = g.ID
			}
			faces := newFaces(1)
			if test.faceID != "" {
				faces[0].ID = taken[0].ID
			}
			_, err = s.Enrol(ctx, subject(test.gallery, test.subject), faces, nil, test.create)
			require.ErrorIs(t, err, test.want)
			if test.want != nil {
				require.Equal(t, before, live(t, s))
			} else {
				require.Len(t, live(t, s), len(before)+1)
			}
		})
	}
}

func testFailedEnrolment(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := newFaces(4)
	faces[3].ID = faces[0].ID
	photos := make([]store.Photo, 4)
	for i := range photos {
		photos[i] = store.Photo{MediaType: "image/png", Bytes: []byte{byte(i), 1}}
	}
	unchanged(t, s, func() {
		_, err := s.Enrol(ctx, subject(g.ID, "p"), faces, photos, true)
		require.ErrorIs(t, err, store.ErrExists)
	})
	_, err := s.Subject(ctx, g.ID, "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Photo(ctx, g.ID, faces[1].ID)
	require.ErrorIs(t, err, store.ErrNotFound)

	unchanged(t, s, func() {
		_, err = s.Enrol(ctx, subject(g.ID, "p"), faces[:2], photos[:1], true)
		require.ErrorIs(t, err, store.ErrInvalid, "one photo for two faces")
	})

	faces[3] = NewFace(uuid.NewString())
	_, err = s.Enrol(ctx, subject(g.ID, "p"), faces, photos, true)
	require.NoError(t, err, "the ids of a failed enrolment are free")
	RequireReplay(t, s)
}

func testBadTemplates(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	enrol(t, s, g, "old", 1)
	unit := make(face.Template, Dimension+1)
	unit[0] = 1
	nan := append(face.Template(nil), unit[:Dimension]...)
	nan[3] = float32(math.NaN())
	inf := append(face.Template(nil), unit[:Dimension]...)
	inf[3] = float32(math.Inf(-1))
	long := append(face.Template(nil), unit[:Dimension]...)
	long[1] = 1
	tests := map[string]struct {
		template face.Template
		want     error
	}{
		"none":             {nil, face.ErrZero},
		"zero":             {make(face.Template, Dimension), face.ErrZero},
		"not a number":     {nan, face.ErrNotFinite},
		"infinite":         {inf, face.ErrNotFinite},
		"too long":         {long, store.ErrInvalid},
		"other dimensions": {unit, face.ErrDimension},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			faces := newFaces(2)
			faces[1].Template = test.template
			for _, faces := range [][]store.Face{faces, faces[1:]} {
				unchanged(t, s, func() {
					_, err := s.Enrol(ctx, subject(g.ID, "p"), faces, nil, true)
					require.ErrorIs(t, err, store.ErrInvalid)
					require.ErrorIs(t, err, test.want)
				})
			}
		})
	}
	for _, id := range []string{"", "face", strings.ToUpper(uuid.NewString())} {
		_, err := s.Enrol(ctx, subject(g.ID, "p"), []store.Face{NewFace(id)}, nil, true)
		require.ErrorIs(t, err, store.ErrInvalid, "face id %q", id)
	}
	other := NewFace(uuid.NewString())
	other.Pack, other.Template = "another pack", unit
	_, err := s.Enrol(ctx, subject(g.ID, "old"), []store.Face{other}, nil, false)
	require.NoError(t, err, "packs differ in dimension")
}
