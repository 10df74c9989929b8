package ocr

import (
	"context"
	"fmt"
	"image"
	"math"

	"oneton/onnx"
	"oneton/picture"
)

// Region is a place where the detector sees text.
type Region struct {
	Quad
	// Score is the mean probability of text within, in [0, 1].
	Score float64
}

// frame is what the detector sees of a picture: shrunk, never enlarged, until its
// longer side fits, and filled up with the mean colour to sides that the network
// can halve five times.
const (
	frameSide   = 960
	frameStride = 32
)

// The mean and the standard deviation of ImageNet's colours, red, green and blue,
// by which the detector's and the classifier's inputs are normalised (PaddleOCR,
// configs/det/PP-OCRv5/PP-OCRv5_mobile_det.yml).
var (
	imageMean      = [3]float32{0.485, 0.456, 0.406}
	imageDeviation = [3]float32{0.229, 0.224, 0.225}
)

// Find looks for text in a picture. The regions are the largest of those that the
// detector is sure of, at most MaxRegions, the largest first, each read in the
// direction that Upright makes of the picture as it is: from left to right, or
// downwards where it is higher than wide. Its errors are the pool's, onnx's and the context's.
func (r *Reader) Find(ctx context.Context, p *picture.Picture) ([]Region, error) {
	w, err := r.workers.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer r.workers.Release(w)
	scale := min(1, frameSide/float64(max(p.Width, p.Height)))
	width := max(1, int(math.Round(scale*float64(p.Width))))
	height := max(1, int(math.Round(scale*float64(p.Height))))
	wide, high := roundUp(width, frameStride), roundUp(height, frameStride)
	input := make([]float32, 3*wide*high)
	frame := blueFirst(input, wide, high)
	p.Resize(frame, image.Rect(0, 0, width, height))
	normaliseImage(frame, width, height)
	out, err := r.detector.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, int64(high), int64(wide)}, Data: input})
	if err != nil {
		return nil, fmt.Errorf("find text: %w", err)
	}
	if len(out[0].Data) != wide*high {
		return nil, fmt.Errorf("find text: %w: %s gives %d values for %d pixels", onnx.ErrModel, detectorFile, len(out[0].Data), wide*high)
	}
	found := regions(out[0].Data, wide, high)
	sx, sy := float64(p.Width)/float64(width), float64(p.Height)/float64(height)
	for i := range found {
		for k, c := range found[i].Quad {
			found[i].Quad[k] = Point{float64((c.X+0.5)*sx) - 0.5, float64((c.Y+0.5)*sy) - 0.5}
		}
	}
	return found, nil
}

// FindOnEnd is Find in the picture turned by a quarter: the detector misses some lines
// that stand on end.
func (r *Reader) FindOnEnd(ctx context.Context, p *picture.Picture) ([]Region, error) {
	found, err := r.Find(ctx, p.Turned(90))
	for i := range found {
		for k, c := range found[i].Quad {
			found[i].Quad[k] = Point{c.Y, float64(p.Height-1) - c.X}
		}
		found[i].Quad = reading(found[i].Quad)
	}
	return found, err
}

// OnEnd says whether most of what was found stands on end, by its length.
func OnEnd(found []Region) bool {
	across, down := 0.0, 0.0
	for _, f := range found {
		if quarter(f.Angle()) == 0 {
			across += f.Width()
		} else {
			down += f.Width()
		}
	}
	return down > across
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }

// blueFirst is a raster in the values of a tensor whose planes are blue, green and
// red, which is the order of PaddleOCR's pictures.
func blueFirst(data []float32, width, height int) *picture.Raster {
	n := width * height
	return &picture.Raster{Width: width, Height: height, B: data[:n:n], G: data[n : 2*n : 2*n], R: data[2*n : 3*n : 3*n]}
}

// normaliseImage normalises the part of a raster that shows the picture, as
// PaddleOCR does: it gives the first plane, which is blue, the first mean.
func normaliseImage(r *picture.Raster, width, height int) {
	for k, plane := range [][]float32{r.B, r.G, r.R} {
		mean, deviation := imageMean[k], imageDeviation[k]
		for y := range height {
			row := plane[y*r.Width : y*r.Width+width]
			for x, v := range row {
				row[x] = (v/255 - mean) / deviation
			}
		}
	}
}
