package gesture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"oneton/face"
	"oneton/onnx"
	"oneton/picture"
	"oneton/pool"
)

// Files of the models, from the package faceplugin-face-recognition-js (MIT).
const (
	pointsFile     = "fr_landmark.onnx"
	eyeFile        = "fr_eye.onnx"
	expressionFile = "fr_expression.onnx"
)

// The models' inputs and what of their outputs is read. The package's own program
// says them, but for the order of the classes, which photos told: see the tests.
const (
	pointsSide     = 64
	eyeSide        = 24
	expressionSide = 224

	// pointsWhite is what a value is divided by, which is not 255 here.
	pointsWhite = 256
	white       = 255

	eyeOpen    = 1
	eyeClasses = 2
	happy      = 3
	feelings   = 7

	// eyeRoom is the side of an eye's picture over the eye's width.
	eyeRoom = 1.6
)

// models are those that look at a face.
type models struct {
	points, eye, expression *onnx.Session
}

// shelf loads the models when they are first asked for: most servers never look at a
// face so closely, and the models hold more memory than their files have bytes.
type shelf struct {
	folder string
	rt     *onnx.Runtime
	mu     sync.Mutex
	loaded *models
	closed bool
}

// check is ErrOff when a file is missing, and another error when one is no model.
func (s *shelf) check() error {
	for _, file := range []string{pointsFile, eyeFile, expressionFile} {
		if _, err := read(s.folder, file); err != nil {
			return err
		}
	}
	return nil
}

// get are the models, of which another call may hold the loading up.
func (s *shelf) get() (*models, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, pool.ErrClosed
	}
	if s.loaded == nil {
		m, err := openModels(s.folder, s.rt)
		if err != nil {
			return nil, err
		}
		s.loaded = m
	}
	return s.loaded, nil
}

func (s *shelf) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.loaded == nil {
		return nil
	}
	return s.loaded.close()
}

// read is the model of a file, or ErrOff when it is missing.
func read(folder, file string) (*onnx.Model, error) {
	content, err := os.ReadFile(filepath.Join(folder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is not installed; 'oneton setup --with gestures' fetches it", ErrOff, file)
	}
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	model, err := onnx.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", file, err)
	}
	return model, nil
}

// openModels is ErrOff when a file is missing.
func openModels(folder string, rt *onnx.Runtime) (_ *models, err error) {
	m := &models{}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	for file, session := range map[string]**onnx.Session{pointsFile: &m.points, eyeFile: &m.eye, expressionFile: &m.expression} {
		model, err := read(folder, file)
		if err != nil {
			return nil, err
		}
		model.Repair()
		if *session, err = rt.NewSession(model); err != nil {
			return nil, fmt.Errorf("load %s: %w", file, err)
		}
	}
	return m, nil
}

func (m *models) close() error {
	var err error
	for _, s := range []*onnx.Session{m.points, m.eye, m.expression} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}

// run is the only output of a model for one picture, of a number of values.
func run(ctx context.Context, s *onnx.Session, input []float32, channels, side, values int) ([]float32, error) {
	outputs, err := s.Run(ctx, onnx.Tensor{Shape: []int64{1, int64(channels), int64(side), int64(side)}, Data: input})
	if err != nil {
		return nil, err
	}
	if len(outputs) != 1 || len(outputs[0].Data) != values {
		return nil, fmt.Errorf("%w: it does not give %d values", onnx.ErrModel, values)
	}
	return outputs[0].Data, nil
}

// findPoints are the 68 points of the face in the box.
func (m *models) findPoints(ctx context.Context, p *picture.Picture, box face.Box) (l points, err error) {
	view := around(box, pointsSide)
	out, err := run(ctx, m.points, grey(show(p, view, pointsSide), pointsWhite), 1, pointsSide, 2*len(l))
	if err != nil {
		return l, fmt.Errorf("find the face's points: %w", err)
	}
	for i := range l {
		l[i].x, l[i].y = view.Apply(float64(out[2*i]*pointsSide), float64(out[2*i+1]*pointsSide))
	}
	return l, nil
}

// open is the probability that an eye, given by its six points, is open.
func (m *models) open(ctx context.Context, p *picture.Picture, eye []point) (float64, error) {
	x := (eye[1].x + eye[2].x + eye[4].x + eye[5].x) / 4
	y := (eye[1].y + eye[2].y + eye[4].y + eye[5].y) / 4
	view := square(x, y, eyeRoom*distance(eye[0], eye[3]), eyeSide)
	out, err := run(ctx, m.eye, grey(show(p, view, eyeSide), white), 1, eyeSide, eyeClasses)
	if err != nil {
		return 0, fmt.Errorf("look at an eye: %w", err)
	}
	return softmax(out, eyeOpen), nil
}

// happiness is the probability that the face in the box looks happy.
func (m *models) happiness(ctx context.Context, p *picture.Picture, box face.Box) (float64, error) {
	r := show(p, around(box, expressionSide), expressionSide)
	input := make([]float32, 0, 3*len(r.R))
	for _, plane := range [][]float32{r.R, r.G, r.B} {
		for _, v := range plane {
			input = append(input, v/white)
		}
	}
	out, err := run(ctx, m.expression, input, 3, expressionSide, feelings)
	if err != nil {
		return 0, fmt.Errorf("read the expression: %w", err)
	}
	return softmax(out, happy), nil
}

// softmax is that of one of the values.
func softmax(values []float32, of int) float64 {
	var sum float64
	for _, v := range values {
		sum += math.Exp(float64(v - values[of]))
	}
	return 1 / sum
}
