package store

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"oneton/face"
)

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
		if err := invalid(fmt.Sprintf("face %d", i), checkID("pack", f.Pack), checkTime(f.CreatedAt), checkMeasures(f)); err != nil {
			return err
		}
		if photos != nil && !ValidText(photos[i].MediaType) {
			return fmt.Errorf("%w: media type of photo %d is not UTF-8 or has a NUL", ErrInvalid, i)
		}
		if err := checkVector(f); err != nil {
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
	return invalid("subject", checkID("id", string(s.ID)), checkTime(s.CreatedAt), checkTime(s.UpdatedAt), CheckMetadata(s.Metadata))
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

// checkVector refuses a face that no index could hold.
func checkVector(f Face) error {
	if id, err := uuid.Parse(string(f.ID)); err != nil || id.String() != string(f.ID) {
		return errors.New("id is not a UUID in lower case")
	}
	if err := f.Template.Check(); err != nil {
		return err
	}
	if f.Pack == "" || len(f.Template) > maxDimension {
		return fmt.Errorf("pack %q in %d dimensions: %w", f.Pack, len(f.Template), face.ErrDimension)
	}
	return nil
}
