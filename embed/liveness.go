package embed

import (
	"context"
	"errors"
	"fmt"
	"math"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
)

func unknown(reason string) photo.Liveness {
	return photo.Liveness{Verdict: photo.Unknown, Reason: reason}
}

// judge judges liveness with one model.
type judge struct {
	pack.Liveness
	session *onnx.Session
}

// newJudge is nil when the pack has no liveness model, or its file is not
// installed.
func newJudge(rt *onnx.Runtime, p *pack.Pack) (*judge, error) {
	if !p.JudgesLiveness() {
		return nil, nil
	}
	model, err := onnx.Parse(p.Content(p.Liveness.Model.Name))
	if err != nil {
		return nil, err
	}
	model.Repair()
	j := &judge{Liveness: *p.Liveness}
	if j.session, err = rt.NewSession(model); err != nil {
		return nil, err
	}
	return j, nil
}

// judge says whether the face in the box is real. Only the context's end is an
// error: whatever else goes wrong makes the verdict unknown.
func (j *judge) judge(ctx context.Context, p *picture.Picture, box face.Box) (photo.Liveness, error) {
	if j == nil {
		return unknown(photo.ReasonNoModel), nil
	}
	if min(box.Width, box.Height) < float32(j.MinFace) {
		return unknown(photo.ReasonFaceSmall), nil
	}
	view, ok := j.view(p, box)
	if !ok {
		return unknown(photo.ReasonCutOff), nil
	}
	score, err := j.score(ctx, p, view)
	switch {
	case err != nil && ctx.Err() != nil:
		return photo.Liveness{}, ctx.Err()
	case err != nil:
		return unknown(photo.ReasonFailed), nil
	case score >= j.Real:
		return photo.Liveness{Verdict: photo.Real, Score: &score}, nil
	case score < j.Spoof:
		return photo.Liveness{Verdict: photo.Spoof, Score: &score}, nil
	}
	return photo.Liveness{Verdict: photo.Unknown, Score: &score, Reason: photo.ReasonUncertain}, nil
}

// view is the map from the model's input to the part of the photo that it
// sees: the box, each side times Crop, moved into the photo. It is false when
// the photo is too small to hold it.
func (j *judge) view(p *picture.Picture, box face.Box) (picture.Affine, bool) {
	width, height := float64(j.Crop*float64(box.Width)), float64(j.Crop*float64(box.Height))
	if width > float64(p.Width-1) || height > float64(p.Height-1) {
		return picture.Affine{}, false
	}
	left := float64(box.X) + float64((float64(box.Width)-width)/2)
	top := float64(box.Y) + float64((float64(box.Height)-height)/2)
	left = max(0, min(left, float64(p.Width)-width))
	top = max(0, min(top, float64(p.Height)-height))
	sx, sy := width/float64(j.Side), height/float64(j.Side)
	// Pixel centres have whole coordinates.
	return picture.Affine{A: sx, C: left + float64((sx-1)/2), E: sy, F: top + float64((sy-1)/2)}, true
}

// score is the softmax of the model's output at the live class.
func (j *judge) score(ctx context.Context, p *picture.Picture, view picture.Affine) (float64, error) {
	input := make([]float32, 3*j.Side*j.Side)
	p.Warp(raster(input, j.Side, j.Side, j.Input.Colour), view)
	normalise(input, j.Input)
	outputs, err := j.session.Run(ctx, onnx.Tensor{Shape: []int64{1, 3, int64(j.Side), int64(j.Side)}, Data: input})
	if err != nil {
		return 0, err
	}
	if len(outputs) != 1 || len(outputs[0].Data) != j.Classes {
		return 0, fmt.Errorf("%w: liveness model does not give %d values", onnx.ErrModel, j.Classes)
	}
	logits := outputs[0].Data
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[j.Live]))
	}
	if math.IsNaN(sum) {
		return 0, errors.New("liveness model gives no number")
	}
	return 1 / sum, nil
}

// live judges each of the faces.
func (t *task) live(ctx context.Context, p *picture.Picture, faces []photo.Face) error {
	for i := range faces {
		live, err := t.judge.judge(ctx, p, faces[i].Box)
		if err != nil {
			return err
		}
		faces[i].Liveness = &live
	}
	return nil
}
