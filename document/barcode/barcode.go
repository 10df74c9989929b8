// Package barcode reads linear barcodes in a picture: Code 39 and Code 128, as cards
// have them on their backs. How long it takes follows from the size at which the
// picture is looked at, and not from what it shows.
package barcode

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"oneton/picture"
)

// side is the longest side at which a picture is looked at, in pixels: a card that fills
// it has seven for the narrowest bar of eleven digits in Code 39 over most of its width.
const side = 1600

// rows is how many rows of it are looked at, at most, in each of two directions.
const rows = 400

const (
	// longest is how many characters of a code are told; the number of a card takes 13.
	longest = 80
	// twice is on how many rows a code must read the same: Code 39 has no check of its
	// own, and a line of text may look like some of its characters.
	twice = 2
)

// kind reads rows of black and white.
type kind interface {
	DecodeRow(number int, row *gozxing.BitArray, hints map[gozxing.DecodeHintType]any) (*gozxing.Result, error)
}

// Read is what the barcodes say that lie along or across a direction, in radians from
// the picture's rows, each once and those that are seen on most rows first. None is no
// error. Its error is the context's.
func Read(ctx context.Context, p *picture.Picture, direction float64) ([]string, error) {
	seen := map[string]int{}
	for _, d := range []float64{direction, direction + math.Pi/2} {
		if err := read(ctx, look(p, d), seen); err != nil {
			return nil, err
		}
	}
	var all []string
	for text, n := range seen {
		if n >= twice {
			all = append(all, text)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(seen[b]-seen[a], cmp.Compare(a, b)) })
	return all, nil
}

// read counts on how many rows each code is.
func read(ctx context.Context, source gozxing.LuminanceSource, seen map[string]int) error {
	lines := gozxing.NewGlobalHistgramBinarizer(source)
	kinds := []kind{oned.NewCode39Reader().(kind), oned.NewCode128Reader().(kind)}
	step := max(1, source.GetHeight()/rows)
	for y := 0; y < source.GetHeight(); y += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := lines.GetBlackRow(y, gozxing.NewBitArray(source.GetWidth()))
		if err != nil {
			continue // all of one colour
		}
		for range 2 { // from either end
			for _, k := range kinds {
				if text := decode(k, y, row); text != "" && len(text) <= longest {
					seen[text]++
				}
			}
			row.Reverse()
		}
	}
	return nil
}

// decode is empty when there is no code. A row that the library cannot bear has none,
// either.
func decode(k kind, y int, row *gozxing.BitArray) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	found, err := k.DecodeRow(y, row, nil)
	if err != nil {
		return ""
	}
	return found.GetText()
}

// look is the picture turned so that the direction is level, in grey.
func look(p *picture.Picture, direction float64) gozxing.LuminanceSource {
	sin, cos := math.Sincos(direction)
	w, h := float64(p.Width), float64(p.Height)
	// The turned picture's bounds hold all of it.
	width := math.Abs(float64(w*cos)) + math.Abs(float64(h*sin))
	height := math.Abs(float64(w*sin)) + math.Abs(float64(h*cos))
	step := max(1, max(width, height)/side)
	r := picture.NewRaster(max(1, int(width/step)), max(1, int(height/step)))
	// From the raster's middle to the picture's.
	cx, cy := float64(r.Width-1)/2, float64(r.Height-1)/2
	a, b := step*cos, step*sin
	p.WarpRepeating(r, picture.Affine{
		A: a, B: -b, C: (w-1)/2 - float64(a*cx) + float64(b*cy),
		D: b, E: a, F: (h-1)/2 - float64(b*cx) - float64(a*cy),
	})
	grey := image.NewGray(image.Rect(0, 0, r.Width, r.Height))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(min(max((r.R[i]+float32(2*r.G[i])+r.B[i])/4, 0), 255))
	}
	return gozxing.NewLuminanceSourceFromImage(grey)
}
