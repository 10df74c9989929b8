package ocr

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"oneton/onnx"
)

// Text is what a strip says.
type Text struct {
	String string
	// Confidence is the mean probability of its characters, in [0, 1], and 0 when it has
	// none.
	Confidence float64
	// Least is the probability of the least likely of them.
	Least float64
}

// maxStrips is the most that are read at once.
const maxStrips = 2 * MaxRegions

// logarithm is the natural one of a probability, which float32 may have rounded to
// nothing.
func logarithm(p float32) float64 { return math.Log(float64(max(p, math.SmallestNonzeroFloat32))) }

// Texts reads strips by the likeliest class of each step (greedy CTC). It is
// ErrTooMuch for more than 240 strips; else its errors are the pool's, onnx's and the
// context's.
func (r *Reader) Texts(ctx context.Context, strips []Strip) ([]Text, error) {
	all := make([]Text, len(strips))
	err := r.Probabilities(ctx, strips, func(i int, p []float32) { all[i] = r.greedy(p) })
	return all, err
}

// greedy joins the likeliest classes, of which CTC repeats one for as long as it
// lasts and puts a blank between two alike.
func (r *Reader) greedy(p []float32) Text {
	var text strings.Builder
	last, sum, least, n := blank, 0.0, 1.0, 0
	for step := range slices.Chunk(p, len(r.keys)) {
		best := 0
		for c, p := range step {
			if p > step[best] {
				best = c
			}
		}
		if best != last && best != blank {
			text.WriteString(r.keys[best])
			sum += float64(step[best])
			least = min(least, float64(step[best]))
			n++
		}
		last = best
	}
	if n == 0 {
		return Text{}
	}
	return Text{String: text.String(), Confidence: sum / float64(n), Least: least}
}

// Probabilities gives the function, for each strip, what the recogniser sees of it at
// each step, some eight pixels each from left to right: for every class of Keys one,
// and together 1. The function, which may be called for several strips at once, keeps
// nothing of them. Its errors are those of Texts, and onnx.ErrTensor for a strip that
// is not StripHeight pixels high.
func (r *Reader) Probabilities(ctx context.Context, strips []Strip, do func(strip int, p []float32)) error {
	if len(strips) > maxStrips {
		return fmt.Errorf("%w: %d lines, at most %d are read at once", ErrTooMuch, len(strips), maxStrips)
	}
	return r.spread(ctx, len(strips), func(ctx context.Context, i int) error {
		s := strips[i]
		if s.Height != StripHeight || s.Width > MaxStripWidth {
			return fmt.Errorf("read text: %w: a strip of %d×%d pixels", onnx.ErrTensor, s.Width, s.Height)
		}
		width := max(s.Width, LeastStripWidth)
		input := make([]float32, 3*StripHeight*width)
		for k, plane := range [][]float32{s.B, s.G, s.R} {
			for y := range StripHeight {
				row := input[(k*StripHeight+y)*width:]
				for x, v := range plane[y*s.Width : (y+1)*s.Width] {
					row[x] = v/127.5 - 1
				}
			}
		}
		out, err := r.recogniser.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, StripHeight, int64(width)}, Data: input})
		if err != nil {
			return fmt.Errorf("read text: %w", err)
		}
		n := len(r.keys)
		if shape := out[0].Shape; len(shape) != 3 || shape[2] != int64(n) {
			return fmt.Errorf("read text: %w: %s gives %v, and %s has %d characters", onnx.ErrModel, recogniserFile, shape, keysFile, n)
		}
		do(i, out[0].Data)
		return nil
	})
}
