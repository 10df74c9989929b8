package token

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"oneton/calibration"
	"oneton/face"
)

// Accuracies are the false-match rates of accuracies 1, 2 and so on: the share of
// pairs of different people that match.
var Accuracies = calibration.Scale{1e-1, 1e-2, 1e-3, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6}

// DefaultAccuracy is used where none is asked for.
const DefaultAccuracy = 4

func validAccuracy(accuracy int) bool { return accuracy >= 1 && accuracy <= len(Accuracies) }

// Result is the answer to one comparison.
type Result struct {
	Match bool
	// Cosine is that of the two templates, and Score its calibrated score, 0 to
	// 100; see package calibration.
	Cosine, Score float64
}

// Decide says whether a cosine matches at the accuracy. A template that is made of
// several photos is nearer to everybody, so each of them counts as a comparison of
// its own. ErrAccuracy where there is no such accuracy.
func Decide(table *calibration.Table, cosine float64, photos, accuracy int) (Result, error) {
	if !validAccuracy(accuracy) {
		return Result{}, fmt.Errorf("%w: %d, there are 1 to %d", ErrAccuracy, accuracy, len(Accuracies))
	}
	rate := min(1, table.FMR(cosine)*float64(photos))
	return Result{Match: rate <= Accuracies[accuracy-1], Cosine: cosine, Score: calibration.RateScore(rate)}, nil
}

// comparable is ErrOpenOnly when the keys only opened the token.
func (o *Opened) comparable() error {
	if o.outer == nil {
		return ErrOpenOnly
	}
	return nil
}

// Salt is what Stretch hashes a secret with to compare with this token. Every token
// has one, so that nobody learns from it whether a token has a secret.
func (o *Opened) Salt() ([]byte, error) {
	if err := o.comparable(); err != nil {
		return nil, err
	}
	salt := slices.Clone(o.p.beside[:saltSize])
	xor(salt, o.outer.mask[:saltSize])
	return salt, nil
}

// Compare is the cosine of a probe with the template that the token holds, and how
// many photos that is made of. The probe is turned as the template was; what the
// token holds stays as it is. Under another secret's hash, or without the one that
// it was made with, it is that of a stranger. face.ErrDimension when the probe has
// other dimensions.
func (o *Opened) Compare(probe face.Template, stretched []byte) (cosine float64, photos int, err error) {
	if err := o.comparable(); err != nil {
		return 0, 0, err
	}
	if len(probe) != len(o.p.vector) {
		return 0, 0, fmt.Errorf("compare a probe of %d dimensions with %d: %w", len(probe), len(o.p.vector), face.ErrDimension)
	}
	v, inner := floats(probe), o.inner(stretched)
	if inner != nil {
		inner.turn(v)
	}
	o.outer.turn(v)
	var dot, length float64
	for i, x := range o.p.vector {
		dot += float64(v[i] * float64(x))
		length += float64(float64(x) * float64(x))
	}
	photos, _ = o.beside(inner)
	return max(-1, min(1, dot/math.Sqrt(length))), photos, nil
}

// Kept takes back what the token holds, which is what was put into it, to rounding,
// under the hash of the same secret. Under another it is a random vector.
func (o *Opened) Kept(stretched []byte) (Kept, error) {
	if err := o.comparable(); err != nil {
		return Kept{}, err
	}
	v, inner := o.p.floats(), o.inner(stretched)
	o.outer.back(v)
	if inner != nil {
		inner.back(v)
	}
	values := make([]float32, len(v))
	for i, x := range v {
		values[i] = float32(x)
	}
	template, err := face.NewTemplate(values)
	if err != nil {
		return Kept{}, fmt.Errorf("take back template: %w", err)
	}
	kept := Kept{Template: template}
	kept.Photos, kept.Score = o.beside(inner)
	return kept, nil
}

func (o *Opened) inner(stretched []byte) *rotation {
	if stretched == nil {
		return nil
	}
	return newRotation(stretched, len(o.p.vector))
}

// beside is what is kept beside the template.
func (o *Opened) beside(inner *rotation) (photos int, score float32) {
	b := slices.Clone(o.p.beside[saltSize:])
	xor(b, o.outer.mask[saltSize:])
	if inner != nil {
		xor(b, inner.mask[saltSize:])
	}
	return 1 + int(b[0])%MaxPhotos, float32(float64(binary.BigEndian.Uint16(b[1:])) / math.MaxUint16)
}
