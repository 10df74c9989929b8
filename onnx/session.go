package onnx

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Tensor is a dense float32 array, the last dimension running fastest.
type Tensor struct {
	Shape []int64
	Data  []float32
}

// Session is a model ready to run. It may be used from any number of
// goroutines at once.
type Session struct {
	runtime *Runtime
	session *ort.DynamicAdvancedSession
	inputs  []Port
	outputs []Port

	// mu is held for reading by each Run and for writing by Close, which
	// therefore waits for the runs under way.
	mu     sync.RWMutex
	closed bool
}

// sessionEntries are ONNX Runtime's configuration keys. The first folds the
// dequantisation of weights while loading, so that a model with int8 weights
// runs as fast as one with float32 weights; the second keeps idle threads from
// spinning.
var sessionEntries = map[string]string{
	"session.disable_quant_qdq":       "1",
	"session.intra_op.allow_spinning": "0",
}

// NewSession loads a model whose inputs and outputs are float32 tensors.
func (r *Runtime) NewSession(m *Model) (_ *Session, err error) {
	inputs, outputs := m.Inputs(), m.Outputs()
	if len(inputs) == 0 || len(outputs) == 0 {
		return nil, fmt.Errorf("%w: no inputs or no outputs", ErrModel)
	}
	for _, p := range append(append([]Port{}, inputs...), outputs...) {
		if !p.Float {
			return nil, fmt.Errorf("%w: %q is not a float32 tensor", ErrModel, p.Name)
		}
	}
	data, err := m.Bytes()
	if err != nil {
		return nil, err
	}
	if err := r.retain(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	options, err := r.sessionOptions()
	if err != nil {
		return nil, fmt.Errorf("configure session: %w", err)
	}
	defer func() { _ = options.Destroy() }() // fails only for nil
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(data, names(inputs), names(outputs), options)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return &Session{runtime: r, session: session, inputs: inputs, outputs: outputs}, nil
}

func (r *Runtime) sessionOptions() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(r.threads),
		o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		// What goes wrong is returned; the library need not print it too.
		o.SetLogSeverityLevel(ort.LoggingLevelFatal),
	)
	for key, value := range sessionEntries {
		err = errors.Join(err, o.AddSessionConfigEntry(key, value))
	}
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// Inputs are the session's inputs in the order that Run takes them.
func (s *Session) Inputs() []Port { return s.inputs }

// Outputs are the session's outputs in the order that Run returns them.
func (s *Session) Outputs() []Port { return s.outputs }

// Run computes all outputs from all inputs, in the order of Inputs and
// Outputs. The inputs' memory is read in place and must not change during the
// call; the outputs are the caller's. A cancelled or expired context stops the
// computation and is returned as its error.
func (s *Session) Run(ctx context.Context, inputs ...Tensor) ([]Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	if len(inputs) != len(s.inputs) {
		return nil, fmt.Errorf("%w: %d inputs, need %d", ErrTensor, len(inputs), len(s.inputs))
	}
	in := make([]ort.Value, 0, len(inputs))
	defer func() { destroy(in) }()
	for i, t := range inputs {
		if !s.inputs[i].accepts(t.Shape) {
			return nil, fmt.Errorf("%w: input %q takes %v, not %v", ErrTensor, s.inputs[i].Name, s.inputs[i].Shape, t.Shape)
		}
		v, err := ort.NewTensor(ort.Shape(t.Shape), t.Data)
		if err != nil {
			return nil, fmt.Errorf("%w: input %q: %w", ErrTensor, s.inputs[i].Name, err)
		}
		in = append(in, v)
	}
	out := make([]ort.Value, len(s.outputs))
	defer func() { destroy(out) }()
	if err := s.run(ctx, in, out); err != nil {
		return nil, err
	}
	results := make([]Tensor, len(out))
	for i, v := range out {
		t, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("%w: output %q is not a float32 tensor", ErrModel, s.outputs[i].Name)
		}
		results[i] = Tensor{Shape: t.GetShape(), Data: t.GetData()}
	}
	return results, nil
}

// run computes with the termination flag tied to the context, and returns
// only when nothing can raise the flag any more, as it is freed then.
func (s *Session) run(ctx context.Context, in, out []ort.Value) error {
	if ctx.Done() == nil {
		return wrapRun(s.session.Run(in, out))
	}
	options, err := ort.NewRunOptions()
	if err != nil {
		return wrapRun(err)
	}
	defer func() { _ = options.Destroy() }() // fails only for nil
	raised := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(raised)
		// Terminate sets a flag and can only fail when options is nil.
		_ = options.Terminate()
	})
	err = s.session.RunWithOptions(in, out, options)
	if !stop() {
		<-raised
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return wrapRun(err)
}

func wrapRun(err error) error {
	if err != nil {
		return fmt.Errorf("run model: %w", err)
	}
	return nil
}

// Close waits for the runs under way and frees the session. Closing twice
// does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.session.Destroy()
	s.runtime.release()
	if err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	return nil
}

// destroy frees the C side of values; the Go memory that a caller holds stays.
func destroy(values []ort.Value) {
	for _, v := range values {
		if v != nil {
			// Destroy of a tensor cannot fail.
			_ = v.Destroy()
		}
	}
}

func names(ports []Port) []string {
	n := make([]string, len(ports))
	for i, p := range ports {
		n[i] = p.Name
	}
	return n
}
