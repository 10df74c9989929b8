package embed

import (
	"math"

	"oneton/embed/pack"
	"oneton/picture"
)

// enhance gives a crop, or one of its colours, the contrast that it lacks, and smooths
// one that is full of noise; any other stays as it is.
func enhance(crop *picture.Raster, to *pack.Enhancement) {
	stretch(crop, to.Contrast, to.Balance)
	smooth(crop, to.Noise)
}

const (
	// leastContrast is what a crop is taken to have at least: less is rounding.
	leastContrast = 1
	// deep is how many deviations below a colour's mean black is taken to be.
	deep = 2
)

// contrast is the greatest deviation of a colour in grey levels.
func contrast(crop *picture.Raster) float64 {
	most := 0.0
	for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
		_, deviation := moments(plane)
		most = max(most, deviation)
	}
	return max(most, leastContrast)
}

// stretch gives the crop the contrast, if it has less, and a colour its share of it, as
// in coloured light. What fog or a faded print added to a colour goes; of one that has
// just about enough nothing does.
func stretch(crop *picture.Raster, wanted, share float64) {
	most := contrast(crop)
	common := max(1, wanted/most)
	for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
		mean, deviation := moments(plane)
		gain := common * max(1, float64(share*most)/max(deviation, leastContrast))
		if gain <= 1 {
			continue
		}
		black := max(0, mean-float64(deep*deviation))
		for i, v := range plane {
			plane[i] = float32(max(0, min(white, float64(gain*(float64(v)-black))+black/gain)))
		}
	}
}

// white is the greatest grey level.
const white = 255

// smooth takes half of the noise's deviation or more out of a crop, if it has twice
// the noise, and less where it has less; up to the noise nothing.
func smooth(crop *picture.Raster, bearable float64) {
	share := float32(min(1, noise(crop)/bearable-1))
	if share <= 0 {
		return
	}
	for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
		for i, v := range blurred(plane, crop.Width) {
			plane[i] += float32(share * (v - plane[i]))
		}
	}
}

// noise is the deviation that noise has in a crop, against the crop's contrast: a
// mask that is blind to edges sees it (Immerkær, "Fast noise variance estimation",
// 1996).
func noise(crop *picture.Raster) float64 {
	width, height := crop.Width, crop.Height
	var sum float64
	for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
		bend := func(i int) float32 { return plane[i-1] + plane[i+1] - float32(2*plane[i]) }
		for y := 1; y < height-1; y++ {
			for x := 1; x < width-1; x++ {
				i := y*width + x
				sum += math.Abs(float64(bend(i-width) + bend(i+width) - float32(2*bend(i))))
			}
		}
	}
	mean := sum / float64(3*(width-2)*(height-2))
	return math.Sqrt(math.Pi/2) / 6 * mean / contrast(crop)
}

// binomial are the weights of a blur as near to Gauss's of 1.22 pixels as whole
// numbers of 64 come.
var binomial = [...]float32{1. / 64, 6. / 64, 15. / 64, 20. / 64, 15. / 64, 6. / 64, 1. / 64}

// blurred is the plane, whose edge repeats, blurred across and down.
func blurred(plane []float32, width int) []float32 {
	const reach = len(binomial) / 2
	height := len(plane) / width
	across, both := make([]float32, len(plane)), make([]float32, len(plane))
	for i := range plane {
		x, row := i%width, i-i%width
		for k, w := range binomial {
			across[i] += float32(w * plane[row+max(0, min(width-1, x+k-reach))])
		}
	}
	for i := range plane {
		x, y := i%width, i/width
		for k, w := range binomial {
			both[i] += float32(w * across[width*max(0, min(height-1, y+k-reach))+x])
		}
	}
	return both
}
