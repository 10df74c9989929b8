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

// MaxNewcomers is how many faces EnrolAsOf compares at most: those of eight
// seconds at a thousand a second. No other write goes on meanwhile.
const MaxNewcomers = 8192

// CheckEnrolment returns ErrInvalid when the subject, which is to be made when
// create is set, cannot be kept, or faces and photos cannot be enrolled
// together. Every store calls it first: a template that no index can hold
// would stop every view of the log.
func CheckEnrolment(sub Subject, faces []Face, photos []Photo, create bool) error {
	if err := checkSubject(sub, create); err != nil {
		return err
	}
	if photos != nil && len(photos) != len(faces) {
		return fmt.Errorf("%w: %d photos for %d faces", ErrInvalid, len(photos), len(faces))
	}
	dimension := make(map[string]int, 1)
	for i, f := range faces {
		if id, err := uuid.Parse(f.ID); err != nil || id.String() != f.ID {
			return fmt.Errorf("%w: id of face %d is not a UUID in lower case", ErrInvalid, i)
		}
		if err := invalid(fmt.Sprintf("face %d", i), checkID("pack", f.Pack), checkTime(f.CreatedAt), checkMeasures(f)); err != nil {
			return err
		}
		if photos != nil && !ValidText(photos[i].MediaType) {
			return fmt.Errorf("%w: media type of photo %d is not UTF-8 or has a NUL", ErrInvalid, i)
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

func checkSubject(s Subject, create bool) error {
	if !create {
		return invalid("subject", checkTime(s.UpdatedAt))
	}
	return invalid("subject", checkID("id", s.ID), checkTime(s.CreatedAt), checkTime(s.UpdatedAt), CheckMetadata(s.Metadata))
}

// checkMeasures refuses what JSON cannot write.
func checkMeasures(f Face) error {
	for _, reason := range f.Quality.Reasons {
		if err := checkText("reason", reason); err != nil {
			return err
		}
	}
	q := f.Quality
	measures := []float32{
		f.Box.X, f.Box.Y, f.Box.Width, f.Box.Height,
		q.Score, q.InterEye, q.Sharpness, q.Brightness, q.Contrast, q.Yaw, q.Pitch, q.Roll,
	}
	for _, p := range f.Landmarks {
		measures = append(measures, p.X, p.Y)
	}
	for _, x := range measures {
		if err := checkFinite("box, landmarks or quality", float64(x)); err != nil {
			return err
		}
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
