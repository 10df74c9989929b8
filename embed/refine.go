package embed

import (
	"context"
	"math"
	"slices"

	"oneton/face"
	"oneton/onnx"
	"oneton/picture"
)

// refine looks again at a face that detect found, alone, from near and upright,
// and takes its landmarks and confidence from there. It returns the map from
// the aligned crop to the photo; false when there is no face from near. The
// buffer has bufferSize values.
func (d *detector) refine(ctx context.Context, p *picture.Picture, f *detection, buffer []float32) (cropToPhoto picture.Affine, ok bool, err error) {
	at, ok := align(f.landmarks)
	if !ok || d.CloseUp == nil {
		return at, ok, nil
	}
	seen, err := d.closeUp(p, at, buffer).upright(ctx, at)
	if err != nil {
		return at, false, err
	}
	if seen.confidence < d.CloseUp.Score {
		// A poor photo may show a face from afar only.
		return at, f.confidence >= d.CloseUp.Sure, nil
	}
	f.landmarks, f.confidence = seen.landmarks, seen.confidence
	at, ok = align(f.landmarks)
	return at, ok, nil
}

// source is what the aligned crop is taken from: the photo as it is, unless
// faces are looked at from near.
func (d *detector) source(p *picture.Picture, cropToPhoto picture.Affine, buffer []float32) source {
	if d.CloseUp == nil {
		return source{from: p, fromPhoto: picture.Affine{A: 1, E: 1}}
	}
	return sourceOf(p, cropToPhoto, cropSide, cropDetail, buffer)
}

// closeUp shows one face of a photo to the detector.
type closeUp struct {
	*detector
	input  []float32
	source source
}

// closeUp cuts the face out, which lies about where the map from the crop says.
func (d *detector) closeUp(p *picture.Picture, cropToPhoto picture.Affine, buffer []float32) *closeUp {
	n := inputSize(d.CloseUp.Frame)
	return &closeUp{detector: d, input: buffer[:n], source: sourceOf(p, d.frameToPhoto(cropToPhoto, 1), d.CloseUp.Frame, lookDetail, buffer[n:])}
}

// frameToPhoto is the map from the picture that the model sees, which shows the
// crop as large as the pack says times the size, around the mean landmark.
func (d *detector) frameToPhoto(cropToPhoto picture.Affine, size float64) picture.Affine {
	k := cropSide / (float64(d.CloseUp.Face) * size)
	x, y := centre(arcFace112)
	shift := float64(k * float64(d.CloseUp.Frame-1) / 2)
	return cropToPhoto.After(picture.Affine{A: k, C: x - shift, E: k, F: y - shift})
}

// aims is how often a face is looked at to find its turn, which is then twice
// what the landmarks say: the model sees about half of a head's roll.
const aims = 2

// sizes are those in which the upright face is shown, over the pack's. Their
// mean differs less from photo to photo of one face than either.
var sizes = []float64{0.925, 1, 1.08}

// upright is the face as it is seen when it stands upright; its confidence is 0
// when there is none.
func (c *closeUp) upright(ctx context.Context, at picture.Affine) (detection, error) {
	at, seen, err := c.first(ctx, at)
	for aim := range aims {
		if err == nil && aim > 0 {
			seen, err = c.look(ctx, at, 1)
		}
		next, ok := align(seen.landmarks)
		if err != nil || seen.confidence == 0 || !ok {
			return detection{}, err
		}
		at = turned(next, turn(at, next))
	}
	var views []detection
	for _, size := range sizes {
		seen, err := c.look(ctx, at, size)
		if err != nil {
			return detection{}, err
		}
		if seen.confidence > 0 {
			views = append(views, seen)
		}
	}
	return weighted(views, func(detection) float32 { return 1 }), nil
}

// around are the turns in which a face is looked for that is unclear as it was
// found: unit vectors, 60 degrees apart.
var around = []complex128{
	complex(0.5, sin60), complex(0.5, -sin60), complex(-0.5, sin60), complex(-0.5, -sin60), -1,
}

const sin60 = 0.8660254037844386

// first is the first look at a face, turned to where it is clearest unless it
// is clear as it was found.
func (c *closeUp) first(ctx context.Context, at picture.Affine) (picture.Affine, detection, error) {
	best, err := c.look(ctx, at, 1)
	if err != nil || best.confidence >= c.CloseUp.Clear {
		return at, best, err
	}
	found := at
	for _, t := range around {
		seen, err := c.look(ctx, turned(found, t), 1)
		if err != nil {
			return at, detection{}, err
		}
		if seen.confidence > best.confidence {
			at, best = turned(found, t), seen
		}
	}
	return at, best, nil
}

// look is what the detector sees of the face when the crop is shown upright;
// as large as the pack says times the size; its confidence is 0 when it sees
// none. The landmarks are the photo's.
func (c *closeUp) look(ctx context.Context, cropToPhoto picture.Affine, size float64) (detection, error) {
	side := c.CloseUp.Frame
	middle := float64(side-1) / 2
	toPhoto := c.frameToPhoto(cropToPhoto, size)
	c.source.warp(raster(c.input, side, side, c.Input.Colour), toPhoto)
	normalise(c.input, c.Input)
	outputs, err := c.session.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, int64(side), int64(side)}, Data: c.input})
	if err != nil {
		return detection{}, err
	}
	least := c.CloseUp.Score * agreeing
	found, err := c.decode(outputs, side, side, least)
	if err != nil {
		return detection{}, err
	}
	seen := agreed(found, c.MaxStride(), least, middle, float64(c.CloseUp.Face)/2)
	for i, l := range seen.landmarks {
		u, v := toPhoto.Apply(float64(l.X), float64(l.Y))
		seen.landmarks[i] = face.Point{X: float32(u), Y: float32(v)}
	}
	return seen, nil
}

// What is less confident than agreeing times a face, or covers less than covering
// of the mean box, says nothing of the face.
const (
	agreeing = 0.5
	covering = 0.3
)

// agreed is the mean of the detections of a stride around the middle, weighted
// by how far they are above both bounds, with the confidence of the most
// confident: it differs less from look to look than the best, and not by leaps.
func agreed(found []detection, stride int, least float32, middle, reach float64) detection {
	found = slices.DeleteFunc(found, func(d detection) bool {
		x, y := centre(d.landmarks)
		return d.stride != stride || broken(d) || !(math.Hypot(x-middle, y-middle) < reach)
	})
	all := weighted(found, func(d detection) float32 { return d.confidence - least })
	return weighted(found, func(d detection) float32 {
		return (d.confidence - least) * max(0, d.box.IoU(all.box)-covering)
	})
}

// weighted is the weighted mean of boxes and landmarks, and the highest
// confidence; nothing when no weight is above 0.
func weighted(found []detection, weight func(detection) float32) detection {
	var sum float32
	for _, d := range found {
		sum += weight(d)
	}
	var m detection
	if !(sum > 0) {
		return m
	}
	for _, d := range found {
		w := weight(d) / sum
		m.confidence = max(m.confidence, d.confidence)
		m.box.X += float32(w * d.box.X)
		m.box.Y += float32(w * d.box.Y)
		m.box.Width += float32(w * d.box.Width)
		m.box.Height += float32(w * d.box.Height)
		for i, l := range d.landmarks {
			m.landmarks[i].X += float32(w * l.X)
			m.landmarks[i].Y += float32(w * l.Y)
		}
	}
	return m
}

// turn is by how much the second map from the crop is turned against the first:
// a unit vector.
func turn(from, to picture.Affine) complex128 {
	t := complex(to.A, to.D) / complex(from.A, from.D)
	return t / complex(math.Hypot(real(t), imag(t)), 0)
}

// turned is the map from the crop turned once more around the crop's centre.
func turned(m picture.Affine, by complex128) picture.Affine {
	x, y := centre(arcFace112)
	u, v := real(by), imag(by)
	return m.After(picture.Affine{
		A: u, B: -v, C: x - float64(u*x) + float64(v*y),
		D: v, E: u, F: y - float64(v*x) - float64(u*y),
	})
}
