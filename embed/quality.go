package embed

import (
	"math"
	"slices"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/photo"
	"oneton/picture"
)

const (
	minSharpness  = 20 // squared grey levels
	minBrightness = 30 // grey levels
	maxBrightness = 200
	minContrast   = 10
	maxTurn       = 50 // degrees
	minScore      = 0.5
)

// assess measures how well a face shows, from its landmarks in the photo, its
// aligned crop, and what the pack made of what recognisers see of it: the joined
// vectors, the length of the first, and the view. Without a curve for the length the score is 1
// when no reason stands against the face, else 0.
func assess(l face.Landmarks, crop *picture.Raster, p *pack.Pack, length float64, joined face.Template, view pack.View) face.Quality {
	light := luminance(crop)
	mean, deviation := moments(light)
	yaw, pitch, roll := pose(l)
	q := face.Quality{
		InterEye:   float32(distance(l[0], l[1])),
		Sharpness:  float32(sharpness(light, crop.Width, crop.Height)),
		Brightness: float32(mean),
		Contrast:   float32(deviation),
		Yaw:        float32(yaw), Pitch: float32(pitch), Roll: float32(roll),
	}
	dark, flat := q.Brightness < minBrightness, q.Contrast < minContrast
	for _, r := range []struct {
		reason  string
		against bool
	}{
		{photo.ReasonSmall, q.InterEye < photo.MinInterEye},
		// What is dark or flat has no edges to judge.
		{photo.ReasonBlurred, q.Sharpness < minSharpness && !dark && !flat},
		{photo.ReasonDark, dark},
		{photo.ReasonBright, q.Brightness > maxBrightness},
		{photo.ReasonLowContrast, flat},
		{photo.ReasonTurned, max(math.Abs(yaw), math.Abs(pitch)) > maxTurn},
	} {
		if r.against {
			q.Reasons = append(q.Reasons, r.reason)
		}
	}
	switch {
	case p.Quality != nil:
		q.Score = p.Score(length, joined, view)
		if q.Score < minScore && len(q.Reasons) == 0 {
			q.Reasons = append(q.Reasons, photo.ReasonUnclear)
		}
	case len(q.Reasons) == 0:
		q.Score = 1
	}
	return trusted(q, p.Trust)
}

// view is what Quality sees of a crop; nil where the pack does not look at crops.
func (m *model) view(crop *picture.Raster) pack.View {
	if m.Quality == nil || m.Quality.Crop == nil {
		return nil
	}
	return pack.ViewOf(crop.R, crop.G, crop.B, luminance(crop), crop.Width)
}

// trusted is the quality with what trust has against it.
func trusted(q face.Quality, trust *calibration.Trust) face.Quality {
	if trust != nil && !trust.Comparable(q.Score) {
		q.Reasons = append(slices.Clone(q.Reasons), photo.ReasonNotComparable)
	}
	return q
}

// luminance is the luma of BT.601.
func luminance(r *picture.Raster) []float32 {
	light := make([]float32, len(r.R))
	for i := range light {
		light[i] = float32(0.299*r.R[i]) + float32(0.587*r.G[i]) + float32(0.114*r.B[i])
	}
	return light
}

// moments are the mean and the standard deviation.
func moments(values []float32) (mean, deviation float64) {
	var sum, squares float64
	for _, v := range values {
		sum += float64(v)
		squares += float64(float64(v) * float64(v))
	}
	n := float64(len(values))
	mean = sum / n
	return mean, math.Sqrt(max(0, squares/n-float64(mean*mean)))
}

// sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom
// autofocusing in brightfield microscopy", 2000).
func sharpness(light []float32, width, height int) float64 {
	edges := make([]float32, 0, len(light))
	for y := 1; y < height-1; y++ {
		for x := 1; x < width-1; x++ {
			i := y*width + x
			edges = append(edges, light[i-1]+light[i+1]+light[i-width]+light[i+width]-float32(4*light[i]))
		}
	}
	_, deviation := moments(edges)
	return deviation * deviation
}

func distance(a, b face.Point) float64 {
	x, y := float64(a.X-b.X), float64(a.Y-b.Y)
	return math.Sqrt(float64(x*x) + float64(y*y))
}
