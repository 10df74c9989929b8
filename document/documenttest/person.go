package documenttest

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
)

var (
	familyNames = strings.Fields("RODRIGUEZ PEREZ MARTINEZ GARCIA REYES SANCHEZ DIAZ PEÑA JIMENEZ HERNANDEZ ROSARIO RAMIREZ ALMONTE VASQUEZ POLANCO NUÑEZ FELIZ MATOS ENCARNACION TEJADA UREÑA MEJIA")
	firstNames  = strings.Fields("JUAN MARIA JOSE ANA LUIS ALTAGRACIA RAFAEL CARMEN MIGUEL ROSA PEDRO MERCEDES FRANCISCO YOLANDA ANGEL MILAGROS VICTOR SANTA MANUEL LUZ")
	towns       = strings.Split("SANTO DOMINGO, R.D.|SANTIAGO, R.D.|LA VEGA, R.D.|SAN PEDRO DE MACORIS|BONAO, R.D.|BARAHONA, R.D.|HIGÜEY, R.D.", "|")
	monthNames  = strings.Fields("ENERO FEBRERO MARZO ABRIL MAYO JUNIO JULIO AGOSTO SEPTIEMBRE OCTUBRE NOVIEMBRE DICIEMBRE")
)

// Random is somebody who does not exist, with a cédula's number.
func Random(rng *rand.Rand) Person {
	pick := func(of []string) string { return of[rng.IntN(len(of))] }
	date := func(from, years int) string {
		return fmt.Sprintf("%02d %s %d", 1+rng.IntN(28), pick(monthNames), from+rng.IntN(years))
	}
	return Person{
		Number:  CheckedNumber(fmt.Sprintf("%03d%07d", 1+rng.IntN(402), rng.IntN(10_000_000))),
		Surname: pick(familyNames) + " " + pick(familyNames), GivenNames: pick(firstNames) + " " + pick(firstNames),
		Birthplace: pick(towns), Birth: date(1945, 62), Expiry: date(2026, 10),
		Nationality: "REPÚBLICA DOMINICANA", Sex: string("FM"[rng.IntN(2)]),
	}
}

// Licence is a card of the same country that is no cédula, though it has the number of
// one, the republic's name and a portrait.
func Licence(who Person, portrait image.Image, seed uint64) *Page {
	p := NewPage(CardWidth, CardHeight, color.RGBA{236, 228, 214, 255}, seed)
	p.Text(19, 6, 2.4, Bold, Ink, "REPÚBLICA DOMINICANA")
	p.Text(19, 10, 1.9, Bold, Ink, "LICENCIA DE CONDUCIR")
	p.Text(30, 18, 2.7, Bold, Ink, who.Number)
	p.Text(30, 26, 1.8, Regular, Ink, who.GivenNames)
	p.Text(30, 30, 1.8, Regular, Ink, who.Surname)
	p.Text(30, 38, 1.8, Regular, Ink, who.Birth)
	p.Picture(3.5, 15, 23, 29, portrait, 1)
	return p
}

// Bust is the part of a photo around a face, whose box is given, as portraits on
// documents show it.
func Bust(photo image.Image, x, y, width, height float64) image.Image {
	side := 1.9 * max(width, height)
	cx, cy := x+width/2, y+height*0.55
	at := image.Rect(int(cx-side*0.4), int(cy-side/2), int(cx+side*0.4), int(cy+side/2))
	if cut, ok := photo.(interface {
		SubImage(image.Rectangle) image.Image
	}); ok {
		return cut.SubImage(at.Intersect(photo.Bounds()))
	}
	return photo
}
