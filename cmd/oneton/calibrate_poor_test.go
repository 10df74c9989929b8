package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/pack"
)

// doubtedPack is a pack that tells people by patches of colour, whose templates carry
// a doubt by how much contrast the patches have.
func doubtedPack(t *testing.T) string {
	t.Helper()
	path := patternPack(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	m, err := pack.Parse(text)
	require.NoError(t, err)
	m.Quality = &pack.Quality{Centre: 5, Slope: 4}
	m.Trust = &calibration.Trust{Floor: 0.2, Doubt: []calibration.Doubt{{Quality: 0, Doubt: 0.3}, {Quality: 0.9, Doubt: 0.1}}}
	text, err = yaml.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// noisy is another photo of a pattern's, each of whose pixels is off by up to so
// much, and dimmed is one that is so many times as bright.
func noisy(t *testing.T, name string, most int) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, uint64(len(name))))
	return changed(t, name, func(v uint8) uint8 { return uint8(max(0, min(255, int(v)+rng.IntN(2*most+1)-most))) })
}

func dimmed(t *testing.T, name string, share float64) []byte {
	t.Helper()
	return changed(t, name, func(v uint8) uint8 { return uint8(127.5 + share*(float64(v)-127.5)) })
}

func changed(t *testing.T, name string, change func(uint8) uint8) []byte {
	t.Helper()
	in, err := png.Decode(bytes.NewReader(pattern(name)))
	require.NoError(t, err)
	out := image.NewNRGBA(in.Bounds())
	for y := range crop {
		for x := range crop {
			r, g, b, _ := in.At(x, y).RGBA()
			copy(out.Pix[out.PixOffset(x, y):], []uint8{change(uint8(r >> 8)), change(uint8(g >> 8)), change(uint8(b >> 8)), 255})
		}
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, out))
	return file.Bytes()
}

// runProgram runs the program to its end, and returns what it says.
func runProgram(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, log.Bytes())
	}
	return out, err
}

// TestOwnersPoorPhotosAreFollowed fits to photos of sixty people, and asks a server
// that goes on running.
func TestOwnersPoorPhotosAreFollowed(t *testing.T) {
	const people = 60
	data, folder, packs := t.TempDir(), t.TempDir(), "packs="+doubtedPack(t)
	for i := range people {
		name := fmt.Sprint("p", i)
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name, "1.png"), pattern(name), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name, "2.png"), noisy(t, name, 60), 0o600))
	}
	p := startProgram(t, data, "--set", packs)
	call := func(path string, body, into any) error {
		_, err := p.do(p.key, http.MethodPost, path, body, into)
		return err
	}
	require.NoError(t, call("/v1/galleries", map[string]any{"name": "staff"}, nil))
	require.NoError(t, call("/v1/galleries/staff/subjects", map[string]any{"id": "p0", "photo": dimmed(t, "p0", 0.4)}, nil))
	search := func() (a searchAnswer) {
		t.Helper()
		require.NoError(t, call("/v1/galleries/staff/search", map[string]any{"photo": dimmed(t, "p0", 0.3)}, &a))
		require.Len(t, a.Candidates, 1)
		return a
	}
	before := search()
	flat := map[string]any{"id": "flat", "photo": dimmed(t, "p1", 0.2)}
	require.ErrorContains(t, call("/v1/galleries/staff/subjects", flat, nil), "not_comparable")

	_, err := runProgram(t, "calibrate", folder, "--data", data, "--set", packs, "--install", "--spoil", "0")
	require.NoError(t, err)
	tableAlone := search()
	require.NotEqual(t, before.Threshold, tableAlone.Threshold)
	require.InDelta(t, before.Candidates[0].Cosine, tableAlone.Candidates[0].Cosine, 1e-9, "poor photos are as the pack has it")

	out, err := runProgram(t, "calibrate", folder, "--data", data, "--set", packs, "--install", "--json")
	require.NoError(t, err)
	var said calibrated
	require.NoError(t, json.Unmarshal(out, &said))
	require.True(t, said.Installed)
	require.Equal(t, "pattern", said.Pack)
	require.Equal(t, people, said.Fit.People)
	require.Equal(t, 2*people-len(said.LeftOut), said.Photos)
	require.Equal(t, people, said.Poor.People)
	require.Equal(t, people*len(said.Poor.Ways), said.Poor.Photos)
	require.NotNil(t, said.Poor.FittedFloor)
	require.NotNil(t, said.Poor.FittedWeight)
	require.Zero(t, said.Poor.Floor, "patches of colour are told apart however flat they are")
	require.NotEqual(t, 1.0, said.Poor.Weight)
	require.Len(t, said.Curve, 2)
	require.InDelta(t, 0.3*math.Sqrt(said.Poor.Weight), said.Curve[0].Doubt, 1e-9)
	require.Greater(t, said.Curve[0].Doubt, said.Curve[1].Doubt)
	_, err = runProgram(t, "calibrate", folder, "--data", data, "--set", packs, "--spoil", "49")
	require.ErrorContains(t, err, "--spoil must be 0, or 50 or more")

	after := search()
	require.InDelta(t, said.Fit.Table.Identification(0.01, 1), after.Threshold, 1e-9)
	require.NotEqual(t, tableAlone.Candidates[0].Cosine, after.Candidates[0].Cosine, "doubt counts otherwise now")
	require.NoError(t, call("/v1/galleries/staff/subjects", flat, nil))
	_, err = p.do(p.key, http.MethodDelete, "/v1/galleries/staff/subjects/flat", nil, nil)
	require.NoError(t, err)

	out, err = runProgram(t, "calibrate", folder, "--data", data, "--set", packs)
	require.NoError(t, err)
	for _, told := range []string{"60 people", "FPIR of 1 %", "floor of the quality score", "weight of doubt", "quality score", "known people found", "blur of 6 pixels"} {
		require.Contains(t, string(out), told)
	}
	_, err = runProgram(t, "calibrate", "--reset", "--data", data, "--set", packs)
	require.NoError(t, err)
	require.Equal(t, before, search())
	require.ErrorContains(t, call("/v1/galleries/staff/subjects", flat, nil), "low_quality")
	p.stop(t)
}
