package store

import (
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"

	"oneton/face"
)

// unitTolerance is how far a template's squared length may be from one:
// rounding a unit vector of d coordinates to float32 moves it by less than
// d × 2⁻²³, so this leaves room for the widest packs and for no mistake.
const unitTolerance = 1e-3

// maxDimension is the longest template that every index can hold.
const maxDimension = 1024

// CheckEnrolment returns ErrInvalid when faces and photos cannot be enrolled
// together. Every store calls it first: a template that no index can hold
// would stop every view of the log.
func CheckEnrolment(faces []Face, photos []Photo) error {
	if photos != nil && len(photos) != len(faces) {
		return fmt.Errorf("%w: %d photos for %d faces", ErrInvalid, len(photos), len(faces))
	}
	dimension := make(map[string]int, 1)
	for i, f := range faces {
		if id, err := uuid.Parse(f.ID); err != nil || id.String() != f.ID {
			return fmt.Errorf("%w: id of face %d is not a UUID in lower case", ErrInvalid, i)
		}
		if f.Pack == "" {
			return fmt.Errorf("%w: face %d has no pack", ErrInvalid, i)
		}
		if err := checkTemplate(f.Template); err != nil {
			return fmt.Errorf("%w: face %d: %w", ErrInvalid, i, err)
		}
		if d, ok := dimension[f.Pack]; ok && d != len(f.Template) {
			return fmt.Errorf("%w: face %d: %w", ErrInvalid, i, face.ErrDimension)
		}
		dimension[f.Pack] = len(f.Template)
	}
	return nil
}

func checkTemplate(t face.Template) error {
	var sum float64
	for _, x := range t {
		sum += float64(x) * float64(x)
	}
	switch {
	case len(t) > maxDimension:
		return face.ErrDimension
	case math.IsNaN(sum) || math.IsInf(sum, 0):
		return face.ErrNotFinite
	case sum == 0:
		return face.ErrZero
	case math.Abs(sum-1) > unitTolerance:
		return errors.New("template is not of length one")
	}
	return nil
}
