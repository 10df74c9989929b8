package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

// Repair mends what exporters get wrong and ONNX Runtime refuses, and rewrites
// what it runs slowly. The model's results stay the same.
func (m *Model) Repair() {
	m.dropFalseInputs()
	m.dropBlockSize()
	m.rewritePRelu()
	m.keepGemmQuantised()
	m.mergeBranches()
}

// dropFalseInputs removes graph inputs that initialisers or nodes fill, and
// those that no node reads. A caller could override the weights among them, so
// ONNX Runtime would not fold these; the others it would ask for.
func (m *Model) dropFalseInputs() {
	g := m.proto.Graph
	filled, read := map[string]bool{}, map[string]bool{}
	for _, t := range g.Initializer {
		filled[t.GetName()] = true
	}
	for _, n := range g.Node {
		for _, name := range n.Output {
			filled[name] = true
		}
		for _, name := range n.Input {
			read[name] = true
		}
	}
	g.Input = slices.DeleteFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool {
		return filled[v.GetName()] || !read[v.GetName()]
	})
}

// dropBlockSize removes the block_size attribute of DequantizeLinear nodes
// whose scale has the shape [1]: the operator allows blocks only with a scale
// of the input's rank, and a single scale means one for the whole tensor.
func (m *Model) dropBlockSize() {
	scales := initialisers(m.proto.Graph)
	for _, n := range m.proto.Graph.Node {
		if n.GetOpType() != "DequantizeLinear" || len(n.Input) < 2 {
			continue
		}
		if scale := scales[n.Input[1]]; scale == nil || !slices.Equal(scale.Dims, []int64{1}) {
			continue
		}
		n.Attribute = slices.DeleteFunc(n.Attribute, func(a *onnxpb.AttributeProto) bool {
			return a.GetName() == "block_size"
		})
	}
}

// FreeSize lets a fully convolutional detector with one picture input
// (1×C×H×W) take any height and width that its strides divide, by making these
// dimensions, and the number of cells of every output, symbolic.
func (m *Model) FreeSize() error {
	inputs := m.Inputs()
	if len(inputs) != 1 || len(inputs[0].Shape) != 4 {
		return fmt.Errorf("%w: free its size: need one input of four dimensions", ErrModel)
	}
	for _, v := range m.proto.Graph.Input {
		if v.GetName() == inputs[0].Name {
			dims := v.Type.GetTensorType().Shape.Dim
			free(dims[2], "height")
			free(dims[3], "width")
		}
	}
	for _, v := range m.proto.Graph.Output {
		dims := v.GetType().GetTensorType().GetShape().GetDim()
		if len(dims) < 2 {
			return fmt.Errorf("%w: free its size: output %q needs at least two dimensions", ErrModel, v.GetName())
		}
		// The last dimension holds a cell's values, the one before it the cells.
		free(dims[len(dims)-2], "cells_"+v.GetName())
	}
	// Shapes that the exporter noted for inner values would contradict.
	m.proto.Graph.ValueInfo = nil
	return nil
}

func free(d *onnxpb.TensorShapeProto_Dimension, name string) {
	d.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: name}
}

// rewritePRelu replaces y = PRelu(x, a) with one slope a channel by depthwise
// 1×1 convolutions, as PRelu(x) = a·x + (1-a)·max(x, 0):
//
//	y = Conv(x, a) + Relu(Conv(x, 1-a))   when no slope is above 1
//	y = Conv(x, a) + Conv(Relu(x), 1-a)   otherwise
//
// ONNX Runtime runs convolutions, with a sum or a Relu in the same pass, in its
// blocked channel layout, which every PRelu would leave and enter again.
func (m *Model) rewritePRelu() {
	g := m.proto.Graph
	slopes := initialisers(g)
	nodes := make([]*onnxpb.NodeProto, 0, len(g.Node))
	for _, n := range g.Node {
		slope, ok := channelSlopes(n, slopes)
		if !ok {
			nodes = append(nodes, n)
			continue
		}
		x, y := n.Input[0], n.Output[0]
		rest := make([]float32, len(slope))
		for i, a := range slope {
			rest[i] = 1 - a
		}
		g.Initializer = append(g.Initializer, depthwise(y+"_slope", slope), depthwise(y+"_rest", rest))
		channels := int64(len(slope))
		if slices.Max(slope) <= 1 {
			nodes = append(nodes,
				depthwiseConv(x, y+"_rest", y+"_scaled", channels),
				node("Relu", []string{y + "_scaled"}, y+"_bent"),
			)
		} else {
			nodes = append(nodes,
				node("Relu", []string{x}, y+"_positive"),
				depthwiseConv(y+"_positive", y+"_rest", y+"_bent", channels),
			)
		}
		nodes = append(nodes,
			depthwiseConv(x, y+"_slope", y+"_straight", channels),
			node("Add", []string{y + "_straight", y + "_bent"}, y),
		)
	}
	g.Node = nodes
}

// channelSlopes are the slopes of a PRelu when they are float32 constants of the
// shape [C,1,1] or [1,C,1,1] with at least two channels.
func channelSlopes(n *onnxpb.NodeProto, constants map[string]*onnxpb.TensorProto) ([]float32, bool) {
	if n.GetOpType() != "PRelu" || len(n.Input) != 2 || len(n.Output) != 1 {
		return nil, false
	}
	t := constants[n.Input[1]]
	if t.GetDataType() != int32(onnxpb.TensorProto_FLOAT) {
		return nil, false
	}
	dims := t.Dims
	if len(dims) == 4 && dims[0] == 1 {
		dims = dims[1:]
	}
	if len(dims) != 3 || dims[0] < 2 || dims[1] != 1 || dims[2] != 1 {
		return nil, false
	}
	values := floats(t)
	return values, int64(len(values)) == dims[0]
}

// floats are a float32 tensor's values, however they are stored.
func floats(t *onnxpb.TensorProto) []float32 {
	if len(t.RawData) == 0 {
		return t.FloatData
	}
	values := make([]float32, len(t.RawData)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.RawData[4*i:]))
	}
	return values
}

func depthwise(name string, values []float32) *onnxpb.TensorProto {
	return floatTensor(name, []int64{int64(len(values)), 1, 1, 1}, values)
}

func depthwiseConv(x, weight, y string, channels int64) *onnxpb.NodeProto {
	return node("Conv", []string{x, weight}, y,
		integer("group", channels),
		&onnxpb.AttributeProto{Name: proto.String("kernel_shape"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{1, 1}},
	)
}
