package face

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Template is the unit vector that is made of one face, to be kept, or in
// another form, as a probe, compared with those kept. Templates compare only
// within one model pack; the similarity of a probe and a template is the cosine,
// which for unit vectors is the dot product.
type Template []float32

// NewTemplate returns a copy of v scaled to length one, or ErrNotFinite or
// ErrZero when v has no direction.
func NewTemplate(v []float32) (Template, error) {
	var sum float64
	for _, x := range v {
		sum += float64(float64(x) * float64(x))
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, ErrNotFinite
	}
	norm := math.Sqrt(sum)
	if norm < 1e-12 {
		return nil, ErrZero
	}
	t := make(Template, len(v))
	for i, x := range v {
		t[i] = float32(float64(x) / norm)
	}
	return t, nil
}

// unitTolerance is how far a template's squared length may be from one:
// rounding a unit vector of d coordinates to float32 moves it by less than
// d × 2⁻²³, so this leaves room for the widest packs and for no mistake.
const unitTolerance = 1e-3

// Check returns ErrNotFinite, ErrZero or ErrLength when t is no unit vector.
func (t Template) Check() error {
	var sum float64
	for _, x := range t {
		sum += float64(float64(x) * float64(x))
	}
	switch {
	case math.IsNaN(sum) || math.IsInf(sum, 0):
		return ErrNotFinite
	case sum == 0:
		return ErrZero
	case math.Abs(sum-1) > unitTolerance:
		return ErrLength
	}
	return nil
}

// Cosine is the cosine of the angle between two unit templates, in [-1, 1],
// computed in float64. It returns ErrDimension when their lengths differ.
func (t Template) Cosine(o Template) (float64, error) {
	if len(t) != len(o) {
		return 0, fmt.Errorf("compare templates of %d and %d dimensions: %w", len(t), len(o), ErrDimension)
	}
	var dot float64
	for i, x := range t {
		dot += float64(float64(x) * float64(o[i]))
	}
	return max(-1, min(1, dot)), nil
}

// Bytes encodes the template as little-endian float32, the form in which
// stores keep it.
func (t Template) Bytes() []byte { return t.AppendBytes(make([]byte, 0, 4*len(t))) }

// AppendBytes appends to b what Bytes returns.
func (t Template) AppendBytes(b []byte) []byte {
	for _, x := range t {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// TemplateFromBytes decodes what Bytes made, bit for bit.
func TemplateFromBytes(b []byte) (Template, error) {
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("decode template of %d bytes: %w", len(b), ErrDimension)
	}
	t := make(Template, len(b)/4)
	for i := range t {
		t[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return t, nil
}
