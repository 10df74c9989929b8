package onnx

import (
	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

func node(op string, inputs []string, output string, attributes ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{
		OpType:    proto.String(op),
		Input:     inputs,
		Output:    []string{output},
		Attribute: attributes,
	}
}

func integer(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(v)}
}

// attribute is a node's integer attribute, or what it is when not given.
func attribute(n *onnxpb.NodeProto, name string, otherwise int64) int64 {
	for _, a := range n.Attribute {
		if a.GetName() == name {
			return a.GetI()
		}
	}
	return otherwise
}

func floatTensor(name string, shape []int64, values []float32) *onnxpb.TensorProto {
	t := tensor(name, onnxpb.TensorProto_FLOAT, shape)
	t.FloatData = values
	return t
}

func integersTensor(name string, values []int64) *onnxpb.TensorProto {
	t := tensor(name, onnxpb.TensorProto_INT64, []int64{int64(len(values))})
	t.Int64Data = values
	return t
}

func bytesTensor(name string, shape []int64, values []byte) *onnxpb.TensorProto {
	t := tensor(name, onnxpb.TensorProto_UINT8, shape)
	t.RawData = values
	return t
}

func tensor(name string, element onnxpb.TensorProto_DataType, shape []int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(element)), Dims: shape}
}
