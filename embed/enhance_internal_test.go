package embed

import (
	"encoding/json"
	"image/png"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/embed/pack"
	"oneton/picture"
)

var enhancement = pack.Enhancement{Contrast: 28, Balance: 0.35, Noise: 0.13}

// spoiled is a crop of testdata with every value changed, which is told its place.
func spoiled(t *testing.T, how func(v, place int) int) *picture.Raster {
	t.Helper()
	file, err := os.Open("testdata/crops/obama.jpg.png")
	require.NoError(t, err)
	defer file.Close()
	img, err := png.Decode(file)
	require.NoError(t, err)
	r := picture.NewRaster(cropSide, cropSide)
	for i := range r.R {
		red, green, blue, _ := img.At(i%cropSide, i/cropSide).RGBA()
		r.R[i], r.G[i], r.B[i] = float32(how(int(red>>8), 3*i)), float32(how(int(green>>8), 3*i+1)), float32(how(int(blue>>8), 3*i+2))
	}
	return r
}

// ripple is noise of 28 grey levels.
func ripple(place int) int { return place*place*31%97 - 48 }

func cutOff(v int) int { return max(0, min(255, v)) }

func TestEnhancedCropsAgreeWithNumpy(t *testing.T) {
	data, err := os.ReadFile("testdata/enhance.json")
	require.NoError(t, err)
	var want map[string]struct {
		Contrast, Noise float64
		Shown           []float32
	}
	require.NoError(t, json.Unmarshal(data, &want))
	ways := map[string]func(v, place int) int{
		"as it is":       func(v, _ int) int { return v },
		"dark":           func(v, _ int) int { return v * 4 / 100 },
		"faint":          func(v, place int) int { return v/12 + []int{140, 120, 90}[place%3] },
		"in red light":   func(v, place int) int { return v * []int{100, 6, 6}[place%3] / 100 },
		"noisy":          func(v, place int) int { return cutOff(v + ripple(place)) },
		"slightly noisy": func(v, place int) int { return cutOff(v + down(ripple(place), 3)) },
		"dark and noisy": func(v, place int) int { return cutOff(v*8/100 + down(ripple(place), 12)) },
		"black":          func(int, int) int { return 0 },
	}
	require.Len(t, want, len(ways))
	for name, how := range ways {
		crop := spoiled(t, how)
		require.InDelta(t, max(want[name].Contrast, leastContrast), contrast(crop), 1e-6, name)
		require.InDelta(t, want[name].Noise, noise(crop), 1e-6, name)
		enhance(crop, &enhancement)
		for i, v := range want[name].Shown {
			place := 379 * i
			require.InDelta(t, v, [][]float32{crop.R, crop.G, crop.B}[place%3][place/3], 2e-3, "%s, value %d", name, place)
		}
	}
}

// balance is the least share of the contrast that a colour has.
func balance(crop *picture.Raster) float64 {
	least := contrast(crop)
	for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
		_, deviation := moments(plane)
		least = min(least, deviation)
	}
	return least / contrast(crop)
}

// down divides as Python does.
func down(v, by int) int {
	if v < 0 {
		return -((by - 1 - v) / by)
	}
	return v / by
}

// A crop that shows enough stays bit for bit; others' values stay grey levels, one that
// is faint gets the contrast, and no noise grows.
func TestEnhancementLeavesGoodCropsAlone(t *testing.T) {
	good := spoiled(t, func(v, _ int) int { return v })
	want := slices.Clone(good.G)
	enhance(good, &enhancement)
	require.Equal(t, want, good.G)

	rapid.Check(t, func(rt *rapid.T) {
		light := rapid.IntRange(4, 100).Draw(rt, "light")
		grey := rapid.IntRange(0, 255-255*light/100).Draw(rt, "grey")
		level := rapid.IntRange(1, 60).Draw(rt, "parts of noise")
		crop := spoiled(t, func(v, place int) int { return cutOff(v*light/100 + grey + ripple(place)/level) })
		stretch(crop, enhancement.Contrast, enhancement.Balance)
		require.GreaterOrEqual(rt, contrast(crop), 0.9*enhancement.Contrast)
		noisy := noise(crop)
		smooth(crop, enhancement.Noise)
		require.LessOrEqual(rt, noise(crop), noisy)
		for _, plane := range [][]float32{crop.R, crop.G, crop.B} {
			require.GreaterOrEqual(rt, slices.Min(plane), float32(0))
			require.LessOrEqual(rt, slices.Max(plane), float32(255))
		}
	})
}

// Just above and just below what is enough a crop is nearly the same.
func TestEnhancementIsNoStep(t *testing.T) {
	crop := spoiled(t, func(v, place int) int { return cutOff(v + ripple(place)/3) })
	was := slices.Clone(crop.R)
	enhance(crop, &pack.Enhancement{Contrast: contrast(crop) * 1.001, Balance: balance(crop) * 1.001, Noise: noise(crop) * 0.999})
	for i, v := range was {
		require.InDelta(t, v, crop.R[i], 0.6)
	}
}
