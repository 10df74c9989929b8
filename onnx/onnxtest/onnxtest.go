// Package onnxtest builds small ONNX models for tests.
package onnxtest

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

// opset is the version of the operators that models use.
const opset = 21

// Graph is a model under construction.
type Graph struct {
	graph onnxpb.GraphProto
}

// Input adds a float32 input; a dimension of -1 is symbolic.
func (g *Graph) Input(name string, shape ...int64) {
	g.graph.Input = append(g.graph.Input, value(name, onnxpb.TensorProto_FLOAT, shape))
}

// Output adds a float32 output.
func (g *Graph) Output(name string, shape ...int64) {
	g.graph.Output = append(g.graph.Output, value(name, onnxpb.TensorProto_FLOAT, shape))
}

// IntegerOutput adds an int64 output.
func (g *Graph) IntegerOutput(name string, shape ...int64) {
	g.graph.Output = append(g.graph.Output, value(name, onnxpb.TensorProto_INT64, shape))
}

func value(name string, element onnxpb.TensorProto_DataType, shape []int64) *onnxpb.ValueInfoProto {
	dims := make([]*onnxpb.TensorShapeProto_Dimension, len(shape))
	for i, n := range shape {
		dims[i] = &onnxpb.TensorShapeProto_Dimension{}
		if n >= 0 {
			dims[i].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: n}
		} else {
			dims[i].Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: name + string(rune('a'+i))}
		}
	}
	return &onnxpb.ValueInfoProto{
		Name: proto.String(name),
		Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{
			ElemType: proto.Int32(int32(element)),
			Shape:    &onnxpb.TensorShapeProto{Dim: dims},
		}}},
	}
}

// Floats adds a constant.
func (g *Graph) Floats(name string, shape []int64, values ...float32) {
	g.constant(name, onnxpb.TensorProto_FLOAT, shape).FloatData = values
}

// Integers adds an int64 constant.
func (g *Graph) Integers(name string, shape []int64, values ...int64) {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.constant(name, onnxpb.TensorProto_INT64, shape).RawData = raw
}

// Bytes adds an int8 constant.
func (g *Graph) Bytes(name string, shape []int64, values ...int8) {
	raw := make([]byte, len(values))
	for i, v := range values {
		raw[i] = byte(v)
	}
	g.constant(name, onnxpb.TensorProto_INT8, shape).RawData = raw
}

func (g *Graph) constant(name string, element onnxpb.TensorProto_DataType, shape []int64) *onnxpb.TensorProto {
	t := &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(element)), Dims: shape}
	g.graph.Initializer = append(g.graph.Initializer, t)
	return t
}

// Attribute is an attribute of a node.
type Attribute = *onnxpb.AttributeProto

// Int is an attribute of one integer.
func Int(name string, v int64) Attribute {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(v)}
}

// Ints is an attribute of a list of integers.
func Ints(name string, v ...int64) Attribute {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: v}
}

// Node adds an operation with one output.
func (g *Graph) Node(op string, inputs []string, output string, attributes ...Attribute) {
	g.graph.Node = append(g.graph.Node, &onnxpb.NodeProto{
		OpType: proto.String(op), Input: inputs, Output: []string{output}, Attribute: attributes,
	})
}

// Serialise is the model's file.
func (g *Graph) Serialise(t testing.TB) []byte {
	t.Helper()
	const irVersion = 10
	g.graph.Name = proto.String("test")
	data, err := proto.Marshal(&onnxpb.ModelProto{
		IrVersion:   proto.Int64(irVersion),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: proto.Int64(opset)}},
		Graph:       &g.graph,
	})
	require.NoError(t, err)
	return data
}
