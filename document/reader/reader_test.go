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

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/stretchr/testify/require"

	"oneton/document"
	"oneton/document/documenttest"
	"oneton/document/mrz"
	"oneton/document/reader/readertest"
	"oneton/embed/embedtest"
	"oneton/photo"
)

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
	r := readertest.Start(t)
	page := documenttest.CedulaFront(someone, portrait(t, "obama.jpg"), 3)
	reference, err := r.Faces.Embed(t.Context(), "default", embedtest.Photo(t, "obama2.jpg"))
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

// Whose portrait it is, how much of the person it shows, how large it is and where it
// stands does not hide the text beside it, and the ghost picture is not taken for it.
func TestReadsCardsOfEverybody(t *testing.T) {
	r := readertest.Start(t)
	for name, c := range map[string]struct {
		layout documenttest.Layout
		scene  documenttest.Scene
		poor   bool // too poor a picture of a face to be compared
	}{
		"biden.jpg":               {layout: documenttest.Usual},
		"astronaut.png":           {layout: documenttest.Layout{Width: 26, Right: true, Ghost: true}},
		"obama.jpg":               {layout: documenttest.Layout{Width: 16, Ghost: true, Named: true}, scene: documenttest.Scene{Turn: 2, Degrees: 4}},
		"obama2.jpg":              {layout: documenttest.Layout{Width: 20, Right: true, Ghost: true, Beside: true, Named: true}},
		"obama3.jpg":              {layout: documenttest.Layout{Width: 22}, scene: documenttest.Scene{Fill: 0.6, Perspective: 0.15}},
		"obama_partial_face2.jpg": {layout: documenttest.Layout{Width: 23, Ghost: true, Beside: true}, poor: true},
	} {
		t.Run(name, func(t *testing.T) {
			c.scene.Width = 1632
			page := documenttest.CedulaFrontAs(c.layout, someone, portrait(t, name), 3)
			shot := documenttest.Shoot(page, c.scene)
			d, err := r.Read(t.Context(), shot.JPEG)
			require.NoError(t, err)
			require.True(t, d.Is(document.Cedula, document.Front), d.Evidence)
			require.True(t, d.Identifies(document.Cedula, someone.Number), d.Number)
			require.Equal(t, someone.Surname, d.Surname)
			require.Equal(t, someone.GivenNames, d.GivenNames)
			if c.poor {
				return
			}
			require.NotNil(t, d.Portrait)
			seen, err := r.Faces.Embed(t.Context(), readertest.Pack, embedtest.Photo(t, name), photo.CheckSmall)
			require.NoError(t, err)
			cosine, err := d.Portrait.Template.Cosine(seen.Faces[0].Template)
			require.NoError(t, err)
			require.Greater(t, cosine, 0.5)
		})
	}
}

// The back of an older card has its number in a barcode, and nowhere else.
func TestReadsABarcode(t *testing.T) {
	r := readertest.Start(t)
	code, err := oned.NewCode39Writer().Encode(documenttest.Digits(someone.Number), gozxing.BarcodeFormat_CODE_39, 0, 1, nil)
	require.NoError(t, err)
	bars, dark := []int(nil), false
	for x := range code.GetWidth() {
		if code.Get(x, 0) != dark {
			bars, dark = append(bars, 0), !dark
		}
		if len(bars) > 0 {
			bars[len(bars)-1]++
		}
	}
	shot := documenttest.Shoot(documenttest.CedulaBack(bars, 1), documenttest.Scene{Width: 1632, Turn: 1, Degrees: 5, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 70})
	d, err := r.Read(t.Context(), shot.JPEG)
	require.NoError(t, err)
	require.True(t, d.Is(document.Cedula, document.Back), d.Evidence)
	require.True(t, d.Identifies(document.Cedula, someone.Number), d.Number)
	require.Contains(t, d.Evidence, "barcode")
}

// What is no document is none, and what is no photo is an error.
func TestReadsWhatIsNoDocument(t *testing.T) {
	r := readertest.Start(t)
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
	r := readertest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := r.Read(ctx, documenttest.Shoot(documenttest.CedulaFront(someone, nil, 3), documenttest.Scene{Width: 1632}).JPEG)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A passport is told by its zone, and its portrait by its place above that.
func TestReadsAPassport(t *testing.T) {
	r := readertest.Start(t)
	ocrb, err := documenttest.OCRB()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip(err)
	}
	require.NoError(t, err)
	reference, err := r.Faces.Embed(t.Context(), "default", embedtest.Photo(t, "obama2.jpg"))
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
