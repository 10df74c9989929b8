package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/config"
	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/identify"
	"oneton/node"
	"oneton/pool"
	"oneton/setup"
	"oneton/store"
)

func TestCalibrationIsInstalledAndReset(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	ctx := t.Context()
	strict := calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.7, FMR: 1e-3}, {Cosine: 0.9, FMR: 1e-6}},
		Measured: 1e-3, Source: "a test",
	}
	installed := func() (*calibration.Table, error) {
		truth, err := node.OpenTruth(ctx, cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, truth.Close()) }()
		b, err := identify.NewCalibrations(truth.Store).Calibration(ctx, "default")
		if err != nil {
			return nil, err
		}
		var table calibration.Table
		return &table, json.Unmarshal(b, &table)
	}
	_, err := installed()
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, install(ctx, cfg, "default", "1", calibration.Own{Table: strict}))
	got, err := installed()
	require.NoError(t, err)
	require.Equal(t, &strict, got)

	reset := calibrateCommand{settings: settings{Data: cfg.Data}, Reset: true}
	require.NoError(t, reset.Run(ctx))
	_, err = installed()
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, reset.Run(ctx), store.ErrNotFound)
	require.ErrorIs(t, (&calibrateCommand{settings: settings{Data: cfg.Data}}).Run(ctx), errNoPhotos)
}

// After a conversion the table of the version before is of no use to anybody, and
// can be got rid of.
func TestResetOfTwoVersions(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	ctx := t.Context()
	table := calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.9, FMR: 1e-6}},
		Measured: 1e-3, Source: "a test",
	}
	made, err := node.OpenTruth(ctx, cfg)
	require.NoError(t, err)
	require.NoError(t, made.Close())
	require.NoError(t, install(ctx, cfg, "default", "1", calibration.Own{Table: table}))
	require.NoError(t, withTruth(ctx, cfg, func(t *node.Truth) error {
		return t.Store.PutSpace(ctx, store.Space{Pack: "default", Version: "2", Plain: store.FirstVersion})
	}))
	reset := calibrateCommand{settings: settings{Data: cfg.Data}, Reset: true}
	require.NoError(t, reset.Run(ctx), "the old one alone")
	require.ErrorIs(t, reset.Run(ctx), store.ErrNotFound)
	for _, version := range []string{"1", "2"} {
		require.NoError(t, install(ctx, cfg, "default", version, calibration.Own{Table: table}))
	}
	require.NoError(t, reset.Run(ctx), "both")
	require.NoError(t, withTruth(ctx, cfg, func(truth *node.Truth) error {
		for _, space := range []string{"default", "default@2"} {
			_, err := identify.NewCalibrations(truth.Store).Calibration(ctx, space)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		return nil
	}))
}

// TestResetOfAManifest has a pack that is configured by its manifest's path, whose
// table is kept by the name in it.
func TestResetOfAManifest(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	ctx := t.Context()
	made, err := node.OpenTruth(ctx, cfg)
	require.NoError(t, err)
	require.NoError(t, made.Close())
	table := calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.9, FMR: 1e-6}},
		Measured: 1e-3, Source: "a test",
	}
	require.NoError(t, install(ctx, cfg, "pattern", "1", calibration.Own{Table: table}))
	cfg.Packs = []string{patternPack(t)}
	var reset calibrateCommand
	require.NoError(t, reset.reset(ctx, cfg))
	require.ErrorIs(t, reset.reset(ctx, cfg), store.ErrNotFound)
}

func TestCalibrateSaysThatPeopleAreTooFew(t *testing.T) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err)
	people := t.TempDir()
	for _, name := range []string{"obama", "obama2", "biden"} {
		photo, err := os.ReadFile(filepath.Join(paths.Photos, name+".jpg"))
		require.NoError(t, err)
		require.NoError(t, os.Mkdir(filepath.Join(people, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(people, name, "1.jpg"), photo, 0o600))
	}
	c := calibrateCommand{settings: settings{Data: t.TempDir()}, Photos: people, Install: true}
	require.ErrorIs(t, c.Run(t.Context()), calibration.ErrSample)
	require.ErrorIs(t, (&calibrateCommand{settings: c.settings, Reset: true}).Run(t.Context()), node.ErrNoData, "nothing was installed")
}

func TestCalibrateLeavesOutPhotosOfSeveral(t *testing.T) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos, setup.GroupPhotos)
	require.NoError(t, err)
	e := embedtest.NewIn(t, pool.New(pool.Config{Queue: 3}), embed.Config{})
	var files []portraitFile
	for _, name := range []string{"obama.jpg", "sample6.jpg", "chelsea.png"} {
		files = append(files, portraitFile{"someone", filepath.Join(paths.Photos, name)})
	}
	shown, out, err := facesOf(t.Context(), e, "default", files)
	require.NoError(t, err)
	require.Len(t, shown, 1)
	require.Equal(t, files[0], shown[0].portraitFile, "a group is of nobody, and a cat is none")
	require.Len(t, out, 2)
	for i, l := range out {
		require.Equal(t, files[i+1].path, l.Photo)
		require.NotEmpty(t, l.Why)
	}
}
