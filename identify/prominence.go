package identify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"oneton/photo"
)

// Prominence says how far a face stands out in its photo, in terms that say
// the same of the photo at any resolution.
type Prominence struct {
	// Size is the logarithm of the box's area over that of the photo.
	Size float64
	// Middle is 1 on the upright photo's vertical midline, and falls with the
	// square of the distance to 0 at its edges.
	Middle float64
	// Quality and Confidence are the face's, in [0, 1].
	Quality, Confidence float64
}

// ProminenceOf is that of a face in an upright photo of so many pixels.
func ProminenceOf(f photo.Face, width, height int) Prominence {
	half := float64(width) / 2
	off := (float64(f.Box.X)+float64(float64(f.Box.Width)/2))/half - 1
	return Prominence{
		Size:       math.Log(float64(f.Box.Width) / float64(width) * float64(f.Box.Height) / float64(height)),
		Middle:     1 - min(1, float64(off*off)),
		Quality:    float64(f.Quality.Score),
		Confidence: float64(f.Confidence),
	}
}

// ProminenceWeights are what each term counts, and Certain is the probability
// from which on a face is the subject. They are fitted to composites by maximum
// likelihood (bench composites; docs/quality.md), under the condition that the
// other terms together count less than the odds of Certain: of two faces of one
// size neither is ever the subject.
const (
	sizeWeight    = 1.4
	middleWeight  = 1.0
	qualityWeight = 0.35

	certain = 0.8
)

// Score is the prominence in one number. By McFadden's conditional logit
// ("Conditional logit analysis of qualitative choice behavior", 1974) its
// exponential, over the sum of those of all the photo's faces, is the
// probability that the face is the subject.
func (p Prominence) Score() float64 {
	return float64(sizeWeight*p.Size) + float64(middleWeight*p.Middle) + float64(qualityWeight*p.Quality)
}

// Subject is which of the faces a photo is of that must show one person: the
// only one, or the one that clearly stands out. It is ErrNoFace; or
// ErrSeveralFaces when none of those that can be compared does, with where
// those are between which it lies. A face that cannot be compared never makes
// several: it is not counted, unless it stands out as clearly from all that
// can. Then it is the subject, for the caller to refuse, since whoever is seen
// behind it is not whom the photo is of.
//
// It is photo.ErrCorrupt when such a face is cut by the end of the file.
//
// Faces that were left out count as the smallest of those that were not.
func Subject(r photo.Result) (int, error) {
	if len(r.Faces) == 0 {
		return 0, ErrNoFace
	}
	all := slices.Concat(r.Faces, r.Cut)
	contenders := make([]contender, len(all))
	for i, f := range all {
		contenders[i] = contender{i, f, ProminenceOf(f, r.Width, r.Height).Score()}
	}
	slices.SortFunc(contenders, contender.compare)
	likely := slices.DeleteFunc(slices.Clone(contenders), func(c contender) bool { return !c.canBeCompared(r) })
	first := contenders[0]
	if len(likely) == 0 || !first.canBeCompared(r) && share(first, likely[0]) >= certain {
		if first.cut(r) {
			return 0, fmt.Errorf("%w: %w, in the face that stands out; send the whole file", photo.ErrCorrupt, r.Damage)
		}
		return first.at, nil
	}
	scores, smallest := likely, likely[0]
	for _, c := range likely {
		if c.face.Box.Area() < smallest.face.Box.Area() {
			smallest = c
		}
	}
	for range r.LeftOut {
		scores = append(scores, smallest)
	}
	if share(scores...) >= certain {
		return likely[0].at, nil
	}
	rivals := 2
	for rivals < len(likely) && together(rivals, scores) < certain {
		rivals++
	}
	return 0, severalFaces(likely[:min(rivals, len(likely))], len(r.Faces)+r.LeftOut)
}

// contender is a face that may be the subject.
type contender struct {
	at    int
	face  photo.Face
	score float64
}

// cut says whether the file ends in the face.
func (c contender) cut(r photo.Result) bool { return c.at >= len(r.Faces) }

// canBeCompared says whether the face can be compared, which needs pixels, too.
func (c contender) canBeCompared(r photo.Result) bool {
	return !c.cut(r) && c.face.Comparable() && c.face.Quality.InterEye >= photo.MinInterEye
}

// compare orders the most prominent first, and equal ones by where they are.
func (c contender) compare(o contender) int {
	return cmp.Or(
		cmp.Compare(o.score, c.score),
		cmp.Compare(c.face.Box.X, o.face.Box.X),
		cmp.Compare(c.face.Box.Y, o.face.Box.Y),
	)
}

// share is the probability of the first.
func share(of ...contender) float64 { return together(1, of) }

// together is the probability that the subject is one of the first n.
func together(n int, of []contender) float64 {
	some, all := 0.0, 0.0
	for i, c := range of {
		odds := math.Exp(c.score - of[0].score)
		if all += odds; i < n {
			some = all
		}
	}
	return some / all
}

// severalFaces says where the rivals are.
func severalFaces(rivals []contender, faces int) error {
	const told = 4
	var at []string
	for _, c := range rivals[:min(told, len(rivals))] {
		b := c.face.Box
		at = append(at, fmt.Sprintf("%.0f×%.0f pixels at (%.0f, %.0f)", b.Width, b.Height, b.X, b.Y))
	}
	if more := len(rivals) - told; more > 0 {
		at = append(at, fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("%w: %d faces, and none is clearly the subject; it may be that of %s", ErrSeveralFaces, faces, strings.Join(at, " or "))
}
