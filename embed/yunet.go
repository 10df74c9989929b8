package embed

import (
	"fmt"
	"math"
	"slices"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
)

// newYuNet reads YuNet's outputs (Wu et al., "YuNet: A Tiny Millisecond-level
// Face Detector", 2023; layout as in OpenCV's FaceDetectorYN): for each stride
// S and cell, cls_S and obj_S, whose geometric mean is the confidence, bbox_S,
// the centre's offset and the logarithm of the size in cells, and kps_S, five
// points relative to the cell.
func newYuNet(d pack.Detector, ports []onnx.Port) (decoder, error) {
	const kinds = 4
	at := make([][kinds]int, len(d.Strides))
	for i, stride := range d.Strides {
		for k, kind := range [kinds]string{"cls", "obj", "bbox", "kps"} {
			name := fmt.Sprintf("%s_%d", kind, stride)
			at[i][k] = slices.IndexFunc(ports, func(p onnx.Port) bool { return p.Name == name })
			if at[i][k] < 0 {
				return nil, fmt.Errorf("%w: detector has no output %q", onnx.ErrModel, name)
			}
		}
	}
	return func(outputs []onnx.Tensor, width, height int, score float32) ([]detection, error) {
		var found []detection
		for i, stride := range d.Strides {
			columns, rows := width/stride, height/stride
			cells := columns * rows
			cls, obj := outputs[at[i][0]].Data, outputs[at[i][1]].Data
			bbox, kps := outputs[at[i][2]].Data, outputs[at[i][3]].Data
			if len(cls) != cells || len(obj) != cells || len(bbox) != 4*cells || len(kps) != 10*cells {
				return nil, fmt.Errorf("%w: outputs of stride %d do not have %d cells", onnx.ErrModel, stride, cells)
			}
			// The confidence is compared squared, to take few square roots.
			least := score * score
			for c := range cells {
				product := unit(cls[c]) * unit(obj[c])
				if product < least || math.IsNaN(float64(product)) {
					continue
				}
				found = append(found, yuNetCell(bbox[4*c:], kps[10*c:], float32(c%columns), float32(c/columns), float32(stride), sqrt(product)))
			}
		}
		return found, nil
	}, nil
}

func yuNetCell(bbox, kps []float32, column, row, stride, confidence float32) detection {
	w, h := float32(exp(bbox[2])*stride), float32(exp(bbox[3])*stride)
	d := detection{
		confidence: confidence,
		box: face.Box{
			X: float32((column+bbox[0])*stride) - float32(w/2), Y: float32((row+bbox[1])*stride) - float32(h/2),
			Width: w, Height: h,
		},
	}
	for i := range d.landmarks {
		d.landmarks[i] = face.Point{X: (column + kps[2*i]) * stride, Y: (row + kps[2*i+1]) * stride}
	}
	return d
}

func unit(v float32) float32 { return max(0, min(1, v)) }
func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }
func exp(v float32) float32  { return float32(math.Exp(float64(v))) }
