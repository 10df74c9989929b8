package embed_test

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/embedtest/composite"
	"oneton/photo"
	"oneton/picture"
)

// patient is an embedder that does not mind other tests beside it.
func patient(t *testing.T) *embed.Embedder {
	limits := picture.DefaultLimits()
	limits.Time = 0
	return embedtest.New(t, embed.Config{Limits: limits})
}

func heads(t *testing.T) []composite.Head {
	t.Helper()
	heads, err := composite.Demo(embedtest.Photos(t))
	require.NoError(t, err)
	return heads
}

// showing is the only face found where the truth is.
func showing(t *testing.T, r photo.Result, truth composite.Truth) photo.Face {
	t.Helper()
	var shown []photo.Face
	for _, f := range r.Faces {
		if truth.Shows(f.Box) {
			shown = append(shown, f)
		}
	}
	require.Len(t, shown, 1, "of a face of %.0f pixels at %.0f, %.0f", truth.Width, truth.X, truth.Y)
	return shown[0]
}

// A face of 40 pixels in 4,000 × 3,000, however the head leans, is found when asked
// for, as well as in the part of the photo that a caller would cut; and when it
// stands upright, also in a photo that shows nobody else.
func TestSmallFaceInALargePhoto(t *testing.T) {
	e := patient(t)
	head := heads(t)[1]
	portrait := faces(t, e, embedtest.Photo(t, "obama2.jpg"))[0]
	for _, tilt := range []float64{0, 45} {
		scene := composite.Ground(composite.Backgrounds()[0], 4000, 3000, 1)
		truth := composite.Paste(scene, composite.Placement{Head: head, X: 2717, Y: 1180, Width: 40, Tilt: tilt})[0]
		data, err := composite.JPEG(scene)
		require.NoError(t, err)
		if tilt == 0 {
			fast, err := e.Embed(t.Context(), "default", data)
			require.NoError(t, err)
			require.Len(t, fast.Faces, 1)
			showing(t, fast, truth)
		}
		full, err := e.Embed(t.Context(), "default", data, photo.CheckSmall)
		require.NoError(t, err)
		require.Equal(t, []int{4000, 3000}, []int{full.Width, full.Height})
		found := showing(t, full, truth)
		require.Len(t, full.Faces, 1)
		require.InDelta(t, tilt, found.Quality.Roll, 6)
		require.Greater(t, cosine(t, found.Template, portrait.Template), 0.6)
		part := truth.Around(1)
		cut, err := composite.JPEG(composite.Crop(scene, part, 2*part.Dx(), 2*part.Dy()))
		require.NoError(t, err)
		require.Greater(t, cosine(t, found.Template, faces(t, e, cut)[0].Template), 0.9)
	}
}

// A head that leans by more than the detector sees is found where nobody else is,
// with whoever is beside it where all faces are asked for, and never twice.
func TestHeadsThatLean(t *testing.T) {
	e := patient(t)
	people := heads(t)
	for _, tilt := range []float64{-42, -35, 35, 42} {
		scene := composite.Ground("wall", 1600, 1200, 5)
		leaning := composite.Placement{Head: people[1], X: 400, Y: 500, Width: 80, Tilt: tilt}
		truth := composite.Paste(scene, leaning)[0]
		data, err := composite.JPEG(scene)
		require.NoError(t, err)
		r, err := e.Embed(t.Context(), "default", data)
		require.NoError(t, err)
		require.Len(t, r.Faces, 1, "leaning by %g", tilt)
		require.InDelta(t, tilt, showing(t, r, truth).Quality.Roll, 6)

		beside := composite.Paste(scene, composite.Placement{Head: people[0], X: 1100, Y: 600, Width: 300})[0]
		data, err = composite.JPEG(scene)
		require.NoError(t, err)
		r, err = e.Embed(t.Context(), "default", data, photo.CheckSmall)
		require.NoError(t, err)
		require.Len(t, r.Faces, 2, "leaning by %g", tilt)
		showing(t, r, beside)
		require.InDelta(t, tilt, showing(t, r, truth).Quality.Roll, 6)
	}
}

// Faces of all sizes, over the borders of parts as beside them, are each found
// once.
func TestFacesAtTheBordersOfParts(t *testing.T) {
	e := patient(t)
	people := heads(t)
	scene := composite.Ground(composite.Backgrounds()[0], 2400, 1800, 2)
	var placed []composite.Placement
	for i := range 20 {
		placed = append(placed, composite.Placement{
			Head: people[i%8], X: 120 + 430*float64(i%5) + 37*float64(i/5), Y: 140 + 380*float64(i/5), Width: []float64{44, 60, 90, 150}[i%4],
		})
	}
	truth := composite.Paste(scene, placed...)
	data, err := composite.JPEG(scene)
	require.NoError(t, err)
	r, err := e.Embed(t.Context(), "default", data, photo.CheckSmall)
	require.NoError(t, err)
	for _, face := range truth {
		showing(t, r, face)
	}
	require.Len(t, r.Faces, len(truth))
}

// A large photo that is turned is set upright by its larger faces, and its small
// ones are found there.
func TestSmallFacesInATurnedPhoto(t *testing.T) {
	e := patient(t)
	people := heads(t)
	scene := composite.Ground(composite.Backgrounds()[0], 2400, 1800, 3)
	truth := composite.Paste(scene,
		composite.Placement{Head: people[0], X: 600, Y: 700, Width: 200},
		composite.Placement{Head: people[1], X: 1500, Y: 500, Width: 48},
		composite.Placement{Head: people[5], X: 1900, Y: 1200, Width: 48},
	)
	data, err := composite.JPEG(composite.Turned(scene, 1))
	require.NoError(t, err)
	r, err := e.Embed(t.Context(), "default", data, photo.CheckSmall)
	require.NoError(t, err)
	require.Equal(t, 270, r.Rotation)
	require.Len(t, r.Faces, len(truth))
	for _, face := range truth {
		require.Equal(t, 270, showing(t, r, face).Rotation)
	}
}

// A face that fills a large photo is one face, whatever its parts look like.
func TestPartsOfALargeFaceAreNoFaces(t *testing.T) {
	e := patient(t)
	img := decoded(t, "obama.jpg")
	for name, scene := range map[string]image.Image{
		"enlarged":  cut(img, image.Rect(300, 40, 690, 480), 2340, 2640),
		"portrait":  img,
		"group":     decoded(t, "sample6.jpg"),
		"tall":      decoded(t, "biden.jpg"),
		"half grey": cut(img, img.Bounds(), 1820, 2274),
	} {
		data := encodeJPEG(t, scene, 0)
		fast, err := e.Embed(t.Context(), "default", data)
		require.NoError(t, err)
		full, err := e.Embed(t.Context(), "default", data, photo.CheckSmall)
		require.NoError(t, err)
		require.Len(t, full.Faces, len(fast.Faces), name)
		for i, f := range full.Faces {
			require.Positive(t, f.Box.IoU(fast.Faces[i].Box), name)
		}
	}
}

// A scan costs what its parts do, once in a photo without faces; of one that the
// detector sees in full, that it is seen turned to both sides.
func TestScanIsBounded(t *testing.T) {
	e := patient(t)
	passes := embed.CountPasses(e, "default")
	const views, turns, slants, tiles = 3, 4, 2, 48
	for what, c := range map[string]struct {
		size image.Point
		most int
	}{
		"small": {image.Pt(450, 450), turns*views + slants},
		"strip": {image.Pt(12_000, 20), turns*views + tiles + slants*(1+tiles)},
		"large": {image.Pt(4000, 4000), turns*views + tiles + slants*(1+tiles)},
	} {
		passes.Store(0)
		r, err := e.Embed(t.Context(), "default", encodePNG(t, image.NewGray(image.Rect(0, 0, c.size.X, c.size.Y))), photo.CheckSmall)
		require.NoError(t, err)
		require.Empty(t, r.Faces, what)
		require.LessOrEqual(t, int(passes.Load()), c.most, what)
	}
}
