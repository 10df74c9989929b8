package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/store"
)

// Pack is the pack of every fixture, whose templates have Dimension
// coordinates.
const (
	Pack      = "pack-a"
	Dimension = 16
)

// epoch is when the fixtures' first row was made.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// NewFace is a face with a random template and every field set.
func NewFace(id string) store.Face {
	hash := sha256.Sum256([]byte(id))
	rng := rand.New(rand.NewChaCha8(hash))
	v := make([]float32, Dimension)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err) // no seed gives the zero vector
	}
	f := store.Face{
		ID: store.FaceID(id), Pack: Pack, Template: t,
		Box:       face.Box{X: -1.5, Y: rng.Float32() * 100, Width: 80.25, Height: 1.0 / 3},
		Rotation:  90 * int(hash[0]%4),
		Quality:   face.Quality{Score: rng.Float32(), InterEye: 61.5, Yaw: -12.125, Reasons: []string{"blurred", "dark"}},
		CreatedAt: epoch,
	}
	for i := range f.Landmarks {
		f.Landmarks[i] = face.Point{X: rng.Float32() * 640, Y: rng.Float32() * 480}
	}
	return f
}

// newFaces is n faces with new ids.
func newFaces(n int) []store.Face {
	fs := make([]store.Face, n)
	for i := range fs {
		fs[i] = NewFace(uuid.NewString())
		fs[i].CreatedAt = epoch.Add(time.Duration(i) * time.Second)
	}
	return fs
}

func subject(gallery store.GalleryID, id store.SubjectID, metadata ...string) store.Subject {
	sub := store.Subject{Gallery: gallery, ID: id, Metadata: map[string]string{}, CreatedAt: epoch, UpdatedAt: epoch}
	for i := 0; i < len(metadata); i += 2 {
		sub.Metadata[metadata[i]] = metadata[i+1]
	}
	return sub
}

// tenant makes a tenant and returns its id.
func tenant(t *testing.T, s Store) store.TenantID {
	t.Helper()
	id := store.TenantID(uuid.NewString())
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: id, Name: "tenant " + string(id[:4]), CreatedAt: epoch}))
	return id
}

// gallery makes a gallery of the tenant and returns it.
func gallery(t *testing.T, s Store, tenant store.TenantID, name string) store.Gallery {
	t.Helper()
	g := store.Gallery{
		ID: store.GalleryID(uuid.NewString()), Tenant: tenant, Name: name, Pack: Pack, CreatedAt: epoch,
		Policy: store.Policy{FPIR: 0.01, Quality: store.GateReport, Liveness: store.GateOff},
	}
	require.NoError(t, s.CreateGallery(t.Context(), g))
	return g
}

// newGallery is a gallery of a new tenant.
func newGallery(t *testing.T, s Store) store.Gallery {
	t.Helper()
	return gallery(t, s, tenant(t, s), "staff")
}

// enrol makes a subject with n faces and returns them as they read back.
func enrol(t *testing.T, s Store, g store.Gallery, id store.SubjectID, n int) []store.Face {
	t.Helper()
	faces := newFaces(n)
	_, err := s.Enrol(t.Context(), subject(g.ID, id), faces, nil, true)
	require.NoError(t, err)
	return stored(faces, g.ID, id)
}

// stored is how faces read back from where they were enrolled.
func stored(faces []store.Face, gallery store.GalleryID, subject store.SubjectID) []store.Face {
	out := make([]store.Face, len(faces))
	for i, f := range faces {
		f.Gallery, f.Subject = gallery, subject
		out[i] = f
	}
	return out
}

// describe makes m the subject's metadata, whatever it was.
func describe(ctx context.Context, s Store, gallery store.GalleryID, id store.SubjectID, m map[string]string) (uint64, error) {
	_, position, err := s.UpdateMetadata(ctx, gallery, id, func(store.Subject) (map[string]string, error) { return m, nil })
	return position, err
}

func position(t *testing.T, s Store) uint64 {
	t.Helper()
	p, err := s.Position(t.Context())
	require.NoError(t, err)
	return p
}

// unchanged checks that do appends nothing to the log.
func unchanged(t *testing.T, s Store, do func()) {
	t.Helper()
	before := position(t, s)
	do()
	require.Equal(t, before, position(t, s), "the log has grown")
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("n%02d", i)
	}
	return out
}
