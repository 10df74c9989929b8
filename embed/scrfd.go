package embed

import (
	"fmt"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
)

// newSCRFD reads SCRFD's outputs (Guo et al., "Sample and Computation
// Redistribution for Efficient Face Detection", 2021; layout as InsightFace
// exports it): scores for each stride, then boxes for each stride, then points
// for each stride. Each cell has some anchors, all at its corner; boxes are
// distances to the four sides and points are offsets, both in strides.
func newSCRFD(d pack.Detector, ports []onnx.Port) (decoder, error) {
	n := len(d.Strides)
	if len(ports) != 3*n {
		return nil, fmt.Errorf("%w: detector has %d outputs, need %d", onnx.ErrModel, len(ports), 3*n)
	}
	return func(outputs []onnx.Tensor, width, height int, least float32) ([]detection, error) {
		var found []detection
		for i, stride := range d.Strides {
			columns, rows := width/stride, height/stride
			boxes := columns * rows * d.Anchors
			scores, bbox, kps := outputs[i].Data, outputs[n+i].Data, outputs[2*n+i].Data
			if len(scores) != boxes || len(bbox) != 4*boxes || len(kps) != 10*boxes {
				return nil, fmt.Errorf("%w: outputs of stride %d do not have %d boxes", onnx.ErrModel, stride, boxes)
			}
			for b, score := range scores {
				if !(score >= least) {
					continue
				}
				cell := b / d.Anchors
				x, y := float32(cell%columns*stride), float32(cell/columns*stride)
				found = append(found, scrfdBox(bbox[4*b:], kps[10*b:], x, y, float32(stride), score))
			}
		}
		return found, nil
	}, nil
}

func scrfdBox(bbox, kps []float32, x, y, stride, confidence float32) detection {
	d := detection{
		confidence: confidence,
		box: face.Box{
			X: x - float32(bbox[0]*stride), Y: y - float32(bbox[1]*stride),
			Width: (bbox[0] + bbox[2]) * stride, Height: (bbox[1] + bbox[3]) * stride,
		},
	}
	for i := range d.landmarks {
		d.landmarks[i] = face.Point{X: x + float32(kps[2*i]*stride), Y: y + float32(kps[2*i+1]*stride)}
	}
	return d
}
