package embed

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
)

// detection is one face that the detector found, in pixels of the photo.
type detection struct {
	box        face.Box
	landmarks  face.Landmarks
	confidence float32
	// doubtful says that the detector alone would not take it for a face.
	doubtful bool
	// face is what was made of it, once it was; nil when it is none.
	face *photo.Face
	made bool
}

// view is one way to show a photo to the detector: its longest side, and the
// black border on each side, as shares of the detector's frame.
type view struct {
	side, border float64
}

// views are tried until one surely shows a face. The first shows the whole photo as
// large as the frame allows; the others find a face that fills the photo,
// which needs room around it and fewer pixels.
var views = []view{{side: 1}, {side: 0.5, border: 0.25}, {side: 0.25, border: 0.125}}

// detector finds faces with one model.
type detector struct {
	pack.Detector
	session *onnx.Session
	decode  decoder
	// least is the confidence from which on it says what it finds: its score, or
	// less where an aligner is asked.
	least float32
}

// decoder reads a model's outputs for a frame of the size in pixels, and
// returns every box that reaches the score, in pixels of the frame.
type decoder func(outputs []onnx.Tensor, width, height int, score float32) ([]detection, error)

func newDetector(rt *onnx.Runtime, p *pack.Pack) (*detector, error) {
	model, err := onnx.Parse(p.Content(p.Detector.File))
	if err != nil {
		return nil, err
	}
	model.Repair()
	if p.Detector.AnySize {
		if err := model.FreeSize(); err != nil {
			return nil, err
		}
	}
	d := &detector{Detector: p.Detector, least: p.Detector.Score}
	if p.Aligner != nil {
		d.least = p.Aligner.Doubtful
	}
	switch p.Detector.Decoder {
	case pack.YuNet:
		d.decode, err = newYuNet(p.Detector, model.Outputs())
	case pack.SCRFD:
		d.decode, err = newSCRFD(p.Detector, model.Outputs())
	default:
		err = fmt.Errorf("unknown decoder %q", p.Detector.Decoder)
	}
	if err != nil {
		return nil, err
	}
	if d.session, err = rt.NewSession(model); err != nil {
		return nil, err
	}
	return d, nil
}

// bufferSize is how many values the largest input has.
func (d *detector) bufferSize() int { return inputSize(d.Frame + d.MaxStride()) }

// inputSize is how many values a square input of the side has.
func inputSize(side int) int { return 3 * side * side }

// detect finds the faces of a photo. The buffer has bufferSize values.
func (d *detector) detect(ctx context.Context, p *picture.Picture, buffer []float32) ([]detection, error) {
	var all []detection
	for _, v := range views {
		found, err := d.detectIn(ctx, p, v, buffer)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if slices.ContainsFunc(found, certain) {
			break
		}
	}
	return suppress(all, d.NMS), nil
}

func certain(d detection) bool { return !d.doubtful }

func (d *detector) detectIn(ctx context.Context, p *picture.Picture, v view, buffer []float32) ([]detection, error) {
	f := d.frame(p.Width, p.Height, v)
	n := f.width * f.height
	input := buffer[:3*n]
	clear(input)
	p.Resize(raster(input, f.width, f.height, d.Input.Colour), f.at)
	found, err := d.run(ctx, input, f.width, f.height)
	if err != nil {
		return nil, err
	}
	for i := range found {
		f.toPhoto(&found[i], p.Width, p.Height)
	}
	return found, nil
}

// run shows the model a frame, which it normalises, and returns what it finds in
// pixels of it.
func (d *detector) run(ctx context.Context, input []float32, width, height int) ([]detection, error) {
	normalise(input, d.Input)
	outputs, err := d.session.Run(ctx, onnx.Tensor{
		Shape: []int64{1, 3, int64(height), int64(width)},
		Data:  input,
	})
	if err != nil {
		return nil, err
	}
	found, err := d.decode(outputs, width, height, d.least)
	if err != nil {
		return nil, err
	}
	found = suppress(slices.DeleteFunc(found, broken), d.NMS)
	for i := range found {
		found[i].doubtful = found[i].confidence < d.Score
	}
	return found, nil
}

// frame is the picture that the model sees: its size, and where in it the
// shrunken photo lies.
type frame struct {
	width, height int
	at            image.Rectangle
}

// frame lays out a photo of the given size.
func (d *detector) frame(width, height int, v view) frame {
	side := v.side * float64(d.Frame)
	scale := min(1, side/float64(max(width, height)))
	w := max(1, int(math.Round(scale*float64(width))))
	h := max(1, int(math.Round(scale*float64(height))))
	border := int(v.border * float64(d.Frame))
	f := frame{
		width:  roundUp(w+2*border, d.MaxStride()),
		height: roundUp(h+2*border, d.MaxStride()),
		at:     image.Rect(border, border, border+w, border+h),
	}
	if !d.AnySize {
		f.width, f.height = d.Frame, d.Frame
	}
	return f
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }

// toPhoto brings a detection from the frame to a photo of the given size.
func (f frame) toPhoto(d *detection, width, height int) {
	sx := float32(width) / float32(f.at.Dx())
	sy := float32(height) / float32(f.at.Dy())
	x0, y0 := float32(f.at.Min.X), float32(f.at.Min.Y)
	d.box = face.Box{
		X: (d.box.X - x0) * sx, Y: (d.box.Y - y0) * sy,
		Width: d.box.Width * sx, Height: d.box.Height * sy,
	}
	for i, p := range d.landmarks {
		d.landmarks[i] = face.Point{X: (p.X - x0) * sx, Y: (p.Y - y0) * sy}
	}
}

// farAway is further than any photo reaches, in pixels of the frame.
const farAway = 1 << 20

// broken says that a model gave a box or landmark that is not a place.
func broken(d detection) bool {
	near := func(v float32) bool { return v >= -farAway && v <= farAway } // no NaN is
	ok := near(d.box.X) && near(d.box.Y) && d.box.Width > 0 && near(d.box.Width) && d.box.Height > 0 && near(d.box.Height)
	for _, p := range d.landmarks {
		ok = ok && near(p.X) && near(p.Y)
	}
	return !ok
}
