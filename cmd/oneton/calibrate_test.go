package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/config"
	"oneton/setup"
)

func TestInstalledCalibrationReplacesThePacks(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	strict := calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.7, FMR: 1e-3}, {Cosine: 0.9, FMR: 1e-6}},
		Measured: 1e-3, Source: "a test",
	}
	threshold := func() float64 {
		e, err := openEmbedder(cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, e.Close()) }()
		table, err := e.Calibration("default")
		require.NoError(t, err)
		return table.Threshold(1e-3)
	}
	require.Less(t, threshold(), 0.6)
	require.NoError(t, writeTable(calibrationFile(cfg, "default"), strict))
	require.InDelta(t, 0.7, threshold(), 1e-12)
	read, err := readTable(calibrationFile(cfg, "default"))
	require.NoError(t, err)
	require.Equal(t, &strict, read)

	for name, text := range map[string]string{
		"unknown key":   "knots: []\nthreshold: 0.5\n",
		"no knots":      "measured: 0.001\nsource: nobody\n",
		"rising rates":  "knots: [{cosine: -1, fmr: 1}, {cosine: 0.1, fmr: 0.1}, {cosine: 0.2, fmr: 0.2}]\nmeasured: 0.1\nsource: x\n",
		"not YAML":      "{",
		"another shape": "- 1\n",
	} {
		require.NoError(t, os.WriteFile(calibrationFile(cfg, "default"), []byte(text), 0o600))
		_, err := openEmbedder(cfg)
		require.ErrorContains(t, err, "default.yaml", name)
	}
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
	require.NoFileExists(t, filepath.Join(c.Data, "calibration", "default.yaml"))
}
