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

// recogniser turns aligned crops into unit vectors with one model.
type recogniser struct {
	pack.Recogniser
	session *onnx.Session
	// projection is nil when the pack has none.
	projection pack.Matrix
}

func newRecogniser(rt *onnx.Runtime, p *pack.Pack, cfg pack.Recogniser) (*recogniser, error) {
	model, err := onnx.Parse(p.Content(cfg.File))
	if err != nil {
		return nil, err
	}
	model.Repair()
	if err := fits(cfg, model); err != nil {
		return nil, err
	}
	r := &recogniser{Recogniser: cfg}
	if cfg.Projection != nil {
		if r.projection, err = p.Matrix(cfg.Projection.File, cfg.Projection.Dimension, cfg.Dimension); err != nil {
			return nil, err
		}
	}
	if r.session, err = rt.NewSession(model); err != nil {
		return nil, err
	}
	return r, nil
}

// fits says whether a model that declares its output's length declares the
// pack's.
func fits(cfg pack.Recogniser, m *onnx.Model) error {
	outputs := m.Outputs()
	if len(outputs) != 1 {
		return fmt.Errorf("%w: recogniser has %d outputs, need 1", onnx.ErrModel, len(outputs))
	}
	shape := outputs[0].Shape
	if n := len(shape); n > 0 && shape[n-1] >= 0 && shape[n-1] != int64(cfg.Dimension) {
		return fmt.Errorf("%w: recogniser gives %d values, the pack says %d", onnx.ErrModel, shape[n-1], cfg.Dimension)
	}
	return nil
}

// recognise is the unit vector of a crop, and the length that the model's own
// vector had; input is scratch for 3·112·112 values.
func (r *recogniser) recognise(ctx context.Context, crop *picture.Raster, input []float32) (unit face.Template, length float64, err error) {
	in := raster(input, crop.Width, crop.Height, r.Input.Colour)
	copy(in.R, crop.R)
	copy(in.G, crop.G)
	copy(in.B, crop.B)
	normalise(input, r.Input)
	outputs, err := r.session.Run(ctx, onnx.Tensor{
		Shape: []int64{1, 3, int64(crop.Height), int64(crop.Width)},
		Data:  input,
	})
	if err != nil {
		return nil, 0, err
	}
	vector := outputs[0].Data
	if len(vector) != r.Dimension {
		return nil, 0, fmt.Errorf("%w: recogniser gives %d values, the pack says %d", onnx.ErrModel, len(vector), r.Dimension)
	}
	for _, v := range vector {
		length += float64(float64(v) * float64(v))
	}
	if r.projection != nil {
		vector = r.projection.Times(vector)
	}
	unit, err = face.NewTemplate(vector)
	return unit, math.Sqrt(length), err
}
