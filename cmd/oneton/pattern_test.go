package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/onnx/onnxtest"
)

const (
	// crop is the side of an aligned face and block that of one of its patches
	// of colour, in pixels.
	crop, block = 112, 14
	patches     = crop / block
)

// patternPack writes a model pack that costs a millisecond a photo, so that
// tests of whole servers can make many, and returns its manifest. Its detector
// says that every photo of 112×112 pixels is one face, and its recogniser
// gives the mean colours of 8×8 patches.
func patternPack(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	var manifest strings.Builder
	manifest.WriteString(`name: pattern
version: "1"
licence: none
upstream: none
files:
`)
	for name, data := range map[string][]byte{"det.onnx": everywhere(t), "rec.onnx": colours(t)} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o600))
		fmt.Fprintf(&manifest, "  - {name: %s, sha256: %x}\n", name, sha256.Sum256(data))
	}
	fmt.Fprintf(&manifest, `detector: {file: det.onnx, decoder: yunet, input: {colour: rgb, mean: 0, scale: 1},
  frame: %[1]d, strides: [%[1]d], anchors: 1, score: 0.5, nms: 0.3}
recognisers:
  - {file: rec.onnx, alignment: arcface-112, input: {colour: rgb, mean: 127.5, scale: 0.0078}, dimension: %[2]d, weight: 1}
calibration: {source: patterns, measured: 1.0e-9, knots: [{cosine: -1, fmr: 1}, {cosine: 0.1, fmr: 0.5}, {cosine: 0.3, fmr: 1.0e-2}, {cosine: 0.7, fmr: 1.0e-9}]}
`, crop, 3*patches*patches)
	path := filepath.Join(folder, "pattern.yaml")
	require.NoError(t, os.WriteFile(path, []byte(manifest.String()), 0o600))
	return path
}

// everywhere finds a face that fills the picture, with its landmarks where an
// aligned crop has them.
func everywhere(t testing.TB) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("input", 1, 3, crop, crop)
	g.Floats("zero", []int64{1}, 0)
	g.Node("AveragePool", []string{"input"}, "mean", onnxtest.Ints("kernel_shape", crop, crop))
	g.Integers("first", []int64{1}, 0)
	g.Node("ReduceMean", []string{"mean"}, "grey", onnxtest.Int("keepdims", 0))
	g.Node("Mul", []string{"grey", "zero"}, "none")
	for name, values := range map[string][]float32{
		"cls": {1}, "obj": {1}, "bbox": {0.5, 0.5, 0, 0},
		"kps": {0.3419, 0.4616, 0.6565, 0.4598, 0.5002, 0.6405, 0.3710, 0.8247, 0.6315, 0.8232},
	} {
		g.Floats(name, []int64{1, 1, int64(len(values))}, values...)
		out := fmt.Sprintf("%s_%d", name, crop)
		g.Node("Add", []string{"none", name}, out)
		g.Output(out, 1, 1, int64(len(values)))
	}
	return g.Serialise(t)
}

// colours gives the mean of each colour in each patch.
func colours(t testing.TB) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("input", 1, 3, crop, crop)
	g.Node("AveragePool", []string{"input"}, "means", onnxtest.Ints("kernel_shape", block, block), onnxtest.Ints("strides", block, block))
	g.Node("Flatten", []string{"means"}, "template")
	g.Output("template", 1, 3*patches*patches)
	return g.Serialise(t)
}

// pattern is the photo of someone: patches of colours that the name decides.
// Two names are hardly alike.
func pattern(name string) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	img := image.NewPaletted(image.Rect(0, 0, crop, crop), nil)
	for i := range 8 {
		on := func(bit int) uint8 { return uint8(255 * (i >> bit & 1)) }
		img.Palette = append(img.Palette, color.RGBA{on(0), on(1), on(2), 255})
	}
	for row := range patches {
		for column := range patches {
			c := uint8(rng.IntN(len(img.Palette)))
			for y := range block {
				for x := range block {
					img.SetColorIndex(column*block+x, row*block+y, c)
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestPatternsAreTold(t *testing.T) {
	p := startProgram(t, t.TempDir(), "--set", "packs="+patternPack(t))
	_, err := p.do(p.key, "POST", "/v1/galleries", map[string]any{"name": "people"}, nil)
	require.NoError(t, err)
	for i := range 20 {
		_, err = p.do(p.key, "POST", "/v1/galleries/people/subjects", map[string]any{"id": fmt.Sprint("p", i), "photo": pattern(fmt.Sprint(i))}, nil)
		require.NoError(t, err)
	}
	for i := range 25 {
		var a searchAnswer
		_, err = p.do(p.key, "POST", "/v1/galleries/people/search", map[string]any{"photo": pattern(fmt.Sprint(i)), "threshold": -1}, &a)
		require.NoError(t, err)
		require.Len(t, a.Candidates, 5)
		if i < 20 {
			require.Equal(t, fmt.Sprint("p", i), a.Candidates[0].Subject)
			require.InDelta(t, 1, a.Candidates[0].Cosine, 1e-6)
			a.Candidates = a.Candidates[1:]
		}
		for _, c := range a.Candidates {
			require.Less(t, c.Cosine, 0.3, "%d and %s", i, c.Subject)
		}
	}
}
