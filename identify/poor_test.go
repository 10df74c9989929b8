package identify_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"oneton/calibration"
	"oneton/embed"
	"oneton/embed/embedtest"
	packs "oneton/embed/pack"
	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// spoilt are ways in which photos get poor alike.
var spoilt = map[string]func(*image.RGBA) []byte{
	"as it is": func(m *image.RGBA) []byte { return encoded(m, 92) },
	"upside down": func(m *image.RGBA) []byte {
		return encoded(redrawn(m, func(x, y int) color.RGBA {
			return m.RGBAAt(m.Rect.Dx()-1-x, m.Rect.Dy()-1-y)
		}), 92)
	},
	"on its side": func(m *image.RGBA) []byte {
		return encoded(redrawn(m, func(x, y int) color.RGBA { return m.RGBAAt(y, m.Rect.Dx()-1-x) }), 92)
	},
	"blurred": func(m *image.RGBA) []byte { return encoded(blurred(m, 20), 92) },
	"noise":   func(m *image.RGBA) []byte { return encoded(noisy(m, 90), 92) },
	"dithered": func(m *image.RGBA) []byte {
		two := image.NewPaletted(m.Rect, color.Palette{color.Black, color.White})
		draw.FloydSteinberg.Draw(two, two.Rect, m, image.Point{})
		return encoded(two, 92)
	},
	"JPEG of quality 2": func(m *image.RGBA) []byte { return encoded(m, 2) },
}

func redrawn(m *image.RGBA, at func(x, y int) color.RGBA) *image.RGBA {
	out := image.NewRGBA(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			out.SetRGBA(x, y, at(x, y))
		}
	}
	return out
}

func noisy(m *image.RGBA, deviation float64) *image.RGBA {
	rng := rand.New(rand.NewPCG(1, 2))
	out := image.NewRGBA(m.Rect)
	for i, v := range m.Pix {
		if i%4 != 3 {
			v = uint8(max(0, min(255, float64(v)+deviation*rng.NormFloat64())))
		}
		out.Pix[i] = v
	}
	return out
}

// blurred shrinks so many times and enlarges again.
func blurred(m *image.RGBA, by int) *image.RGBA {
	small := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx()/by, m.Rect.Dy()/by))
	draw.ApproxBiLinear.Scale(small, small.Rect, m, m.Rect, draw.Src, nil)
	out := image.NewRGBA(m.Rect)
	draw.CatmullRom.Scale(out, out.Rect, small, small.Rect, draw.Src, nil)
	return out
}

func encoded(m image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// strangers are portraits of different people, cut from the demo photos, of whom
// none looks like another in a clear photo as only one pair of strangers in 500 does.
func strangers(t *testing.T, e *embed.Embedder, pack string) []*image.RGBA {
	t.Helper()
	const side = 320
	table, err := e.Calibration(pack)
	require.NoError(t, err)
	var portraits []*image.RGBA
	var known []face.Template
	for _, name := range []string{"obama.jpg", "biden.jpg", "astronaut.png", "sample3.jpg", "sample4.jpg", "sample5.jpg", "sample6.jpg"} {
		photo := embedtest.Photo(t, name)
		shows, _, err := image.Decode(bytes.NewReader(photo))
		require.NoError(t, err)
		r, err := e.Embed(t.Context(), pack, photo)
		require.NoError(t, err)
		for _, f := range r.Faces {
			if f.Quality.InterEye < 20 || len(f.Quality.Reasons) > 0 {
				continue
			}
			b := f.Box
			x, y, reach := b.X+b.Width/2, b.Y+b.Height/2, max(b.Width, b.Height)
			cut := image.Rect(int(x-reach), int(y-reach), int(x+reach), int(y+reach))
			m := image.NewRGBA(image.Rect(0, 0, side, side))
			draw.CatmullRom.Scale(m, m.Rect, shows, cut, draw.Src, nil)
			sharp, err := e.Embed(t.Context(), pack, encoded(m, 92))
			require.NoError(t, err)
			if len(sharp.Faces) == 0 || slices.ContainsFunc(known, func(k face.Template) bool {
				cosine, err := sharp.Faces[0].Probe.Cosine(k)
				return err != nil || cosine >= table.Threshold(2e-3)
			}) {
				continue
			}
			known = append(known, sharp.Faces[0].Template)
			portraits = append(portraits, m)
		}
	}
	require.GreaterOrEqual(t, len(portraits), 12)
	return portraits
}

// TestStrangersWithPoorPhotosAreStrangers: photos of different people that are
// poor in the same way are not taken for one person's, by any of the answers.
func TestStrangersWithPoorPhotosAreStrangers(t *testing.T) {
	for _, name := range []string{"default", "accurate"} {
		p, err := packs.Open(name, embedtest.Models(t))
		if name != "default" && errors.Is(err, packs.ErrMissing) {
			t.Logf("pack %s is not fetched here", name)
			continue
		}
		require.NoError(t, err)
		e := embedtest.New(t, embed.Config{}, p)
		people := strangers(t, e, name)
		known := named{e, name, map[string]photo.Result{}}
		s, db := openWith(t, filepath.Join(t.TempDir(), "oneton.db"), known)
		require.NoError(t, identify.PrepareSpaces(t.Context(), known, db))
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
		for kind, spoil := range spoilt {
			t.Run(name+", "+kind, func(t *testing.T) {
				var photos [][]byte
				for _, m := range people {
					photos = append(photos, spoil(m))
				}
				for _, quality := range []string{store.GateReport, store.GateOff} {
					requireStrangers(t, s, kind, quality, photos)
				}
			})
		}
	}
}

// named is an embedder whose pack goes by the name of the tests' service. It
// remembers photos, each of which is compared with all others.
type named struct {
	*embed.Embedder
	name string
	seen map[string]photo.Result
}

func (n named) Embed(ctx context.Context, _ string, photo []byte, checks ...photo.Check) (photo.Result, error) {
	if r, seen := n.seen[string(photo)]; seen {
		return r, nil
	}
	r, err := n.Embedder.Embed(ctx, n.name, photo, checks...)
	if err == nil {
		n.seen[string(photo)] = r
	}
	return r, err
}

func (n named) Packs() []string                                { return []string{pack} }
func (n named) Version(string) (string, error)                 { return n.Embedder.Version(n.name) }
func (n named) Calibration(string) (*calibration.Table, error) { return n.Embedder.Calibration(n.name) }

// requireStrangers inserts each photo as a person, in a gallery of its own, and
// compares all.
func requireStrangers(t *testing.T, s *identify.Service, kind, quality string, photos [][]byte) {
	t.Helper()
	name := strings.ReplaceAll(kind, " ", "-") + "-" + quality
	p := policy()
	p.Quality = quality
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: name, Policy: p})
	require.NoError(t, err)
	inserted, refused := 0, 0
	for i, photo := range photos {
		a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: name, Photos: [][]byte{photo}, Insert: true})
		if errors.Is(err, identify.ErrLowQuality) && quality != store.GateOff || errors.Is(err, identify.ErrNoFace) || errors.Is(err, identify.ErrSeveralFaces) {
			refused++
			continue
		}
		require.NoError(t, err)
		require.Equal(t, identify.Nobody, a.Probes[0].Outcome, "person %d is taken for another: %+v", i, a.Probes[0].Candidates)
		inserted++
	}
	highest, score := -1.0, 0.0
	for i, a := range photos {
		for _, b := range photos[:i] {
			v, err := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: a, Reference: b})
			if errors.Is(err, identify.ErrNoFace) || errors.Is(err, identify.ErrSeveralFaces) {
				continue
			}
			require.NoError(t, err)
			highest, score = max(highest, v.Cosine), max(score, v.Score)
			require.False(t, v.Match)
		}
	}
	t.Logf("%s: %d of %d inserted, %d refused; highest cosine %.3f, score %.0f", quality, inserted, len(photos), refused, highest, score)
}
