package embed_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/embedtest/composite"
	"oneton/face"
	"oneton/photo"
)

var quarters = []int{90, 180, 270}

// pixels is the image from (0, 0) on.
func pixels(img image.Image) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Rect, img, b.Min, draw.Src)
	return out
}

// turned is the image turned clockwise.
func turned(img image.Image, degrees int) image.Image {
	return composite.Turned(pixels(img), degrees/90)
}

// mirrored is the image with left and right exchanged.
func mirrored(img image.Image) image.Image {
	in := pixels(img)
	out := image.NewRGBA(in.Rect)
	for y := range in.Rect.Dy() {
		for x := range in.Rect.Dx() {
			out.SetRGBA(in.Rect.Dx()-1-x, y, in.RGBAAt(x, y))
		}
	}
	return out
}

// encodeJPEG is the image as a camera writes it; orientation 0 writes none.
func encodeJPEG(t testing.TB, img image.Image, orientation uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
	if orientation == 0 {
		return b.Bytes()
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = binary.BigEndian.AppendUint16(exif, orientation)
	return slices.Concat(b.Bytes()[:2], exif, make([]byte, 6), b.Bytes()[2:])
}

// likeUpright compares each face of a photo with the nearest of the upright
// one's.
func likeUpright(t *testing.T, want photo.Result, got photo.Result, what string) {
	t.Helper()
	require.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height}, what)
	require.Len(t, got.Faces, len(want.Faces), what)
	for i, f := range got.Faces {
		best, at := -1.0, 0
		for j, w := range want.Faces {
			if c := cosine(t, f.Template, w.Template); c > best {
				best, at = c, j
			}
		}
		require.Equal(t, got.Rotation, f.Rotation, what)
		require.Greater(t, best, 0.98, "%s, face %d", what, i)
		require.Greater(t, f.Box.IoU(want.Faces[at].Box), float32(0.9), "%s, face %d", what, i)
		require.InDelta(t, want.Faces[at].Quality.Roll, f.Quality.Roll, 3, "%s, face %d", what, i)
	}
}

func TestTurnedPhotosAreSetUpright(t *testing.T) {
	e := patient(t)
	for _, name := range []string{
		"obama.jpg", "obama2.jpg", "biden.jpg", "obama_partial_face2.jpg",
		"sample1.jpg", "sample2.jpg", "sample3.jpg", "sample4.jpg", "sample5.jpg", "sample6.jpg",
	} {
		t.Run(name, func(t *testing.T) {
			img := decoded(t, name)
			want, err := e.Embed(t.Context(), "default", encodeJPEG(t, img, 0))
			require.NoError(t, err)
			require.Zero(t, want.Rotation)
			for _, degrees := range quarters {
				what := fmt.Sprintf("turned by %d", degrees)
				got, err := e.Embed(t.Context(), "default", encodeJPEG(t, turned(img, degrees), 0))
				require.NoError(t, err)
				require.Equal(t, 360-degrees, got.Rotation, what)
				likeUpright(t, want, got, what)
			}
		})
	}
}

// EXIF's orientation, turned or mirrored, holds before the photo is looked at:
// where it is right nothing is turned further, and where it is wrong the photo
// is set upright all the same.
func TestTurnsBesideEXIF(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	img := decoded(t, "obama.jpg")
	want, err := e.Embed(t.Context(), "default", encodeJPEG(t, img, 0))
	require.NoError(t, err)
	for what, c := range map[string]struct {
		file        image.Image
		orientation uint16
		rotation    int
	}{
		"upright":                  {img, 1, 0},
		"mirrored":                 {mirrored(img), 2, 0},
		"turned":                   {turned(img, 270), 6, 0},
		"upside down":              {turned(img, 180), 3, 0},
		"turned and mirrored":      {turned(mirrored(img), 270), 5, 0},
		"turned for no reason":     {img, 6, 270},
		"turned to the wrong side": {turned(img, 90), 6, 180},
		"mirrored upside down":     {turned(mirrored(img), 180), 2, 180},
	} {
		got, err := e.Embed(t.Context(), "default", encodeJPEG(t, c.file, c.orientation))
		require.NoError(t, err)
		require.Equal(t, c.rotation, got.Rotation, what)
		likeUpright(t, want, got, what)
	}
}

// The photo stands as its clearest face does; a head that lies beside it turns
// nothing.
func TestHeadsAtSeveralTurns(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	obama, biden := decoded(t, "obama.jpg"), cut(decoded(t, "biden.jpg"), image.Rect(0, 0, 970, 1137), 970, 1137)
	scene := image.NewRGBA(image.Rect(0, 0, 910+1137, 1137))
	draw.Draw(scene, image.Rect(0, 0, 910, 1137), obama, image.Point{}, draw.Src)
	draw.Draw(scene, image.Rect(910, 0, 910+1137, 970), turned(biden, 90), image.Point{}, draw.Src)
	r, err := e.Embed(t.Context(), "default", encodePNG(t, scene))
	require.NoError(t, err)
	require.Zero(t, r.Rotation)
	want := faces(t, e, embedtest.Photo(t, "obama.jpg"))[0]
	require.True(t, slices.ContainsFunc(r.Faces, func(f photo.Face) bool {
		return cosine(t, f.Template, want.Template) > 0.95
	}))
}

// A photo whose first look shows a good face costs one look, and one without a
// face four times what it does upright, a look from each side for heads that lean, and
// one at each part for small faces.
func TestTurnsCostNothingWhereAFaceIsGood(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	passes := embed.CountPasses(e, "default")
	for name, want := range map[string]int32{"obama.jpg": 1, "obama2.jpg": 1, "biden.jpg": 1, "sample3.jpg": 1, "sample5.jpg": 1} {
		passes.Store(0)
		faces(t, e, embedtest.Photo(t, name))
		require.Equal(t, want, passes.Load(), name)
	}
	const looks = 4*3 + 2
	grey := image.NewGray(image.Rect(0, 0, 900, 600))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.Gray{Y: 127}), image.Point{}, draw.Src)
	for what, c := range map[string]struct {
		photo []byte
		parts int32
	}{
		"small": {encodePNG(t, image.NewGray(image.Rect(0, 0, 600, 640))), 0},
		"grey":  {encodePNG(t, grey), 2},
		"strip": {encodePNG(t, image.NewGray(image.Rect(0, 0, 20, 9000))), 13},
	} {
		passes.Store(0)
		require.Empty(t, faces(t, e, c.photo), what)
		require.Equal(t, looks+c.parts, passes.Load(), what)
	}
}

// Twelve strangers whose photos are all turned alike stay strangers: each is as
// like the others as upright, and nobody like them.
func TestTurnedStrangersStayStrangers(t *testing.T) {
	e := patient(t)
	table, err := e.Calibration("default")
	require.NoError(t, err)
	var strangers []composite.Head
	for _, h := range heads(t) {
		if !slices.ContainsFunc(strangers, func(s composite.Head) bool { return s.Name == h.Name }) {
			strangers = append(strangers, h)
		}
	}
	strangers = strangers[:12]
	templates := map[int][]face.Template{}
	for i, h := range strangers {
		photo := composite.Ground(composite.Backgrounds()[0], 800, 600, uint64(i))
		composite.Paste(photo, composite.Placement{Head: h, X: 400, Y: 300, Width: 150})
		for quarter := range 4 {
			r, err := e.Embed(t.Context(), "default", encodePNG(t, composite.Turned(photo, quarter)))
			require.NoError(t, err)
			require.Len(t, r.Faces, 1, "%s turned by %d quarters", h.Name, quarter)
			require.Equal(t, (360-90*quarter)%360, r.Rotation, "%s turned by %d quarters", h.Name, quarter)
			templates[quarter] = append(templates[quarter], r.Faces[0].Template)
			require.Greater(t, cosine(t, templates[0][i], r.Faces[0].Template), 0.98)
		}
	}
	least := table.Threshold(1e-4)
	for quarter, of := range templates {
		for i, a := range of {
			for _, b := range of[:i] {
				require.Less(t, cosine(t, a, b), least, "turned by %d quarters", quarter)
			}
		}
	}
}

// Packs without a quality curve go by the detector's confidence.
func TestTurnsWithoutAQualityCurve(t *testing.T) {
	p := embedtest.Pack(t, "default")
	p.Quality, p.Trust = nil, nil
	e := embedtest.New(t, embed.Config{}, p)
	passes := embed.CountPasses(e, "default")
	img := decoded(t, "obama.jpg")
	for _, degrees := range []int{0, 90, 180, 270} {
		passes.Store(0)
		r, err := e.Embed(t.Context(), "default", encodeJPEG(t, turned(img, degrees), 0))
		require.NoError(t, err)
		require.Len(t, r.Faces, 1, "turned by %d", degrees)
		require.Equal(t, (360-degrees)%360, r.Rotation, "turned by %d", degrees)
		require.Equal(t, degrees == 0, passes.Load() == 1, "upright it costs one look")
	}
}
