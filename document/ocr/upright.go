package ocr

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"oneton/onnx"
	"oneton/picture"
)

// The size of the classifier's input (PaddleX, PP-LCNet_x1_0_textline_ori).
const (
	lineWidth  = 160
	lineHeight = 80
)

// witnesses are how many lines are asked which side is up, the longest ones.
const witnesses = 5

// Upright turns the regions that Find found in the picture so that each is read as
// the page is, which most of the longest lines tell together; lines across the others
// stay as they are. The second answer is by how many degrees clockwise, 0, 90, 180 or 270,
// the picture is to be turned to stand upright. Its errors are the pool's, onnx's
// and the context's.
func (r *Reader) Upright(ctx context.Context, p *picture.Picture, found []Region) ([]Region, int, error) {
	if len(found) == 0 {
		return nil, 0, nil
	}
	axis := 0
	if OnEnd(found) {
		axis = 1
	}
	lines := slices.Clone(found)
	for i, f := range lines {
		// A short one may be read along its other side.
		if quarter(f.Angle()) != axis && f.Width() < upended*f.Height() {
			lines[i].Quad = f.Turned(axis - quarter(f.Angle()))
		}
	}
	longest := slices.DeleteFunc(slices.Clone(lines), func(f Region) bool { return quarter(f.Angle()) != axis })
	slices.SortStableFunc(longest, func(a, b Region) int { return cmp.Compare(b.Width(), a.Width()) })
	longest = longest[:min(len(longest), witnesses)]
	votes := make([]float64, len(longest))
	err := r.spread(ctx, len(longest), func(ctx context.Context, i int) (err error) {
		votes[i], err = r.standing(ctx, p, longest[i].Quad)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	sum := 0.0
	for _, v := range votes {
		sum += v
	}
	if sum < 0 {
		for i := range lines {
			lines[i].Quad = lines[i].Turned(2)
		}
		axis += 2
	}
	return lines, (4 - axis) % 4 * 90, nil
}

// quarter is the nearest of the directions right (0), down (1), left (2) and up (3).
func quarter(angle float64) int {
	return (int(math.Round(angle/(math.Pi/2))) + 4) % 4
}

// standing is how much likelier it is that a line stands upright than that it stands
// on its head, as the logarithm of the probabilities' ratio.
func (r *Reader) standing(ctx context.Context, p *picture.Picture, q Quad) (float64, error) {
	const height = 2 * lineHeight
	part := q.toPicture(2*lineWidth, height)
	fine := picture.NewRaster(2*lineWidth, height)
	p.WarpRepeating(fine, part)
	input := make([]float32, 3*lineWidth*lineHeight)
	small := blueFirst(input, lineWidth, lineHeight)
	average(small, fine, 2, 2)
	normaliseImage(small, lineWidth, lineHeight)
	out, err := r.classifier.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, lineHeight, lineWidth}, Data: input})
	if err != nil {
		return 0, fmt.Errorf("tell a line's direction: %w", err)
	}
	if len(out[0].Data) != 2 {
		return 0, fmt.Errorf("tell a line's direction: %w: %s gives %d values, need 2", onnx.ErrModel, classifierFile, len(out[0].Data))
	}
	return logarithm(out[0].Data[0]) - logarithm(out[0].Data[1]), nil
}
