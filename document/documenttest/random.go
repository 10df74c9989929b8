package documenttest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"oneton/document/mrz"
)

// surnames and givens are common ones of several languages, written as zones
// write them.
var (
	surnames = strings.Fields(`SMITH GARCIA MULLER NGUYEN KOWALSKI ROSSI SILVA DUBOIS IVANOV HASSAN KIM TANAKA OBRIEN JENSEN
 VANDERBERG RODRIGUEZ PEREZ SANTOS OCONNOR JOHANSSON ERIKSSON PAPADOPOULOS YILMAZ KHAN SINGH CHEN WANG OKAFOR MENSAH
 QUISPE GUZMAN JIMENEZ BOCHKO WOJCIK ZIELINSKI FUXA HOXHA BEQIRI ILIE IONESCU KISS LOO OOI ONO OTOO ISIDORO`)
	givens = strings.Fields(`ANNA MARIA JOHN PETER JOSE LUIS FATIMA AISHA OLGA IVAN YUKI WEI MEI JAMES ROBERT LINDA KAREN DAVID
 RAFAEL SOFIA LUCAS EMMA NOAH OLIVIA LIAM ISABELLA MOHAMMED ALI OMAR ZOE XIMENA QUENTIN KOFI AMA TOMASZ JOAO IRIS IO BO`)
	states = strings.Fields(`DOM USA MEX ESP FRA ITA DEU GBR POL BRA COL PER ARG CHL JPN KOR CHN IND NGA GHA TUR EGY UKR
 SWE NOR FIN DNK NLD BEL PRT GRC ROU HUN CZE SVK AUT CHE IRL CAN AUS NZL UTO`)
)

// Document is a random document of the format whose zone can be made. Its numbers
// mix letters and digits, or are digits alone.
func Document(rng *rand.Rand, f mrz.Format) mrz.Document {
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	words := func(from []string, most int) string {
		s := make([]string, 1+rng.IntN(most))
		for i := range s {
			s[i] = pick(from)
		}
		return strings.Join(s, " ")
	}
	d := mrz.Document{
		Format: f, Issuer: pick(states), Nationality: pick(states),
		Name: mrz.Name{Surname: words(surnames, 2), Given: words(givens, 2)},
		Sex:  []string{"F", "M", "X", ""}[min(3, rng.IntN(12)/5)],
	}
	d.Number = number(rng, 9)
	d.Birth = date(rng, 1930, 2025)
	d.Expiry = date(rng, 2020, 2036)
	switch f {
	case mrz.TD1:
		d.Type = []string{"I", "ID", "AC", "C"}[rng.IntN(4)]
		if rng.IntN(8) == 0 {
			d.Number = number(rng, 10+rng.IntN(4))
		}
		if rng.IntN(2) == 0 {
			d.Optional = number(rng, 1+rng.IntN(8))
		}
		if rng.IntN(2) == 0 {
			d.Second = number(rng, 1+rng.IntN(11))
		}
	case mrz.TD2:
		d.Type = []string{"I", "ID"}[rng.IntN(2)]
		if rng.IntN(2) == 0 {
			d.Optional = number(rng, 1+rng.IntN(7))
		}
	case mrz.TD3:
		d.Type = []string{"P", "PD", "PM"}[rng.IntN(3)]
		if rng.IntN(2) == 0 {
			d.Optional = number(rng, 1+rng.IntN(14))
		}
	case mrz.MRVA, mrz.MRVB:
		d.Type = "V"
		if rng.IntN(2) == 0 {
			d.Optional = number(rng, 1+rng.IntN(8))
		}
	}
	return d
}

// prose is words, numbers and names, about so many characters long.
func prose(rng *rand.Rand, length int) string {
	var b strings.Builder
	for b.Len() < length {
		switch rng.IntN(4) {
		case 0:
			b.WriteString(number(rng, 1+rng.IntN(9)))
		case 1:
			b.WriteString(surnames[rng.IntN(len(surnames))])
		default:
			b.WriteString(strings.ToLower(givens[rng.IntN(len(givens))]))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// number is one of so many characters: half of them of digits, the others of
// digits and letters.
func number(rng *rand.Rand, length int) string {
	from := "0123456789"
	if rng.IntN(2) == 0 {
		from += "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	}
	b := make([]byte, length)
	for i := range b {
		b[i] = from[rng.IntN(len(from))]
	}
	return string(b)
}

// date is a day of the years from and up to.
func date(rng *rand.Rand, from, to int) mrz.Date {
	return mrz.Date{Year: from + rng.IntN(to-from), Month: 1 + rng.IntN(12), Day: 1 + rng.IntN(28)}
}

// Lines are the lines of a document's zone.
func Lines(d mrz.Document) []string {
	lines, err := mrz.Make(d)
	if err != nil {
		panic(fmt.Sprintf("make the zone of %+v: %v", d, err)) // Document makes none such
	}
	return lines
}
