package embed

import (
	"context"
	"fmt"
	"math"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/picture"
)

// aligner corrects where a face's crop lies, by a model that sees the crop and
// nothing around it.
type aligner struct {
	pack.Aligner
	session *onnx.Session
}

// newAligner is nil when the pack has none.
func newAligner(rt *onnx.Runtime, p *pack.Pack) (*aligner, error) {
	if p.Aligner == nil {
		return nil, nil
	}
	model, err := onnx.Parse(p.Content(p.Aligner.File))
	if err != nil {
		return nil, err
	}
	session, err := rt.NewSession(model)
	if err != nil {
		return nil, err
	}
	return &aligner{Aligner: *p.Aligner, session: session}, nil
}

// bufferSize is how many values the input and the largest source have.
func (a *aligner) bufferSize() int { return inputSize(a.Side) + sourceSize }

// settle moves a crop, which lies about where the map says, until the model
// corrects hardly anything more, and says how sure the model was when it was least
// so: looking again and again it finds a face where there is none. The buffer has
// bufferSize values.
func (a *aligner) settle(ctx context.Context, p *picture.Picture, cropToPhoto picture.Affine, buffer []float32) (picture.Affine, float32, error) {
	n := inputSize(a.Side)
	v := &viewer{aligner: a, input: buffer[:n], source: sourceOf(p, cropToPhoto, buffer[n:])}
	at, confidence := cropToPhoto, float32(1)
	for range a.Steps {
		c, err := v.look(ctx, at)
		if err != nil || c.confidence == 0 {
			return at, 0, err
		}
		at, confidence = at.After(v.corrected(c)), min(confidence, c.confidence)
		if length(c.move) < stillMove && length(c.by-1) < stillTurn {
			break
		}
	}
	return at, confidence, nil
}

// A crop stands still when it is moved by less than so many pixels, and turned
// and scaled by less than so much. What the model then corrects is a tenth of that.
const (
	stillMove = 1
	stillTurn = 0.02
)

// viewer shows one face of a photo to an aligner.
type viewer struct {
	*aligner
	input  []float32
	source source
}

// correction is what the model says of a crop: it is to be turned and scaled by a
// complex number about the model's centre, and then moved.
type correction struct {
	by, move   complex128
	confidence float32
}

// look is what the model says of the crop there; its confidence is 0 where that is
// no correction.
func (v *viewer) look(ctx context.Context, cropToPhoto picture.Affine) (correction, error) {
	scale := v.Window / float64(v.Side)
	corner := float64(scale * float64(v.Side-1) / 2)
	view := picture.Affine{A: scale, C: float64(v.Centre.X) - corner, E: scale, F: float64(v.Centre.Y) - corner}
	v.source.warp(raster(v.input, v.Side, v.Side, v.Input.Colour), cropToPhoto.After(view))
	normalise(v.input, v.Input)
	outputs, err := v.session.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, int64(v.Side), int64(v.Side)}, Data: v.input})
	if err != nil {
		return correction{}, err
	}
	const values = 5
	if len(outputs) != 1 || len(outputs[0].Data) != values {
		return correction{}, fmt.Errorf("%w: aligner does not give %d values", onnx.ErrModel, values)
	}
	o := outputs[0].Data
	c := correction{move: complex(float64(o[0]), float64(o[1])), by: complex(float64(o[2]), float64(o[3])), confidence: o[4]}
	size := length(c.by)
	if !(length(c.move) <= cropSide && size >= 1/mostScale && size <= mostScale && c.confidence >= 0) {
		return correction{}, nil // some are no numbers
	}
	return c, nil
}

// mostScale is by how much a step scales a crop at most.
const mostScale = 4.0

// corrected is the map from the crop as it should lie to the one seen.
func (a *aligner) corrected(c correction) picture.Affine {
	u, v, x, y := real(c.by), imag(c.by), float64(a.Centre.X), float64(a.Centre.Y)
	return picture.Affine{
		A: u, B: -v, C: x + real(c.move) - float64(u*x) + float64(v*y),
		D: v, E: u, F: y + imag(c.move) - float64(v*x) - float64(u*y),
	}
}

func length(z complex128) float64 {
	return math.Sqrt(float64(real(z)*real(z)) + float64(imag(z)*imag(z)))
}

// moved are landmarks that lie in another crop as they did in the one before.
func moved(l face.Landmarks, from, to picture.Affine) face.Landmarks {
	return mapped(l, to.After(from.Inverse()))
}

// mapped are landmarks where the map brings them.
func mapped(l face.Landmarks, by picture.Affine) face.Landmarks {
	for i, p := range l {
		x, y := by.Apply(float64(p.X), float64(p.Y))
		l[i] = face.Point{X: float32(x), Y: float32(y)}
	}
	return l
}
