package embed_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/onnx/onnxtest"
	"oneton/photo"
	"oneton/picture"
)

// The centre of the window that the aligner sees, and where the eyes belong from
// there.
const across, down = 55.5, 60.0

var eyes = [2]complex128{complex(38.2946-across, 51.6963-down), complex(73.5318-across, 51.5014-down)}

const alignerSide, alignerWindow = 64, 120

// eyesAligner is an aligner that is right by construction, for faces whose right
// eye is red and whose left eye is green: it brings the middles of the two
// colours to where the eyes belong. Its confidence is the cosine of the angle by
// which the face leans, as far as that is above 0.
func eyesAligner(t testing.TB) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("crop", 1, 3, alignerSide, alignerSide)
	var places []float32
	for i := range alignerSide * alignerSide {
		at := func(j int) float32 {
			return float32((float64(j) - float64(alignerSide-1)/2) * alignerWindow / alignerSide)
		}
		places = append(places, 1, at(i%alignerSide), at(i/alignerSide))
	}
	g.Floats("places", []int64{alignerSide * alignerSide, 3}, places...)
	g.Integers("mass", []int64{1}, 0)
	g.Integers("moments", []int64{2}, 1, 2)
	for plane, eye := range []string{"red", "green"} {
		g.Integers("of "+eye, []int64{1}, int64(plane))
		g.Node("Gather", []string{"crop", "of " + eye}, eye, onnxtest.Int("axis", 1))
		g.Node("Flatten", []string{eye}, eye+" flat")
		g.Node("MatMul", []string{eye + " flat", "places"}, eye+" sums")
		g.Node("Gather", []string{eye + " sums", "mass"}, eye+" mass", onnxtest.Int("axis", 1))
		g.Node("Gather", []string{eye + " sums", "moments"}, eye+" moments", onnxtest.Int("axis", 1))
		g.Node("Div", []string{eye + " moments", eye + " mass"}, eye+" middle")
	}
	// The correction is linear in the eyes' places: column by column.
	correction := func(right, left complex128) []float32 {
		by := (left - right) / (eyes[1] - eyes[0])
		move := (left+right)/2 - by*(eyes[0]+eyes[1])/2
		return []float32{float32(real(move)), float32(imag(move)), float32(real(by)), float32(imag(by))}
	}
	var columns []float32
	for _, unit := range [][2]complex128{{1, 0}, {1i, 0}, {0, 1}, {0, 1i}} {
		columns = append(columns, correction(unit[0], unit[1])...)
	}
	g.Floats("columns", []int64{4, 4}, columns...)
	g.Integers("cosine of", []int64{1}, 2)
	g.Integers("turn", []int64{2}, 2, 3)
	g.Integers("across", []int64{1}, 1)
	g.Node("Concat", []string{"red middle", "green middle"}, "eyes", onnxtest.Int("axis", 1))
	g.Node("MatMul", []string{"eyes", "columns"}, "correction")
	g.Node("Gather", []string{"correction", "cosine of"}, "x", onnxtest.Int("axis", 1))
	g.Node("Gather", []string{"correction", "turn"}, "xy", onnxtest.Int("axis", 1))
	g.Node("ReduceL2", []string{"xy", "across"}, "length")
	g.Node("Div", []string{"x", "length"}, "cosine")
	g.Node("Relu", []string{"cosine"}, "confidence")
	g.Node("Concat", []string{"correction", "confidence"}, "answer", onnxtest.Int("axis", 1))
	g.Output("answer", 1, 5)
	return g.Serialise(t)
}

// answering is an aligner that always gives the same.
func answering(t testing.TB, answer ...float32) []byte {
	t.Helper()
	g := &onnxtest.Graph{}
	g.Input("crop", 1, 3, alignerSide, alignerSide)
	g.Integers("all", []int64{4}, 0, 1, 2, 3)
	g.Integers("row", []int64{2}, 1, 1)
	g.Floats("zero", []int64{1}, 0)
	g.Floats("values", []int64{1, int64(len(answer))}, answer...)
	g.Node("ReduceMean", []string{"crop", "all"}, "mean")
	g.Node("Reshape", []string{"mean", "row"}, "grey")
	g.Node("Mul", []string{"grey", "zero"}, "none")
	g.Node("Add", []string{"none", "values"}, "answer")
	g.Output("answer", 1, int64(len(answer)))
	return g.Serialise(t)
}

// alignedPack finds blue cells, of a confidence of a third, and corrects them by
// the aligner.
func alignedPack(t testing.TB, aligner []byte, score, sure float64) *pack.Pack {
	t.Helper()
	return alignedPackSeeing(t, scrfdPoints, aligner, score, sure)
}

// alignedPackSeeing has a detector of other landmarks.
func alignedPackSeeing(t testing.TB, points []float32, aligner []byte, score, sure float64) *pack.Pack {
	t.Helper()
	return customPack{
		detector: "file: scrfd.onnx, decoder: scrfd, input: {colour: rgb, mean: 0, scale: 0.00392156862745098}, " +
			fmt.Sprintf("frame: 64, any_size: true, strides: [8, 16, 32], anchors: 2, score: %g, nms: 0.4", score),
		recognisers: []string{fmt.Sprintf(arcFaceRecogniser, "arcface.onnx", "rgb", 6, 1.0)},
		rest: fmt.Sprintf("aligner: {file: aligner.onnx, input: {colour: rgb, mean: 0, scale: 1}, side: %d, window: %d, centre: {x: %g, y: %g}, steps: 3, score: 0.5, sure: %g, doubtful: 0.3}\n",
			alignerSide, alignerWindow, across, down, sure),
		files: map[string][]byte{"scrfd.onnx": scrfdSeeing(t, points, -1), "arcface.onnx": halves(t), "aligner.onnx": aligner},
	}.load(t)
}

// blue is where alignedPack's detector finds a face in marked's photo.
func blue(scale float64) face.Landmarks {
	var l face.Landmarks
	for i := range l {
		l[i] = face.Point{X: float32(scale * (24 + 8*float64(scrfdPoints[2*i]))), Y: float32(scale * (16 + 8*float64(scrfdPoints[2*i+1])))}
	}
	return l
}

// marked is a photo whose detected face is a blue square, with eyes of four
// pixels of the crop in radius where they belong in a crop that lies as the map
// says.
func marked(scale int, cropToPhoto picture.Affine) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 64*scale, 48*scale))
	radius := 4 * math.Hypot(cropToPhoto.A, cropToPhoto.D)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := color.RGBA{A: 255}
			if image.Pt(x, y).In(image.Rect(24*scale, 16*scale, 32*scale, 24*scale)) {
				c.B = 255
			}
			for i, value := range []*uint8{&c.R, &c.G} {
				u, v := cropToPhoto.Apply(real(eyes[i])+across, imag(eyes[i])+down)
				edge := radius + 0.5 - math.Hypot(float64(x)-u, float64(y)-v)
				*value = uint8(150 * max(0, min(1, edge)))
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// beforeTurn is the map from a photo that was turned clockwise to the photo of the
// size.
func beforeTurn(degrees, width, height int) picture.Affine {
	right, bottom := float64(width-1), float64(height-1)
	return map[int]picture.Affine{
		0:   {A: 1, E: 1},
		90:  {B: 1, D: -1, F: bottom},
		180: {A: -1, C: right, E: -1, F: bottom},
		270: {B: -1, C: right, D: 1},
	}[degrees]
}

func inCustom(t *testing.T, e *embed.Embedder, data []byte) []photo.Face {
	t.Helper()
	r, err := e.Embed(t.Context(), "custom", data)
	require.NoError(t, err)
	return r.Faces
}

// A face's crop lies where the aligner says, however the detector's lies, and in
// photos of every size; the landmarks go with it.
func TestCropFollowsTheAligner(t *testing.T) {
	e := embedtest.New(t, embed.Config{}, alignedPack(t, eyesAligner(t), 0.31, 1))
	for _, scale := range []int{4, 10, 25} {
		found := embed.CropToPhoto(blue(float64(scale)))
		for _, tilt := range []float64{0, 20, -44, 55} {
			for _, by := range []struct{ size, dx, dy float64 }{{1, 0, 0}, {1.3, 6, -5}, {0.75, -8, 7}} {
				t.Run(fmt.Sprint(scale, " ", tilt, " ", by), func(t *testing.T) {
					turn := cmplx.Rect(by.size, tilt*math.Pi/180)
					u, v := real(turn), imag(turn)
					want := found.After(picture.Affine{
						A: u, B: -v, C: across + by.dx - u*across + v*down,
						D: v, E: u, F: down + by.dy - v*across - u*down,
					})
					got := inCustom(t, e, encodePNG(t, marked(scale, want)))
					require.Len(t, got, 1)
					crop := beforeTurn(got[0].Rotation, 64*scale, 48*scale).After(embed.CropToPhoto(got[0].Landmarks))
					tolerance := 0.6 * math.Hypot(want.A, want.D)
					for _, p := range [][2]float64{{38.3, 51.7}, {73.5, 51.5}, {56, 92}} {
						x, y := crop.Apply(p[0], p[1])
						wx, wy := want.Apply(p[0], p[1])
						require.InDelta(t, wx, x, tolerance)
						require.InDelta(t, wy, y, tolerance)
					}
					require.InEpsilon(t, 0.6*8*float64(scale)*by.size, got[0].Quality.InterEye, 0.05)
				})
			}
		}
	}
}

// What the aligner does not take for a face is none, and whatever it answers does
// no harm.
func TestAnswersOfAnAligner(t *testing.T) {
	nan, huge := float32(math.NaN()), float32(1e30)
	shown := encodePNG(t, marked(10, embed.CropToPhoto(blue(10))))
	for what, c := range map[string]struct {
		answer []float32
		faces  int
	}{
		"right":         {[]float32{0, 0, 1, 0, 1}, 1},
		"sure enough":   {[]float32{0, 0, 1, 0, 0.5}, 1},
		"unsure":        {[]float32{0, 0, 1, 0, 0.49}, 0},
		"no face":       {[]float32{0, 0, 1, 0, 0}, 0},
		"no number":     {[]float32{nan, 0, 1, 0, 1}, 0},
		"no confidence": {[]float32{0, 0, 1, 0, nan}, 0},
		"endless":       {[]float32{0, 0, float32(math.Inf(1)), 0, 1}, 0},
		"far away":      {[]float32{-huge, huge, 1, 0, 1}, 0},
		"nothing":       {[]float32{0, 0, 0, 0, 1}, 0},
		"all":           {[]float32{0, 0, huge, huge, 1}, 0},
		"ever smaller":  {[]float32{0, 0, 1e-20, 0, 1}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			for score, sure := range map[float64]float64{
				0.31: 1,    // the detector takes it for a face
				0.6:  1,    // it does not
				0.3:  0.33, // it is sure, so that the aligner's word is not needed
			} {
				want := c.faces
				if sure < 1 {
					want = 1
				}
				e := embedtest.New(t, embed.Config{}, alignedPack(t, answering(t, c.answer...), score, sure))
				require.Len(t, inCustom(t, e, shown), want, "score %g", score)
			}
		})
	}
	t.Run("other values", func(t *testing.T) {
		e := embedtest.New(t, embed.Config{}, alignedPack(t, answering(t, 0, 0, 1), 0.31, 1))
		_, err := e.Embed(t.Context(), "custom", shown)
		require.ErrorIs(t, err, onnx.ErrModel)
	})
}

// Landmarks that are far off, here upside down, do not lose a face of which the
// detector is sure.
func TestLandmarksFarOff(t *testing.T) {
	var upsideDown []float32
	for i := range len(scrfdPoints) / 2 {
		upsideDown = append(upsideDown, 0.8-scrfdPoints[2*i], 0.9-scrfdPoints[2*i+1])
	}
	const scale = 10
	want := embed.CropToPhoto(blue(scale))
	shown := encodePNG(t, marked(scale, want))
	for sure, faces := range map[float64]int{1: 0, 0.33: 1} {
		e := embedtest.New(t, embed.Config{}, alignedPackSeeing(t, upsideDown, eyesAligner(t), 0.31, sure))
		found := inCustom(t, e, shown)
		require.Len(t, found, faces)
		for _, f := range found {
			require.InDelta(t, 0, f.Quality.Roll, 1)
			require.InDelta(t, 0.6*8*scale, f.Quality.InterEye, 2)
		}
	}
}

// What the detector finds twice, side by side, and the aligner moves to one place
// is one face.
func TestOneFaceFoundTwice(t *testing.T) {
	const scale = 10
	e := embedtest.New(t, embed.Config{}, alignedPack(t, eyesAligner(t), 0.31, 1))
	want := embed.CropToPhoto(blue(scale))
	want.C += 4 * scale // between two cells
	img := marked(scale, want)
	twice, ok := img.(*image.RGBA)
	require.True(t, ok)
	for y := 16 * scale; y < 24*scale; y++ {
		for x := 32 * scale; x < 40*scale; x++ {
			twice.Pix[twice.PixOffset(x, y)+2] = 255
		}
	}
	found := inCustom(t, e, encodePNG(t, twice))
	require.Len(t, found, 1)
	crop := embed.CropToPhoto(found[0].Landmarks)
	require.InDelta(t, want.C, crop.C, 1)
	require.InDelta(t, want.F, crop.F, 1)
}
