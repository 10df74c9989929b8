package node

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/config"
	"oneton/face"
	"oneton/identify"
	"oneton/server"
	"oneton/store"
	"oneton/store/storetest"
)

// versioned stand for the models of a version of the fixtures' pack, which
// leaves templates as they are.
type versioned struct {
	Embedder
	version  string
	converts []string
}

func (versioned) Packs() []string                  { return []string{storetest.Pack} }
func (v versioned) Version(string) (string, error) { return v.version, nil }
func (versioned) JudgesLiveness(string) bool       { return false }
func (versioned) Close() error                     { return nil }

func (versioned) Probe(_ string, kept face.Template) (face.Template, error) { return kept, nil }

func (versioned) Calibration(string) (*calibration.Table, error) {
	return &calibration.Table{Measured: 1e-2, Knots: []calibration.Knot{{Cosine: 0, FMR: 1}, {Cosine: 1, FMR: 1e-2}}}, nil
}

func (v versioned) Converter(_, from string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	if !slices.Contains(v.converts, from) {
		return nil
	}
	return func(t face.Template, q face.Quality) (face.Template, face.Quality, error) { return t, q, nil }
}

// TestConvertedByAnotherProcess lets another process bring the faces to its
// version while one with the version before still waits for its turn to look for
// some to convert: it refuses their galleries, and goes on.
func TestConvertedByAnotherProcess(t *testing.T) {
	var log bytes.Buffer
	ctx, cfg := t.Context(), config.Default()
	cfg.Data = t.TempDir()
	v1, v2 := versioned{version: "1"}, versioned{version: "2", converts: []string{"1"}}
	n, err := OpenWith(ctx, cfg, zerolog.New(&log), Parts{Embedder: v1, APIs: func(*Node) ([]server.API, error) { return nil, nil }})
	require.NoError(t, err)
	defer func() { require.NoError(t, n.Close()) }()
	_, err = n.Truth.Bootstrap(ctx)
	require.NoError(t, err)
	by := store.Actor{Tenant: FirstTenant}
	g, err := n.Service.CreateGallery(ctx, by, store.Gallery{Name: "staff"})
	require.NoError(t, err)
	_, err = n.Truth.Store.Enrol(ctx, store.Subject{Gallery: g.ID, ID: "ann"}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
	require.NoError(t, err)

	turn, err := n.Truth.acquire(ctx, conversionTurn)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- n.convert(ctx) }()
	require.NoError(t, identify.ConvertFaces(ctx, v2, n.Truth.Store, func(identify.Conversion) {}, func(store.Face) {}))
	turn.Release()
	require.NoError(t, <-ended, "the process goes on")
	require.Contains(t, log.String(), "another process")
	_, err = n.Service.Space(ctx, storetest.Pack)
	require.ErrorIs(t, err, store.ErrSpace)
	require.ErrorIs(t, n.settled(ctx), store.ErrSpace, "it is not ready")
}
