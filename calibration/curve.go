package calibration

import "math"

// Point is what an open-set search is expected to do at one threshold.
type Point struct {
	// Faces is how many are enrolled, and FPIR the false-positive identification rate
	// of people who are not.
	Faces     int
	FPIR      float64
	Threshold float64
	// Score is the threshold's.
	Score float64
	// FNIR is the false-negative identification rate of people who are enrolled with
	// one photo; nil where nobody has measured it.
	FNIR *float64
	// Extrapolated says that the threshold rests on the fitted tail alone.
	Extrapolated bool
}

// AtRate is the point of a gallery of so many faces that keeps the rate.
func (t *Table) AtRate(fpir float64, faces int) Point {
	p := t.AtThreshold(t.Identification(fpir, faces), faces)
	p.FPIR = fpir
	return p
}

// AtThreshold is the point of a gallery of so many faces at a cosine.
func (t *Table) AtThreshold(threshold float64, faces int) Point {
	p := Point{
		Faces: faces, FPIR: t.FPIR(threshold, faces), Threshold: threshold, Score: t.Score(threshold),
		Extrapolated: t.Extrapolated(t.FMR(threshold)),
	}
	if fnmr, known := t.FNMR(threshold); known {
		p.FNIR = &fnmr
	}
	return p
}

// Sizes are the points that keep a rate from one face to so many, a few for each power
// of ten.
func (t *Table) Sizes(fpir float64, most int) []Point {
	var points []Point
	for _, faces := range steps(most) {
		points = append(points, t.AtRate(fpir, faces))
	}
	return points
}

// steps are 1, 2, 5, 10, 20 and so on up to most.
func steps(most int) (all []int) {
	for decade := 1; decade <= most; decade *= 10 {
		for _, step := range []int{1, 2, 5} {
			if n := step * decade; n <= most {
				all = append(all, n)
			}
		}
	}
	return all
}

// Rates are the points of a gallery of so many faces from a rate of one in 100,000 to
// one in two, rising.
func (t *Table) Rates(faces int) []Point {
	const least, perDecade = -5, 4
	var points []Point
	for i := least * perDecade; i < 0; i++ {
		points = append(points, t.AtRate(math.Pow(10, float64(i)/perDecade), faces))
	}
	const half = 0.5
	points[len(points)-1] = t.AtRate(half, faces)
	return points
}
