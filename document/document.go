// Package document says what an identity document is and what it tells, from what
// was seen in a photo of it: lines of text, a machine-readable zone, and faces. It
// goes by that evidence, and never by what somebody says the document is. It is
// pure; document/reader looks at photos.
package document

import (
	"oneton/document/mrz"
	"oneton/face"
	"oneton/photo"
)

// Type is a kind of document.
type Type string

// The kinds that are known. Unknown is one whose evidence is for none of them.
const (
	Unknown Type = ""
	// Passport is a travel document or a visa with a zone of ICAO 9303's formats TD3,
	// MRV-A or MRV-B.
	Passport Type = "PASSPORT"
	// Cedula is the Dominican Republic's identity and electoral card.
	Cedula Type = "CEDULA"
)

// Side is one of a document's.
type Side string

// The sides. A passport's is its data page, which counts as the front.
const (
	Front Side = "FRONT"
	Back  Side = "BACK"
)

// Line is a line of text. Its box is level: the page's lines go from left to right,
// and the next is below.
type Line struct {
	Text string
	// Confidence is the mean probability of its characters, and Least that of the
	// least likely one, in [0, 1].
	Confidence, Least float64
	Box               face.Box
}

// Page is what was seen in a photo.
type Page struct {
	Lines []Line
	// Zone is nil when the photo shows none.
	Zone *mrz.Result
	// Codes are what barcodes say, where they were read.
	Codes []string
	// Bounds is where the document lies, as far as its text or its zone tells.
	Bounds face.Box
	// Faces have level boxes as lines have, in the same coordinates.
	Faces []photo.Face
}

// Document is what a page tells.
type Document struct {
	Type Type
	Side Side
	// Number is the document's own, without separators: a cédula's eleven digits, or
	// the number in a passport's zone. Empty is none.
	Number string
	// Sure says that the number's check digit is right, and that nothing else on the
	// page tells another number. Only such a number validates an identity.
	Sure bool
	// Ambiguous says that the page may be read in several ways that are all in order.
	Ambiguous bool
	// Surname and GivenNames are as the document has them, and what else it tells.
	Surname, GivenNames string
	Birth, Expiry       mrz.Date
	// Nationality is a code of ISO 3166-1 (alpha-3), or what the document has instead,
	// and Sex is F, M, X or empty.
	Nationality, Sex string
	// Zone is the machine-readable zone, as far as it was read; nil when there is none.
	Zone *mrz.Result
	// Portrait is the holder's picture; nil when there is none that can be compared.
	Portrait *photo.Face
	// Faceless says that the words are those of a card's front, and that nothing is told
	// of it because no face was seen on it.
	Faceless bool
	// Numberless says that words are those of a card's back, and that no number is told
	// that is sure: a barcode may have it.
	Numberless bool
	// Evidence names what the type was told by, such as "zone TD3", "words" or "portrait".
	Evidence []string
}

// Examine says what a page is of.
func Examine(p Page) Document {
	d := Document{Zone: p.Zone, Portrait: portrait(p)}
	front := readFront(p)
	switch {
	case p.Zone != nil && Travels(p.Zone.Format):
		d.fromZone()
		d.Type, d.Side = Passport, Front
		d.Number = p.Zone.Number
	case p.Zone != nil && cedula(*p.Zone):
		d.fromZone()
		d.Type, d.Side = Cedula, Back
		d.Number = numberIn(*p.Zone)
		d.Evidence = append(d.Evidence, front.back...)
	case front.isFront() && p.shows():
		front.tell(&d)
		d.Type, d.Side = Cedula, Front
	case front.isBack():
		front.tell(&d)
		d.Type, d.Side = Cedula, Back
	default:
		d.Faceless = front.isFront()
		if p.Zone != nil {
			d.fromZone()
			d.Number, d.Sure = p.Zone.Number, false
		}
	}
	d.agree(front)
	d.Numberless = len(front.back) > 0 && !d.Sure && d.Type != Passport && d.Side != Front
	if d.Portrait != nil {
		d.Evidence = append(d.Evidence, "portrait")
	}
	return d
}

// agree ends what another number on the same page puts in doubt.
func (d *Document) agree(front front) {
	if d.Type != Cedula {
		return
	}
	for _, n := range front.numbers {
		if n != d.Number {
			d.Ambiguous, d.Sure = true, false
		}
	}
}

// Is says whether the evidence is for the type and the side.
func (d Document) Is(t Type, s Side) bool { return t != Unknown && d.Type == t && d.Side == s }

// Identifies says whether the document is of the type and has the number, without
// regard to separators and the case of letters. A number whose check digit is not
// right, or that is one of several readings, identifies nobody.
func (d Document) Identifies(t Type, number string) bool {
	asked := fold(number)
	return t != Unknown && d.Type == t && d.Sure && !d.Ambiguous && asked != "" && asked == fold(d.Number)
}
