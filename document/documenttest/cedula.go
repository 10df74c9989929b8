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

// CedulaFront is the front of a card like the Dominican Republic's: a portrait at the
// left, its pale small copy at the right, and the texts. Nil is no portrait.
func CedulaFront(who Person, portrait image.Image, seed uint64) *Page {
	p := NewPage(CardWidth, CardHeight, color.RGBA{226, 234, 240, 255}, seed)
	blue, red := color.RGBA{0, 38, 104, 255}, color.RGBA{170, 20, 40, 255}
	p.Text(19, 6, 2.4, Bold, blue, "REPÚBLICA DOMINICANA")
	p.Text(19, 10, 1.9, Regular, blue, "JUNTA CENTRAL ELECTORAL")
	p.Text(19, 14, 1.9, Bold, red, "CÉDULA DE IDENTIDAD Y ELECTORAL")
	p.Text(30, 20, 2.7, Bold, Ink, who.Number)
	for i, f := range [][2]string{
		{"LUGAR DE NACIMIENTO", who.Birthplace},
		{"FECHA DE NACIMIENTO", who.Birth},
		{"NACIONALIDAD", who.Nationality},
	} {
		p.Text(30, 24+5.6*float64(i), 1.1, Regular, blue, f[0])
		p.Text(30, 26.9+5.6*float64(i), 1.8, Bold, Ink, f[1])
	}
	p.Text(60, 24+5.6*1, 1.1, Regular, blue, "SEXO")
	p.Text(60, 26.9+5.6*1, 1.8, Bold, Ink, who.Sex)
	p.Text(60, 24, 1.1, Regular, blue, "FECHA DE EXPIRACIÓN")
	p.Text(60, 26.9, 1.8, Bold, Ink, who.Expiry)
	p.Text(30, 43, 2.2, Bold, Ink, who.GivenNames)
	p.Text(30, 47.3, 2.2, Bold, Ink, who.Surname)
	if portrait != nil {
		p.Picture(3.5, 17, 23, 29, portrait, 1)
		p.Picture(72, 34, 10, 12.6, portrait, 0.4)
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
