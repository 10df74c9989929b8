package onnx

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

// Model is a parsed ONNX model whose graph can be repaired before it runs.
type Model struct {
	proto *onnxpb.ModelProto
}

// Port is one input or output of a model.
type Port struct {
	Name string
	// Shape has -1 for every dimension that a run may choose. It is nil when
	// the model does not say.
	Shape []int64
	// Float says that the elements are float32.
	Float bool
}

// accepts says whether a tensor of the shape may be passed.
func (p Port) accepts(shape []int64) bool {
	if p.Shape == nil {
		return true
	}
	if len(shape) != len(p.Shape) {
		return false
	}
	for i, n := range p.Shape {
		if n >= 0 && n != shape[i] {
			return false
		}
	}
	return true
}

// Parse reads a serialised model. It is ErrModel when the bytes are not one.
func Parse(data []byte) (*Model, error) {
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if len(m.GetGraph().GetNode()) == 0 {
		return nil, fmt.Errorf("%w: empty graph", ErrModel)
	}
	return &Model{proto: m}, nil
}

// Bytes serialises the model.
func (m *Model) Bytes() ([]byte, error) {
	data, err := proto.Marshal(m.proto)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return data, nil
}

// Inputs are what a run must be given: the graph's inputs without those that
// initialisers fill.
func (m *Model) Inputs() []Port {
	filled := initialisers(m.proto.Graph)
	var inputs []Port
	for _, v := range m.proto.Graph.Input {
		if filled[v.GetName()] == nil {
			inputs = append(inputs, port(v))
		}
	}
	return inputs
}

// Outputs are what a run returns.
func (m *Model) Outputs() []Port {
	outputs := make([]Port, 0, len(m.proto.Graph.Output))
	for _, v := range m.proto.Graph.Output {
		outputs = append(outputs, port(v))
	}
	return outputs
}

func port(v *onnxpb.ValueInfoProto) Port {
	t := v.GetType().GetTensorType()
	p := Port{Name: v.GetName(), Float: t.GetElemType() == int32(onnxpb.TensorProto_FLOAT)}
	if t.GetShape() == nil {
		return p
	}
	p.Shape = make([]int64, 0, len(t.Shape.Dim))
	for _, d := range t.Shape.Dim {
		if _, fixed := d.Value.(*onnxpb.TensorShapeProto_Dimension_DimValue); fixed {
			p.Shape = append(p.Shape, d.GetDimValue())
			continue
		}
		p.Shape = append(p.Shape, -1)
	}
	return p
}

func initialisers(g *onnxpb.GraphProto) map[string]*onnxpb.TensorProto {
	byName := make(map[string]*onnxpb.TensorProto, len(g.Initializer))
	for _, t := range g.Initializer {
		byName[t.GetName()] = t
	}
	return byName
}
