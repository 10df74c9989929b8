package documenttest

import (
	"fmt"
	"image"
	"image/color"
	"strings"
)

// Person is whose document it is. Dates are as they are printed.
type Person struct {
	// Number is the document's: for a cédula eleven digits with hyphens.
	Number              string
	Surname, GivenNames string
	Birthplace          string
	Birth, Expiry       string
	Nationality, Sex    string
}

// Cédulas are cards of ISO/IEC 7810's format ID-1.
const (
	CardWidth  = 85.6
	CardHeight = 53.98
)

// Layout is where things are on a card, which differ from issue to issue.
type Layout struct {
	// Width is the portrait's, in millimetres, whose height is 1.26 times that.
	Width float64
	// Right says that the portrait stands at the right, and the texts at the left.
	Right bool
	// Ghost says that there is a pale small copy of the portrait, at the other side or,
	// with Beside, under the portrait's own.
	Ghost, Beside bool
	// Named says that names have labels.
	Named bool
}

// Usual is the layout of CedulaFront.
var Usual = Layout{Width: 23, Ghost: true}

// CedulaFront is the front of a card like the Dominican Republic's: a portrait at the
// left, its pale small copy at the right, and the texts. Nil is no portrait.
func CedulaFront(who Person, portrait image.Image, seed uint64) *Page {
	return CedulaFrontAs(Usual, who, portrait, seed)
}

// CedulaFrontAs is CedulaFront in another layout.
func CedulaFrontAs(l Layout, who Person, portrait image.Image, seed uint64) *Page {
	p := NewPage(CardWidth, CardHeight, color.RGBA{226, 234, 240, 255}, seed)
	blue, red := color.RGBA{0, 38, 104, 255}, color.RGBA{170, 20, 40, 255}
	const margin = 3.5
	text, second, at, ghost := 7+l.Width, 37+l.Width, margin, 72.0
	if l.Right {
		text, second, at, ghost = 5, 34, CardWidth-margin-l.Width, 48
	}
	if l.Beside {
		ghost = at
	}
	p.Text(19, 6, 2.4, Bold, blue, "REPÚBLICA DOMINICANA")
	p.Text(19, 10, 1.9, Regular, blue, "JUNTA CENTRAL ELECTORAL")
	p.Text(19, 14, 1.9, Bold, red, "CÉDULA DE IDENTIDAD Y ELECTORAL")
	p.Text(text, 20, 2.7, Bold, Ink, who.Number)
	for i, f := range [][2]string{
		{"LUGAR DE NACIMIENTO", who.Birthplace},
		{"FECHA DE NACIMIENTO", who.Birth},
		{"NACIONALIDAD", who.Nationality},
	} {
		p.Text(text, 24+5.6*float64(i), 1.1, Regular, blue, f[0])
		p.Text(text, 26.9+5.6*float64(i), 1.8, Bold, Ink, f[1])
	}
	p.Text(second, 24+5.6*1, 1.1, Regular, blue, "SEXO")
	p.Text(second, 26.9+5.6*1, 1.8, Bold, Ink, who.Sex)
	p.Text(second, 24, 1.1, Regular, blue, "FECHA DE EXPIRACIÓN")
	p.Text(second, 26.9, 1.8, Bold, Ink, who.Expiry)
	if l.Named {
		p.Text(text, 41, 1.1, Regular, blue, "NOMBRES")
		p.Text(text, 43.7, 1.8, Bold, Ink, who.GivenNames)
		p.Text(text, 46.6, 1.1, Regular, blue, "APELLIDOS")
		p.Text(text, 49.3, 1.8, Bold, Ink, who.Surname)
	} else {
		p.Text(text, 43, 2.2, Bold, Ink, who.GivenNames)
		p.Text(text, 47.3, 2.2, Bold, Ink, who.Surname)
	}
	if portrait != nil {
		p.Picture(at, 17, l.Width, l.Width*1.26, portrait, 1)
		switch {
		case l.Beside:
			p.Picture(ghost, 18+l.Width*1.26, 6, 7.6, portrait, 0.4)
		case l.Ghost:
			p.Picture(ghost, 36, 10, 12.6, portrait, 0.4)
		}
	}
	return p
}

// CedulaBack is the back of an older card: where its holder votes, and a barcode with the
// number, which the texts do not have. Code is a row of bars, the first of them dark, by
// their widths in modules.
func CedulaBack(code []int, seed uint64) *Page {
	p := NewPage(CardWidth, CardHeight, color.RGBA{238, 238, 230, 255}, seed)
	for i, f := range [][2]string{
		{"COLEGIO ELECTORAL", "0123A"},
		{"UBICACIÓN DEL COLEGIO", "ESCUELA JUAN PABLO DUARTE"},
		{"DIRECCIÓN DE RESIDENCIA", "CALLE EL SOL NO. 12"},
		{"MUNICIPIO", "SANTO DOMINGO ESTE"},
	} {
		p.Text(6, 7+6*float64(i), 1.2, Regular, Ink, f[0])
		p.Text(6, 10+6*float64(i), 1.8, Bold, Ink, f[1])
	}
	modules := 0
	for _, n := range code {
		modules += n
	}
	p.Bar(4, 33, CardWidth-8, 17, White)
	width := (CardWidth - 16) / float64(modules)
	for i, x := 0, 8.0; i < len(code); i++ {
		if i%2 == 0 {
			p.Bar(x, 34, width*float64(code[i]), 15, Ink)
		}
		x += width * float64(code[i])
	}
	return p
}

// CheckedNumber is a cédula's number, as it is printed, from its first ten digits.
func CheckedNumber(ten string) string {
	sum := 0
	for i, c := range ten {
		d := int(c-'0') * (1 + i%2)
		sum += d/10 + d%10
	}
	return fmt.Sprintf("%s-%s-%d", ten[:3], ten[3:], (10-sum%10)%10)
}

// Digits are those of a text.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
