package embed_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/onnx/onnxtest"
	"oneton/photo"
	"oneton/pool"
)

// customPack is a pack as an owner brings it: a manifest and files. The
// detector and recognisers are generated models whose answers are known.
type customPack struct {
	detector    string
	recognisers []string
	flip        bool
	// rest is what else the manifest says.
	rest  string
	files map[string][]byte
}

// load writes the pack's folder and opens its manifest.
func (c customPack) load(t testing.TB) *pack.Pack {
	t.Helper()
	folder := t.TempDir()
	var m strings.Builder
	fmt.Fprintf(&m, "name: custom\nversion: \"1\"\nlicence: none\nupstream: none\nflip: %t\nfiles:\n", c.flip)
	for name, data := range c.files {
		sum := sha256.Sum256(data)
		fmt.Fprintf(&m, "  - {name: %s, sha256: %s}\n", name, hex.EncodeToString(sum[:]))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o600))
	}
	fmt.Fprintf(&m, "detector: {%s}\nrecognisers:\n", c.detector)
	for _, r := range c.recognisers {
		fmt.Fprintf(&m, "  - {%s}\n", r)
	}
	m.WriteString(c.rest)
	m.WriteString("calibration: {source: none, measured: 0.1, knots: [{cosine: -1, fmr: 1}, {cosine: 1, fmr: 0.01}]}\n")
	manifest := filepath.Join(folder, "pack.yaml")
	require.NoError(t, os.WriteFile(manifest, []byte(m.String()), 0o600))
	p, err := pack.Open(manifest, "unused")
	require.NoError(t, err)
	return p
}

const scrfdDetector = "file: scrfd.onnx, decoder: scrfd, input: {colour: rgb, mean: 127.5, scale: 0.0078125}, " +
	"frame: 64, any_size: %t, strides: [8, 16, 32], anchors: 2, score: 0.5, nms: 0.4"

// scrfd finds cells of 8×8 white pixels, with the second of its two anchors.
// Every box reaches 0.5 and 0.25 cells to the left and top of the cell's corner
// and 1.5 and 1.25 to the right and bottom, and the landmarks lie so many cells
// to the right of the corner and below as scrfdPoints says.
func scrfdSeeing(t testing.TB, points []float32, size int64) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("input", 1, 3, size, size)
	g.Integers("colours", []int64{1}, 1)
	g.Floats("never", []int64{1}, 2)
	g.Floats("zero", []int64{1}, 0)
	g.Integers("column", []int64{2}, -1, 1)
	g.Floats("box", []int64{1, 4}, 0.5, 0.25, 1.5, 1.25)
	g.Floats("points", []int64{1, 10}, points...)
	g.Node("ReduceMean", []string{"input", "colours"}, "grey")
	for _, stride := range []int64{8, 16, 32} {
		n := func(name string) string { return fmt.Sprint(name, stride) }
		g.Node("AveragePool", []string{"grey"}, n("cell"), onnxtest.Ints("kernel_shape", stride, stride), onnxtest.Ints("strides", stride, stride))
		g.Node("Sub", []string{n("cell"), "never"}, n("low"))
		found := n("cell")
		if stride != 8 {
			found = n("low")
		}
		g.Node("Concat", []string{n("low"), found}, n("anchors"), onnxtest.Int("axis", 1))
		g.Node("Transpose", []string{n("anchors")}, n("last"), onnxtest.Ints("perm", 0, 2, 3, 1))
		g.Node("Reshape", []string{n("last"), "column"}, n("score"))
		g.Node("Mul", []string{n("score"), "zero"}, n("none"))
		g.Node("Add", []string{n("none"), "box"}, n("bbox"))
		g.Node("Add", []string{n("none"), "points"}, n("kps"))
	}
	for _, kind := range []struct {
		name string
		size int64
	}{{"score", 1}, {"bbox", 4}, {"kps", 10}} {
		for _, stride := range []int64{8, 16, 32} {
			g.Output(fmt.Sprint(kind.name, stride), -1, kind.size)
		}
	}
	return g.Serialise(t)
}

// scrfd sees scrfdPoints.
func scrfd(t testing.TB, size int64) []byte {
	return scrfdSeeing(t, scrfdPoints, size)
}

// scrfdPoints are an upright face's.
var scrfdPoints = []float32{0.1, 0.2, 0.7, 0.2, 0.4, 0.4, 0.2, 0.7, 0.6, 0.7}

const arcFaceRecogniser = "file: %s, alignment: arcface-112, input: {colour: %s, mean: 127.5, scale: 0.00784313725490196}, dimension: %d, weight: %g"

// halves gives the mean of each colour in the left and in the right half.
func halves(t testing.TB) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("data", 1, 3, 112, 112)
	g.Node("AveragePool", []string{"data"}, "means", onnxtest.Ints("kernel_shape", 112, 56), onnxtest.Ints("strides", 112, 56))
	g.Node("Flatten", []string{"means"}, "fc1")
	g.Output("fc1", 1, 6)
	return g.Serialise(t)
}

// crop is an aligned crop with one colour in each half.
func crop(left, right [3]byte) []byte {
	var c []byte
	for i := range 112 * 112 {
		colour := left
		if i%112 >= 56 {
			colour = right
		}
		c = append(c, colour[:]...)
	}
	return c
}

// unit scales to length one.
func unit(v ...float64) []float64 {
	norm := 0.0
	for _, x := range v {
		norm = math.Hypot(norm, x)
	}
	u := make([]float64, len(v))
	for i, x := range v {
		u[i] = x / norm
	}
	return u
}

func requireTemplate(t *testing.T, want []float64, got face.Template) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.InDelta(t, want[i], got[i], 1e-4, "coordinate %d", i)
	}
}

func TestCustomDetector(t *testing.T) {
	photo := func(scale int) []byte {
		img := image.NewRGBA(image.Rect(0, 0, 64*scale, 48*scale))
		draw.Draw(img, img.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.Draw(img, image.Rect(24*scale, 16*scale, 32*scale, 24*scale), image.NewUniform(color.White), image.Point{}, draw.Src)
		return encodePNG(t, img)
	}
	for name, size := range map[string]int64{"any size": -1, "fixed size": 64} {
		t.Run(name, func(t *testing.T) {
			e := embedtest.New(t, embed.Config{}, customPack{
				detector:    fmt.Sprintf(scrfdDetector, size < 0),
				recognisers: []string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)},
				files:       map[string][]byte{"scrfd.onnx": scrfd(t, size), "arcface.onnx": halves(t)},
			}.load(t))
			for _, scale := range []int{1, 2, 5} {
				r, err := e.Embed(t.Context(), "custom", photo(scale))
				require.NoError(t, err)
				require.Len(t, r.Faces, 1)
				f, s := r.Faces[0], float32(scale)
				require.InDelta(t, 127.5/128, f.Confidence, 1e-5)
				require.Equal(t, face.Box{X: 20 * s, Y: 14 * s, Width: 16 * s, Height: 12 * s}, f.Box)
				for i, l := range f.Landmarks {
					require.InDelta(t, s*(24+8*scrfdPoints[2*i]), l.X, 1e-3)
					require.InDelta(t, s*(16+8*scrfdPoints[2*i+1]), l.Y, 1e-3)
				}
				require.Len(t, f.Template, 6)
			}
		})
	}
}

func TestCustomRecogniser(t *testing.T) {
	left, right := [3]byte{255, 0, 51}, [3]byte{102, 204, 153}
	// What halves gives for the crop, planes in the order red, green, blue.
	red, green, blue := []float64{1, -0.2}, []float64{-1, 0.6}, []float64{-0.6, 0.2}
	inRGB := unit(slices.Concat(red, green, blue)...)
	inBGR := unit(slices.Concat(blue, green, red)...)
	mirrored := unit(red[1], red[0], green[1], green[0], blue[1], blue[0])
	sum := make([]float64, 6)
	for i := range sum {
		sum[i] = inRGB[i] + mirrored[i]
	}
	// The projection takes the first coordinate twice and the last.
	projected := unit(2*(-0.6), -0.2)
	joined := make([]float64, 0, 8)
	for _, x := range inRGB {
		joined = append(joined, math.Sqrt(0.7)*x)
	}
	for _, x := range projected {
		joined = append(joined, math.Sqrt(0.3)*x)
	}
	var rows []byte
	for _, v := range []float32{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1} {
		rows = binary.LittleEndian.AppendUint32(rows, math.Float32bits(v))
	}

	// The transform keeps the first four coordinates, twice the second.
	mapped := unit(inRGB[0], 2*inRGB[1], inRGB[2], inRGB[3])
	doubtful := make([]float64, 0, 5)
	for _, x := range mapped {
		doubtful = append(doubtful, 0.8*x)
	}
	doubtful = append(doubtful, 0.6)
	var four []byte
	for i := range 4 * 6 {
		v := float32(0)
		if i%7 == 0 {
			v = 1
		}
		if i == 7 {
			v = 2
		}
		four = binary.LittleEndian.AppendUint32(four, math.Float32bits(v))
	}
	const transform = "transform: {file: four.f32, dimension: 4}\n"
	const trust = "quality: {centre: 2, slope: 1}\ntrust: {floor: 0, doubt: [{quality: 0.5, doubt: 0.6}]}\n"

	cases := map[string]struct {
		recognisers []string
		flip        bool
		rest        string
		want        []float64
	}{
		"red first":  {[]string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)}, false, "", inRGB},
		"blue first": {[]string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "bgr", 6, 1.0)}, false, "", inBGR},
		"flipped":    {[]string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)}, true, "", unit(sum...)},
		"two fused": {[]string{
			fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 0.7),
			fmt.Sprintf(arcFaceRecogniser+", projection: {file: rows.f32, dimension: 2}", "arcface.onnx", "bgr", 6, 0.3),
		}, false, "", joined},
		"mapped":   {[]string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)}, false, transform, mapped},
		"doubtful": {[]string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)}, false, transform + trust, doubtful},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := customPack{
				detector: fmt.Sprintf(scrfdDetector, true), recognisers: c.recognisers, flip: c.flip, rest: c.rest,
				files: map[string][]byte{"scrfd.onnx": scrfd(t, -1), "arcface.onnx": halves(t), "rows.f32": rows, "four.f32": four},
			}.load(t)
			require.Equal(t, len(c.want), p.TemplateDimension())
			got, err := embedtest.New(t, embed.Config{}, p).EmbedAligned(t.Context(), "custom", crop(left, right))
			require.NoError(t, err)
			requireTemplate(t, c.want, got.Template)
		})
	}
}

// A face below the floor is told so and has a template all the same, and a
// template of the recognisers' alone becomes the same template by conversion.
func TestDoubtfulFace(t *testing.T) {
	left, right := [3]byte{255, 0, 51}, [3]byte{102, 204, 153}
	crops := func(rest string) (*embed.Embedder, photo.Face) {
		p := customPack{
			detector: fmt.Sprintf(scrfdDetector, true), rest: rest,
			recognisers: []string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)},
			files:       map[string][]byte{"scrfd.onnx": scrfd(t, -1), "arcface.onnx": halves(t)},
		}.load(t)
		e := embedtest.New(t, embed.Config{}, p)
		f, err := e.EmbedAligned(t.Context(), "custom", crop(left, right))
		require.NoError(t, err)
		return e, f
	}
	// The vector of these colours is 1.67 long.
	const score = 1.67332 / (1.67332 + 2)
	const quality = "quality: {centre: 2, slope: 1}\n"
	plainPack, plain := crops(quality)
	require.InDelta(t, score, plain.Quality.Score, 1e-5)
	require.True(t, plain.Comparable())
	require.Equal(t, plain.Template, plain.Probe)
	require.Nil(t, plainPack.Converter("custom", "0"))
	version, err := plainPack.Version("custom")
	require.NoError(t, err)
	require.Equal(t, "1", version)
	_, err = plainPack.Version("other")
	require.ErrorIs(t, err, photo.ErrPack)

	const doubt = "doubt: [{quality: 0.4, doubt: 0.6}, {quality: 0.6, doubt: 0}]}\nconverts: [{version: \"0\"}]\n"
	for floor, comparable := range map[string]bool{"0.45": true, "0.46": false} {
		e, f := crops(quality + "trust: {floor: " + floor + ", " + doubt)
		require.Equal(t, comparable, f.Comparable())
		require.Equal(t, !comparable, slices.Contains(f.Quality.Reasons, photo.ReasonNotComparable))
		require.Contains(t, f.Quality.Reasons, photo.ReasonUnclear, "it says why")
		d := 0.6 * (0.6 - score) / 0.2
		var want []float64
		for _, x := range plain.Template {
			want = append(want, math.Sqrt(1-d*d)*float64(x))
		}
		requireTemplate(t, append(want, d), f.Template)
		requireTemplate(t, append(want, -d), f.Probe)

		require.Nil(t, e.Converter("custom", "1"), "a version needs no conversion to itself")
		require.Nil(t, e.Converter("other", "0"))
		converted, q, err := e.Converter("custom", "0")(plain.Template, plain.Quality)
		require.NoError(t, err)
		require.Equal(t, f.Template, converted)
		require.Equal(t, f.Quality, q)
		_, _, err = e.Converter("custom", "0")(plain.Template[1:], plain.Quality)
		require.ErrorIs(t, err, face.ErrDimension)
	}
}

func TestNewRefusesPacks(t *testing.T) {
	good := customPack{
		detector:    fmt.Sprintf(scrfdDetector, true),
		recognisers: []string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)},
		files:       map[string][]byte{"scrfd.onnx": scrfd(t, -1), "arcface.onnx": halves(t), "short.f32": make([]byte, 7)},
	}
	cases := map[string]struct {
		change func(*customPack)
		want   error
	}{
		"no model": {func(c *customPack) {
			c.files = map[string][]byte{"scrfd.onnx": []byte("text"), "arcface.onnx": halves(t)}
		}, onnx.ErrModel},
		"two strides": {func(c *customPack) { c.detector = strings.Replace(c.detector, "[8, 16, 32]", "[8, 16]", 1) }, onnx.ErrModel},
		"outputs of others": {func(c *customPack) {
			c.detector = strings.NewReplacer("decoder: scrfd", "decoder: yunet", "anchors: 2", "anchors: 1").Replace(c.detector)
		}, onnx.ErrModel},
		"short projection": {func(c *customPack) {
			c.recognisers = []string{c.recognisers[0] + ", projection: {file: short.f32, dimension: 2}"}
		}, pack.ErrManifest},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			broken := good
			c.change(&broken)
			_, err := embed.New(embed.Config{}, embedtest.Runtime(t), pool.New(pool.Config{}), broken.load(t))
			require.ErrorIs(t, err, c.want)
		})
	}
	t.Run("twice", func(t *testing.T) {
		p := good.load(t)
		_, err := embed.New(embed.Config{}, embedtest.Runtime(t), pool.New(pool.Config{}), p, p)
		require.ErrorContains(t, err, "twice")
	})
	t.Run("closed runtime", func(t *testing.T) {
		rt := embedtest.Runtime(t)
		require.NoError(t, rt.Close())
		_, err := embed.New(embed.Config{}, rt, pool.New(pool.Config{}), good.load(t))
		require.ErrorIs(t, err, onnx.ErrClosed)
	})
	t.Run("wrong dimension", func(t *testing.T) {
		broken := good
		broken.recognisers = []string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 7, 1.0)}
		_, err := embed.New(embed.Config{}, embedtest.Runtime(t), pool.New(pool.Config{}), broken.load(t))
		require.ErrorIs(t, err, onnx.ErrModel)
	})
}
