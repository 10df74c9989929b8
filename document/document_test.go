package document_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document"
	"oneton/document/mrz"
	"oneton/face"
	"oneton/photo"
)

var now = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// line is a clear one of the size of letters of 20 pixels.
func line(x, y float32, text string) document.Line {
	return document.Line{Text: text, Confidence: 0.95, Least: 0.9, Box: face.Box{X: x, Y: y, Width: float32(12 * len(text)), Height: 20}}
}

func picture(x, y, side, score float32) photo.Face {
	return photo.Face{Box: face.Box{X: x, Y: y, Width: side, Height: side}, Quality: face.Quality{Score: score}}
}

// front is what a clear photo of the front of a card shows.
func front() document.Page {
	return document.Page{
		Lines: []document.Line{
			line(200, 10, "REPUBLICA DOMINICANA"),
			line(200, 40, "JUNTA CENTRAL ELECTORAL"),
			line(200, 70, "CÉDULA DE IDEnTIDAD Y ELECTORAL"),
			line(300, 110, "001-1234567-3"),
			line(300, 150, "LUGAR DE NACIMIENTO"), line(300, 175, "BONAO"),
			line(300, 205, "FECHA DE NACIMIENTO"), line(300, 230, "16 ABRIL 1984"),
			line(650, 205, "SEXO"), line(650, 230, "F"),
			line(300, 260, "NACIONALIDAD"), line(300, 285, "REPUBLICA DOMINICANA"),
			line(650, 150, "FECHA DE EXPIRACIÓN"), line(650, 175, "24 MAYO 2034"),
			line(300, 320, "ANA MERCEDES"),
			line(300, 350, "DE LA"), line(372, 350, "CRUZ PEÑA"),
		},
		Bounds: face.Box{X: 0, Y: -20, Width: 900, Height: 500},
		Faces:  []photo.Face{picture(60, 120, 120, 0.95), picture(760, 300, 50, 0.6)},
	}
}

func TestFrontOfACedula(t *testing.T) {
	d := document.Examine(front())
	require.True(t, d.Is(document.Cedula, document.Front))
	require.False(t, d.Is(document.Cedula, document.Back))
	require.False(t, d.Is(document.Passport, document.Front))
	require.Equal(t, "00112345673", d.Number)
	require.True(t, d.Sure)
	require.False(t, d.Ambiguous)
	require.Equal(t, "ANA MERCEDES", d.GivenNames)
	require.Equal(t, "DE LA CRUZ PEÑA", d.Surname)
	require.Equal(t, mrz.Date{Year: 1984, Month: 4, Day: 16}, d.Birth)
	require.Equal(t, mrz.Date{Year: 2034, Month: 5, Day: 24}, d.Expiry)
	require.Equal(t, "DOM", d.Nationality)
	require.Equal(t, "F", d.Sex)
	require.NotNil(t, d.Portrait)
	require.Equal(t, float32(60), d.Portrait.Box.X)
	require.Contains(t, d.Evidence, "portrait")
}

// Numbers that identify, and those that do not.
func TestIdentifies(t *testing.T) {
	for asked, want := range map[string]bool{
		"001-1234567-3": true, "00112345673": true, "001 1234567 3": true, "001.1234567.3": true,
		"001-1234567-4": false, "0011234567": false, "": false, "-": false, "1123456730": false,
	} {
		require.Equal(t, want, document.Examine(front()).Identifies(document.Cedula, asked), asked)
		require.False(t, document.Examine(front()).Identifies(document.Passport, asked), asked)
		require.False(t, document.Examine(front()).Identifies(document.Unknown, asked), asked)
	}
}

// replaced is a page with another text in place of a line's.
func replaced(p document.Page, was, is string) document.Page {
	for i, l := range p.Lines {
		if l.Text == was {
			p.Lines[i].Text = is
		}
	}
	return p
}

func TestNumbersAsRecognisersReadThem(t *testing.T) {
	for text, want := range map[string]string{
		"001-1234567-3":           "00112345673",
		"OO1-12345G7-3":           "", // a G is no digit's double
		"0O1-I234567-3":           "00112345673",
		"001- 1234567 -3":         "00112345673",
		"001 1234567 3":           "00112345673",
		"00112345673":             "00112345673",
		"CÉDULA: 001-1234567-3":   "00112345673",
		"001–1234567–3":           "00112345673",
		"001-1234567-8":           "", // a wrong check digit
		"001-1234576-3":           "", // two digits exchanged
		"1001-1234567-3":          "", // too long
		"00-1234567-3":            "",
		"000-0000000-0":           "", // sums up to nothing
		"222-2222222-2":           "",
		"401-1234567-3 001":       "",
		"TEL. 809-555-1234":       "",
		"001-1234567-3 402-00061": "00112345673",
	} {
		d := document.Examine(replaced(front(), "001-1234567-3", text))
		require.Equal(t, want, d.Number, text)
		require.Equal(t, want != "", d.Sure, text)
		require.True(t, d.Is(document.Cedula, document.Front), text)
		require.Equal(t, want != "", d.Identifies(document.Cedula, "00112345673"), text)
	}
}

// What is in doubt validates nothing.
func TestDoubtfulNumbersIdentifyNobody(t *testing.T) {
	two := front()
	two.Lines = append(two.Lines, line(500, 400, "402-1234567-8"))
	d := document.Examine(two)
	require.True(t, d.Ambiguous)
	require.False(t, d.Sure)
	require.False(t, d.Identifies(document.Cedula, "00112345673"))
	require.False(t, d.Identifies(document.Cedula, "40212345678"))

	faint := front()
	faint.Lines[3].Least = 0.3
	d = document.Examine(faint)
	require.Equal(t, "00112345673", d.Number)
	require.False(t, d.Sure)
	require.False(t, d.Identifies(document.Cedula, "00112345673"))

	same := front()
	same.Lines = append(same.Lines, line(500, 400, "00112345673"))
	require.True(t, document.Examine(same).Identifies(document.Cedula, "00112345673"))
}

// Other papers with the republic's name, a number and a face are no cédula, nor is one
// of whose evidence too much is missing.
func TestWhatIsNoFront(t *testing.T) {
	without := func(texts ...string) func() document.Page {
		return func() document.Page {
			p := front()
			for _, text := range texts {
				p = replaced(p, text, "")
			}
			return p
		}
	}
	const republic, board, card = "REPUBLICA DOMINICANA", "JUNTA CENTRAL ELECTORAL", "CÉDULA DE IDEnTIDAD Y ELECTORAL"
	for name, tc := range map[string]struct {
		page func() document.Page
		is   bool
	}{
		"a glare over one word": {without(card), true},
		"no republic":           {without(republic), true},
		"no number":             {without("001-1234567-3"), true},
		"one word and a number": {without(republic, card), true},
		"neither word":          {without(board, card), false},
		"one word alone":        {without(republic, card, "001-1234567-3"), false},
		"a licence": {func() document.Page {
			p := replaced(front(), board, "LICENCIA DE CONDUCIR")
			return p
		}, false},
		"a portrait too poor to compare": {func() document.Page {
			p := front()
			p.Faces[0].Quality.Reasons, p.Faces = []string{photo.ReasonNotComparable}, p.Faces[:1]
			return p
		}, true},
		"a page of text": {func() document.Page {
			p := front()
			p.Faces = nil
			return p
		}, false},
		"a person who holds it so that only their face is seen": {func() document.Page {
			p := front()
			p.Faces = []photo.Face{picture(1200, -600, 500, 0.99)}
			return p
		}, false},
		"nothing": {func() document.Page { return document.Page{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := document.Examine(tc.page())
			require.Equal(t, tc.is, d.Is(document.Cedula, document.Front))
			require.Equal(t, name == "a page of text" || strings.HasPrefix(name, "a person who"), d.Faceless)
		})
	}
}

func TestBackOfACedula(t *testing.T) {
	back := document.Page{Lines: []document.Line{
		line(10, 10, "COLEGIO ELECTORAL"), line(10, 40, "UBICACIÓN DEL COLEGIO"), line(10, 70, "00112345673"),
	}}
	d := document.Examine(back)
	require.True(t, d.Is(document.Cedula, document.Back))
	require.True(t, d.Identifies(document.Cedula, "001-1234567-3"))
	require.False(t, document.Examine(document.Page{Lines: back.Lines[:1]}).Is(document.Cedula, document.Back))
}

// A barcode has the number of a back that prints none, and another than the printed one
// puts both in doubt.
func TestBarcodeOnABack(t *testing.T) {
	words := []document.Line{line(10, 10, "COLEGIO ELECTORAL"), line(10, 40, "UBICACIÓN DEL COLEGIO")}
	printed := append(slices.Clone(words), line(10, 70, "001-1234567-3"))
	const number, another = "00112345673", "40212345678"
	for name, c := range map[string]struct {
		lines            []document.Line
		codes            []string
		sure, numberless bool
		ambiguous, coded bool
	}{
		"no code":                    {lines: words, numberless: true},
		"the number":                 {lines: words, codes: []string{number}, sure: true, coded: true},
		"with hyphens":               {lines: words, codes: []string{"001-1234567-3"}, sure: true, coded: true},
		"beside something else":      {lines: words, codes: []string{"0123A", number}, sure: true, coded: true},
		"one word":                   {lines: words[:1], codes: []string{number}, sure: true, coded: true},
		"a wrong check digit":        {lines: words, codes: []string{"00112345674"}, numberless: true},
		"letters for digits":         {lines: words, codes: []string{"OO112345673"}, numberless: true},
		"two numbers":                {lines: words, codes: []string{number, another}, ambiguous: true, numberless: true, coded: true},
		"the printed one":            {lines: printed, codes: []string{number}, sure: true, coded: true},
		"another than the printed":   {lines: printed, codes: []string{another}, ambiguous: true, numberless: true, coded: true},
		"a printed one, and no code": {lines: printed, sure: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := document.Examine(document.Page{Lines: c.lines, Codes: c.codes})
			require.True(t, d.Is(document.Cedula, document.Back))
			require.Equal(t, c.sure, d.Identifies(document.Cedula, number))
			require.Equal(t, c.ambiguous, d.Ambiguous)
			require.Equal(t, c.numberless, d.Numberless)
			require.Equal(t, c.coded, slices.Contains(d.Evidence, "barcode"))
			require.False(t, d.Identifies(document.Cedula, another) && c.sure)
		})
	}
	require.False(t, document.Examine(front()).Numberless)
	require.Equal(t, document.Unknown, document.Examine(document.Page{Codes: []string{number}}).Type, "a code alone is no card")
}

// zone is a decoded one of the format, as it was made.
func zone(t *testing.T, z mrz.Document, state mrz.State) *mrz.Result {
	t.Helper()
	lines, err := mrz.Make(z)
	require.NoError(t, err)
	d, err := mrz.Parse(lines, now)
	require.NoError(t, err)
	require.NoError(t, d.Verify())
	return &mrz.Result{Document: d, State: state}
}

var travels = mrz.Document{
	Format: mrz.TD3, Type: "P", Issuer: "DOM", Nationality: "DOM", Name: mrz.Name{Surname: "PENA", Given: "ANA"},
	Number: "RD1234567", Birth: mrz.Date{Year: 1984, Month: 4, Day: 16}, Expiry: mrz.Date{Year: 2034, Month: 5, Day: 24}, Sex: "F",
}

func TestPassport(t *testing.T) {
	d := document.Examine(document.Page{
		Zone:   zone(t, travels, mrz.Read),
		Bounds: face.Box{Width: 1000, Height: 700},
		Faces:  []photo.Face{picture(750, 200, 80, 0.5), picture(100, 200, 250, 0.9)},
	})
	require.True(t, d.Is(document.Passport, document.Front))
	require.False(t, d.Is(document.Passport, document.Back))
	require.True(t, d.Identifies(document.Passport, "rd-1234567"))
	require.False(t, d.Identifies(document.Passport, "RD1234568"))
	require.False(t, d.Identifies(document.Cedula, "RD1234567"))
	require.Equal(t, "PENA", d.Surname)
	require.Equal(t, "DOM", d.Nationality)
	require.Equal(t, travels.Birth, d.Birth)
	require.Equal(t, float32(100), d.Portrait.Box.X)

	for _, state := range []mrz.State{mrz.Ambiguous, mrz.Unsure} {
		d = document.Examine(document.Page{Zone: zone(t, travels, state)})
		require.True(t, d.Is(document.Passport, document.Front))
		require.False(t, d.Identifies(document.Passport, "RD1234567"), state)
		require.Equal(t, state == mrz.Ambiguous, d.Ambiguous)
	}
}

func TestCardsWithAZone(t *testing.T) {
	card := travels
	card.Format, card.Type, card.Number, card.Optional = mrz.TD1, "ID", "A12345678", "00112345673"
	d := document.Examine(document.Page{Zone: zone(t, card, mrz.Read)})
	require.True(t, d.Is(document.Cedula, document.Back))
	require.True(t, d.Identifies(document.Cedula, "001-1234567-3"))

	// The text beside it tells another number.
	d = document.Examine(document.Page{Zone: zone(t, card, mrz.Read), Lines: []document.Line{line(0, 0, "402-1234567-8")}})
	require.True(t, d.Ambiguous)
	require.False(t, d.Identifies(document.Cedula, "001-1234567-3"))

	card.Issuer, card.Nationality = "ESP", "ESP"
	d = document.Examine(document.Page{Zone: zone(t, card, mrz.Read)})
	require.Equal(t, document.Unknown, d.Type)
	require.False(t, d.Identifies(document.Cedula, "001-1234567-3"))
	require.False(t, d.Identifies(document.Unknown, "A12345678"))
}

// Of several faces the portrait is the largest within the document that can be
// compared; of two of a size, the clearer one.
func TestPortrait(t *testing.T) {
	incomparable := picture(60, 120, 150, 0)
	incomparable.Quality.Reasons = []string{photo.ReasonNotComparable}
	for name, tc := range map[string]struct {
		faces []photo.Face
		at    float32 // -1 is none
	}{
		"none":                       {nil, -1},
		"one":                        {[]photo.Face{picture(60, 120, 120, 0.9)}, 60},
		"a ghost first":              {[]photo.Face{picture(760, 300, 50, 0.9), picture(60, 120, 120, 0.5)}, 60},
		"a ghost of nearly its size": {[]photo.Face{picture(600, 100, 125, 0.5), picture(60, 120, 120, 0.9)}, 60},
		"who holds it":               {[]photo.Face{picture(-900, -600, 500, 0.99), picture(60, 120, 120, 0.5)}, 60},
		"not comparable":             {[]photo.Face{incomparable}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := front()
			p.Faces = tc.faces
			d := document.Examine(p)
			if tc.at < 0 {
				require.Nil(t, d.Portrait)
				return
			}
			require.NotNil(t, d.Portrait)
			require.Equal(t, tc.at, d.Portrait.Box.X)
		})
	}
}

// What recognisers make of any photo is examined without harm.
func FuzzExamine(f *testing.F) {
	f.Add("001-1234567-3", "FECHA DE NACIMIENTO: 16 ABRIL 1984", float32(3))
	f.Add("JUNTA CENTRAL ELECTORAL", "\xff\u0301", float32(0))
	f.Fuzz(func(t *testing.T, a, b string, at float32) {
		if len(a) > 1000 || len(b) > 1000 {
			t.Skip("longer than any strip")
		}
		p := front()
		p.Lines = append(p.Lines, line(at, 2*at, a), line(2*at, at, b))
		d := document.Examine(p)
		if d.Sure && d.Type == document.Cedula {
			require.Len(t, d.Number, 11)
		}
	})
}
