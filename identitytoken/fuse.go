package identitytoken

import (
	"fmt"
	"slices"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/token"
	"oneton/photo"
)

// strangerRate is the share of strangers' photos that pass among somebody else's.
const strangerRate = 1e-3

// floor refuses a face that cannot be told apart from others: whoever sends a photo
// as poor would be taken for its person.
func floor(i int, f photo.Face) error {
	if f.Quality.InterEye < photo.MinInterEye {
		return &QualityError{Face: i, Reasons: []string{photo.ReasonSmall}}
	}
	if !f.Comparable() {
		return &QualityError{Face: i, Reasons: f.Quality.Reasons}
	}
	return nil
}

// Fuse makes one template of faces of one person: the mean of theirs, each as heavy
// as its quality score, at length one. It is ErrDifferentPeople when one of them is
// not like the others together, as strangers are but one in a thousand times.
func Fuse(table *calibration.Table, faces []photo.Face) (token.Kept, error) {
	if len(faces) == 0 || len(faces) > MaxFaces {
		return token.Kept{}, invalid("faces", "are %d, a token is made of 1 to %d", len(faces), MaxFaces)
	}
	for i, f := range faces {
		if err := floor(i, f); err != nil {
			return token.Kept{}, err
		}
	}
	if len(faces) > 1 {
		for i, f := range faces {
			others, err := mean(slices.Delete(slices.Clone(faces), i, i+1))
			if err != nil {
				return token.Kept{}, err
			}
			cosine, err := f.Probe.Cosine(others.Template)
			if err != nil {
				return token.Kept{}, fmt.Errorf("compare faces: %w", err)
			}
			if table.FMR(cosine)*float64(others.Photos) > strangerRate {
				return token.Kept{}, fmt.Errorf("compare face %d of %d with the others: %w", i, len(faces), ErrDifferentPeople)
			}
		}
	}
	return mean(faces)
}

// mean is that of the faces' templates. A mean of templates has the doubt that they
// have.
func mean(faces []photo.Face) (token.Kept, error) {
	weights, all := make([]float64, len(faces)), 0.0
	for i, f := range faces {
		weights[i] = float64(f.Quality.Score)
		all += weights[i]
	}
	if all <= 0 { // of a pack that gives no scores
		for i := range weights {
			weights[i] = 1
		}
		all = float64(len(faces))
	}
	sum, score := make([]float64, len(faces[0].Template)), 0.0
	for i, f := range faces {
		if len(f.Template) != len(sum) {
			return token.Kept{}, fmt.Errorf("average templates: %w", face.ErrDimension)
		}
		for j, x := range f.Template {
			sum[j] += float64(weights[i] * float64(x))
		}
		score += float64(weights[i] * float64(f.Quality.Score))
	}
	v := make([]float32, len(sum))
	for j, x := range sum {
		v[j] = float32(x)
	}
	template, err := face.NewTemplate(v)
	if err != nil {
		return token.Kept{}, fmt.Errorf("average templates: %w", err)
	}
	return token.Kept{Template: template, Photos: len(faces), Score: float32(score / all)}, nil
}
