package reader_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document"
	"oneton/document/documenttest"
	"oneton/document/mrz"
	"oneton/document/ocr"
	"oneton/document/reader"
	"oneton/document/zone"
	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

func open(t testing.TB) (*reader.Reader, *embed.Embedder) {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what ocr's and embed's tests share")
	}
	workers := pool.New(pool.Config{Queue: 64})
	faces, err := embed.New(embed.Config{}, embedtest.Runtime(t), workers, embedtest.Pack(t, "default"))
	require.NoError(t, err)
	text, err := ocr.New(embedtest.Models(t), embedtest.Runtime(t), workers)
	require.NoError(t, err)
	t.Cleanup(func() {
		workers.Close()
		require.NoError(t, faces.Close())
		require.NoError(t, text.Close())
	})
	zones, err := zone.New(text)
	require.NoError(t, err)
	return reader.New(reader.Config{Pack: "default", Limits: picture.DefaultLimits()}, workers, text, zones, faces), faces
}

func portrait(t testing.TB, name string) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, name)))
	require.NoError(t, err)
	return img
}

var someone = documenttest.Person{
	Number: documenttest.CheckedNumber("0011234567"), Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL",
	Birthplace: "SANTO DOMINGO, R.D.", Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
}

// A card is read however it lies, and its portrait is its holder's and no other of
// the faces on it.
func TestReadsACedula(t *testing.T) {
	r, faces := open(t)
	page := documenttest.CedulaFront(someone, portrait(t, "obama.jpg"), 3)
	reference, err := faces.Embed(t.Context(), "default", embedtest.Photo(t, "obama2.jpg"))
	require.NoError(t, err)
	for name, scene := range map[string]documenttest.Scene{
		"flat":   {},
		"right":  {Turn: 1, Degrees: 5, Perspective: 0.2, Direction: 40, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 60},
		"head":   {Turn: 2, Fill: 0.7, Degrees: -9},
		"left":   {Turn: 3, Degrees: 12, Glare: 0.3},
		"coarse": {Width: 800, Height: 600, Fill: 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			if scene.Width == 0 {
				scene.Width, scene.Height = 1632, 1224
			}
			shot := documenttest.Shoot(page, scene)
			d, err := r.Read(t.Context(), shot.JPEG)
			require.NoError(t, err)
			require.True(t, d.Is(document.Cedula, document.Front), "%v", d.Evidence)
			require.True(t, d.Identifies(document.Cedula, someone.Number), d.Number)
			require.Equal(t, mrz.Date{Year: 1984, Month: 4, Day: 16}, d.Birth)
			require.Equal(t, mrz.Date{Year: 2034, Month: 5, Day: 24}, d.Expiry)
			require.Equal(t, someone.Surname, d.Surname)
			require.Equal(t, someone.GivenNames, d.GivenNames)
			require.Equal(t, "M", d.Sex)
			require.Equal(t, "DOM", d.Nationality)
			require.NotNil(t, d.Portrait)
			// The face takes a quarter of the portrait's height, and the ghost's of less than
			// half as much.
			left, top := shot.At(3.5, 17)
			bottomLeft, bottom := shot.At(3.5, 46)
			high := math.Hypot(bottomLeft-left, bottom-top)
			require.InDelta(t, 0.27, float64(d.Portrait.Box.Height)/high, 0.08)
			cosine, err := d.Portrait.Template.Cosine(reference.Faces[0].Template)
			require.NoError(t, err)
			require.Greater(t, cosine, 0.5)
		})
	}
}

// What is no document is none, and what is no photo is an error.
func TestReadsWhatIsNoDocument(t *testing.T) {
	r, _ := open(t)
	d, err := r.Read(t.Context(), embedtest.Photo(t, "obama.jpg"))
	require.NoError(t, err)
	require.Equal(t, document.Unknown, d.Type)
	require.Empty(t, d.Number)

	for content, want := range map[string]error{
		"":                             photo.ErrEmpty,
		"%PDF-1.7 a document":          photo.ErrUnsupported,
		"<svg xmlns='http://www.w3'/>": photo.ErrUnsupported,
		"\xff\xd8\xff\xe0 no jpeg":     photo.ErrCorrupt,
	} {
		_, err := r.Read(t.Context(), []byte(content))
		require.ErrorIs(t, err, want, content)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	r, _ := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := r.Read(ctx, documenttest.Shoot(documenttest.CedulaFront(someone, nil, 3), documenttest.Scene{Width: 1632}).JPEG)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A passport is told by its zone, and its portrait by its place above that.
func TestReadsAPassport(t *testing.T) {
	r, faces := open(t)
	ocrb, err := documenttest.OCRB()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip(err)
	}
	require.NoError(t, err)
	reference, err := faces.Embed(t.Context(), "default", embedtest.Photo(t, "obama2.jpg"))
	require.NoError(t, err)
	holder := mrz.Document{
		Format: mrz.TD3, Type: "P", Issuer: "DOM", Nationality: "DOM", Name: mrz.Name{Surname: "PEREZ", Given: "ANA"},
		Number: "RD1234567", Birth: mrz.Date{Year: 1984, Month: 4, Day: 16}, Expiry: mrz.Date{Year: 2034, Month: 5, Day: 24}, Sex: "F",
	}
	page := documenttest.Travel(holder, ocrb, portrait(t, "obama.jpg"), 5)
	for name, scene := range map[string]documenttest.Scene{
		"flat":   {},
		"turned": {Turn: 1, Degrees: 6, Quality: 70},
		"head":   {Turn: 2, Degrees: -5},
	} {
		t.Run(name, func(t *testing.T) {
			shot := page.Shoot(40, scene)
			d, err := r.Read(t.Context(), shot.JPEG)
			require.NoError(t, err)
			require.True(t, d.Is(document.Passport, document.Front), "%v", d.Evidence)
			require.True(t, d.Identifies(document.Passport, "rd 1234567"), "%q %v", d.Number, d.Sure)
			require.False(t, d.Identifies(document.Cedula, "RD1234567"))
			require.Equal(t, "PEREZ", d.Surname)
			require.Equal(t, holder.Birth, d.Birth)
			require.NotNil(t, d.Portrait)
			cosine, err := d.Portrait.Template.Cosine(reference.Faces[0].Template)
			require.NoError(t, err)
			require.Greater(t, cosine, 0.5)
		})
	}
	_, err = r.Read(t.Context(), page.Shoot(10, documenttest.Scene{}).JPEG)
	require.ErrorIs(t, err, document.ErrTooSmall)
}
