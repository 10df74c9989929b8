package embed_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	ximage "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/photo"
)

// pasted shows a head of a demo photo on grey, its face about so many pixels
// wide, leaning clockwise by so many degrees, and where the face's middle is.
func pasted(t testing.TB, name string, part image.Rectangle, width, height int, faceWidth, tilt float64) (image.Image, image.Point) {
	t.Helper()
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	s, c := math.Sincos(tilt * math.Pi / 180)
	k := faceWidth / (float64(part.Dx()) * 0.5)
	x, y := float64(part.Min.X+part.Max.X)/2, float64(part.Min.Y+part.Max.Y)/2
	at := image.Pt(width*2/3, height*2/5)
	m := f64.Aff3{
		k * c, -k * s, float64(at.X) - k*(c*x-s*y),
		k * s, k * c, float64(at.Y) - k*(s*x+c*y),
	}
	kernel := ximage.BiLinear
	if k > 1 {
		kernel = ximage.CatmullRom
	}
	kernel.Transform(out, m, decoded(t, name), part, ximage.Src, nil)
	return out, at
}

var portraits = map[string]image.Rectangle{
	"obama.jpg": image.Rect(260, 20, 720, 480),
	"biden.jpg": image.Rect(310, 110, 830, 630),
}

// holding is the face whose box holds the point.
func holding(t testing.TB, found []photo.Face, at image.Point) photo.Face {
	t.Helper()
	for _, f := range found {
		if b := f.Box; b.X < float32(at.X) && b.Y < float32(at.Y) && float32(at.X) < b.X+b.Width && float32(at.Y) < b.Y+b.Height {
			return f
		}
	}
	require.Fail(t, "no face there", "of %d", len(found))
	return photo.Face{}
}

// A face has the same template in a large photo and in the crop of it that a
// caller would send, and its roll is told, however small it is and however the
// head leans.
func TestFaceInALargePhotoIsThatOfItsCrop(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	portrait := map[string]photo.Face{}
	for name := range portraits {
		portrait[name] = faces(t, e, embedtest.Photo(t, name))[0]
	}
	for name, part := range portraits {
		for _, faceWidth := range []float64{60, 100, 240} {
			for _, tilt := range []float64{0, 15, 25, -40} {
				t.Run(fmt.Sprint(name, " ", faceWidth, " ", tilt), func(t *testing.T) {
					img, at := pasted(t, name, part, 1600, 1200, faceWidth, tilt)
					reach := int(faceWidth * 1.1)
					crop := image.Rect(at.X-reach, at.Y-reach, at.X+reach, at.Y+reach).Intersect(img.Bounds())
					whole := holding(t, faces(t, e, encodePNG(t, img)), at)
					alone := holding(t, faces(t, e, encodePNG(t, cut(img, crop, crop.Dx(), crop.Dy()))), at.Sub(crop.Min))
					upright := portrait[name]
					lean := whole.Quality.Roll - upright.Quality.Roll
					t.Logf("crop %.3f, upright %.3f, roll %.0f", cosine(t, whole.Template, alone.Template), cosine(t, whole.Template, upright.Template), lean)
					require.Greater(t, cosine(t, whole.Template, alone.Template), 0.95)
					require.Greater(t, cosine(t, whole.Template, upright.Template), 0.8)
					require.InDelta(t, tilt, lean, 4)
				})
			}
		}
	}
}

// The dark chair of sample1.jpg, which the detector takes for a face, is none
// from near, and the cat never was.
func TestNoFaceFromNear(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	found := faces(t, e, embedtest.Photo(t, "sample1.jpg"))
	require.Len(t, found, 3)
	for _, f := range found {
		require.Greater(t, f.Confidence, float32(0.85))
	}
	require.Empty(t, faces(t, e, embedtest.Photo(t, "chelsea.png")))
}

// A photo that its edge cuts within the face is as near to the whole one as what is
// left of the face allows: what is not there is grey, and no smear of what is.
func TestFaceThatThePhotoCuts(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	for name, c := range map[string]struct {
		box   image.Rectangle // of the face
		least [3]float64
	}{
		"obama.jpg": {image.Rect(371, 88, 607, 419), [3]float64{0.88, 0.75, 0.79}},
		"biden.jpg": {image.Rect(431, 176, 707, 568), [3]float64{0.9, 0.852, 0.85}},
	} {
		whole := faces(t, e, embedtest.Photo(t, name))[0]
		img, w, h := decoded(t, name), c.box.Dx(), c.box.Dy()
		for i, part := range []image.Rectangle{
			c.box, // hair and ears
			image.Rect(c.box.Min.X-w/5, c.box.Min.Y+h*2/9, c.box.Max.X+w/5, c.box.Max.Y+h/10), // the brow
			image.Rect(c.box.Min.X-w/10, c.box.Min.Y+h/5, c.box.Max.X+w/10, c.box.Max.Y-h/20), // brow and chin
		} {
			found := faces(t, e, encodePNG(t, cut(img, part, part.Dx(), part.Dy())))
			require.NotEmpty(t, found)
			require.Greater(t, cosine(t, vector(t, found[0]), vector(t, whole)), c.least[i], "%s, %d", name, i)
		}
	}
}

// vector is a template but for its doubt.
func vector(t *testing.T, f photo.Face) face.Template {
	t.Helper()
	v, err := face.NewTemplate(f.Template[:len(f.Template)-1])
	require.NoError(t, err)
	return v
}
