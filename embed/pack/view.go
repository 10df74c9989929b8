package pack

import (
	"math"
	"slices"
)

// View is what Quality's Crop sees of an aligned crop, whatever its light and its
// contrast: of each of 7 by 7 blocks, row after row, the mean red, green and blue
// as deviations from the crop's; then of each block how rough it is from left to
// right, and then of each from top to bottom, against the crop's roughness. A hat, a
// hand, glasses, stretching and motion are seen in it.
type View []float32

// ViewSize is how many values a view has.
const ViewSize = (channels + 2) * blocks * blocks

const (
	channels = 3
	blocks   = 7
	// Below these, in grey levels and their square roots, a crop is as flat as
	// nothing.
	flat, smooth = 4.0, 1.0
)

// ViewOf is the view of a square crop whose side is a multiple of 7, of its red,
// green and blue and its luma.
func ViewOf(red, green, blue, luma []float32, side int) View {
	colours := make([]float64, 0, channels*blocks*blocks)
	across := make([]float64, 0, blocks*blocks)
	down := make([]float64, 0, blocks*blocks)
	of := side / blocks
	for top := 0; top < side; top += of {
		for left := 0; left < side; left += of {
			var sum [channels]float64
			var right, below float64
			for y := top; y < top+of; y++ {
				for x := left; x < left+of; x++ {
					i := y*side + x
					for c, plane := range [channels][]float32{red, green, blue} {
						sum[c] += float64(plane[i])
					}
					if x+1 < side {
						right += math.Abs(float64(luma[i+1]) - float64(luma[i]))
					}
					if y+1 < side {
						below += math.Abs(float64(luma[i+side]) - float64(luma[i]))
					}
				}
			}
			pixels := float64(of * of)
			for _, s := range sum {
				colours = append(colours, s/pixels)
			}
			across, down = append(across, math.Sqrt(right/pixels)), append(down, math.Sqrt(below/pixels))
		}
	}
	mean, deviation := moments(colours)
	view := make(View, 0, ViewSize)
	for _, c := range colours {
		view = append(view, float32((c-mean)/max(flat, deviation)))
	}
	rough := slices.Concat(across, down)
	mean, _ = moments(rough)
	for _, r := range rough {
		view = append(view, float32(r/max(smooth, mean)-1))
	}
	return view
}

// moments are the mean and the standard deviation.
func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		deviation += float64((v - mean) * (v - mean))
	}
	return mean, math.Sqrt(deviation / float64(len(values)))
}
