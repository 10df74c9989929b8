package embed

import (
	"math"

	"oneton/embed/picture"
	"oneton/face"
)

// Reasons why a face may not be recognised.
const (
	ReasonSmall       = "small_face"
	ReasonBlurred     = "blurred"
	ReasonDark        = "too_dark"
	ReasonBright      = "too_bright"
	ReasonLowContrast = "low_contrast"
	ReasonTurned      = "turned_away"
)

// trait scores one measure of a face: 0 up to bad, 1 from good on, linear
// between; bad may be above good. Under half it is named as a reason.
type trait struct {
	reason    string
	value     float64
	bad, good float64
}

func (t trait) score() float64 {
	return max(0, min(1, (t.value-t.bad)/(t.good-t.bad)))
}

// assess measures how well a face shows, from its landmarks in the photo and
// its aligned crop.
func assess(l face.Landmarks, crop *picture.Raster) face.Quality {
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
	turned := max(math.Abs(yaw), math.Abs(pitch))
	score := 1.0
	for _, t := range []trait{
		{ReasonSmall, float64(q.InterEye), 8, 40},
		{ReasonBlurred, math.Log(1 + float64(q.Sharpness)), math.Log(1 + 10), math.Log(1 + 150)},
		{ReasonDark, mean, 20, 70},
		{ReasonBright, mean, 245, 215},
		{ReasonLowContrast, deviation, 8, 32},
		{ReasonTurned, turned, 75, 25},
	} {
		s := t.score()
		score *= s
		if s < 0.5 {
			q.Reasons = append(q.Reasons, t.reason)
		}
	}
	q.Score = float32(score)
	return q
}

// luminance is the luma of BT.601.
func luminance(r *picture.Raster) []float32 {
	light := make([]float32, len(r.R))
	for i := range light {
		light[i] = 0.299*r.R[i] + 0.587*r.G[i] + 0.114*r.B[i]
	}
	return light
}

// moments are the mean and the standard deviation.
func moments(values []float32) (mean, deviation float64) {
	var sum, squares float64
	for _, v := range values {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(values))
	mean = sum / n
	return mean, math.Sqrt(max(0, squares/n-mean*mean))
}

// sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom
// autofocusing in brightfield microscopy", 2000).
func sharpness(light []float32, width, height int) float64 {
	edges := make([]float32, 0, len(light))
	for y := 1; y < height-1; y++ {
		for x := 1; x < width-1; x++ {
			i := y*width + x
			edges = append(edges, light[i-1]+light[i+1]+light[i-width]+light[i+width]-4*light[i])
		}
	}
	_, deviation := moments(edges)
	return deviation * deviation
}

func distance(a, b face.Point) float64 {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y))
}
