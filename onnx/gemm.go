package onnx

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

// contribDomain is the domain of ONNX Runtime's own operators.
const contribDomain = "com.microsoft"

// keepGemmQuantised replaces a Gemm whose weights are dequantised from int8
// blocks by MatMulNBits, which takes the blocks as they are. A recogniser's
// last layer multiplies one vector, so that reading its weights is what takes
// the time, and int8 weights are a quarter as long. The vector is rounded to
// eight bits a block, too; that turns SFace's templates by a cosine of 0.999998
// or more.
func (m *Model) keepGemmQuantised() {
	g := m.proto.Graph
	constants := initialisers(g)
	dequantised := map[string]*onnxpb.NodeProto{}
	for _, n := range g.Node {
		if n.GetOpType() == "DequantizeLinear" && len(n.Output) == 1 {
			dequantised[n.Output[0]] = n
		}
	}
	nodes := make([]*onnxpb.NodeProto, 0, len(g.Node)+1)
	for _, n := range g.Node {
		w, ok := gemmBlocks(n, dequantised, constants)
		if !ok {
			nodes = append(nodes, n)
			continue
		}
		y := n.Output[0]
		g.Initializer = append(g.Initializer, w.tensors(y)...)
		product := node("MatMulNBits", []string{n.Input[0], y + "_blocks", y + "_scales", y + "_zeros"}, y+"_product",
			integer("K", w.columns), integer("N", w.rows), integer("bits", 8), integer("block_size", w.block),
			// The activations may be rounded to int8.
			integer("accuracy_level", 4),
		)
		product.Domain = proto.String(contribDomain)
		nodes = append(nodes, product, node("Add", []string{y + "_product", n.Input[2]}, y))
	}
	if len(nodes) > len(g.Node) {
		m.proto.OpsetImport = append(m.proto.OpsetImport, &onnxpb.OperatorSetIdProto{
			Domain: proto.String(contribDomain), Version: proto.Int64(1),
		})
	}
	g.Node = nodes
}

// int8Blocks is a matrix in blocks along its rows, each block with a scale and
// a zero point.
type int8Blocks struct {
	rows, columns, block int64
	values, zeros        []byte
	scales               []float32
}

// gemmBlocks are the weights of a Gemm y = x·wᵀ + c when they are such a matrix.
func gemmBlocks(n *onnxpb.NodeProto, dequantised map[string]*onnxpb.NodeProto, constants map[string]*onnxpb.TensorProto) (int8Blocks, bool) {
	const least = 16
	if n.GetOpType() != "Gemm" || len(n.Input) != 3 || len(n.Output) != 1 || !plainTransposed(n) {
		return int8Blocks{}, false
	}
	d := dequantised[n.Input[1]]
	if d == nil || len(d.Input) != 3 {
		return int8Blocks{}, false
	}
	q, scale, zero := constants[d.Input[0]], constants[d.Input[1]], constants[d.Input[2]]
	if q == nil || scale == nil || zero == nil || len(q.Dims) != 2 {
		return int8Blocks{}, false
	}
	w := int8Blocks{
		rows: q.Dims[0], columns: q.Dims[1], block: attribute(d, "block_size", 0),
		values: q.RawData, zeros: zero.RawData, scales: floats(scale),
	}
	if w.block < least || w.block&(w.block-1) != 0 || w.columns%w.block != 0 || attribute(d, "axis", 1) != 1 {
		return int8Blocks{}, false
	}
	blocks := []int64{w.rows, w.columns / w.block}
	ok := q.GetDataType() == int32(onnxpb.TensorProto_INT8) && zero.GetDataType() == int32(onnxpb.TensorProto_INT8) &&
		scale.GetDataType() == int32(onnxpb.TensorProto_FLOAT) &&
		slices.Equal(scale.Dims, blocks) && slices.Equal(zero.Dims, blocks) &&
		int64(len(w.values)) == w.rows*w.columns && int64(len(w.scales)) == blocks[0]*blocks[1] &&
		len(w.zeros) == len(w.scales)
	return w, ok
}

// plainTransposed says that a Gemm multiplies by the transposed weights, and
// with no factors.
func plainTransposed(n *onnxpb.NodeProto) bool {
	for _, a := range n.Attribute {
		if (a.GetName() == "alpha" || a.GetName() == "beta") && a.GetF() != 1 {
			return false
		}
	}
	return attribute(n, "transA", 0) == 0 && attribute(n, "transB", 0) == 1
}

// tensors are the constants that MatMulNBits takes, which counts from 0 to 255
// instead of from -128 to 127.
func (w int8Blocks) tensors(name string) []*onnxpb.TensorProto {
	blocks := w.columns / w.block
	unsigned := func(signed []byte) []byte {
		out := make([]byte, len(signed))
		for i, v := range signed {
			out[i] = v ^ 0x80
		}
		return out
	}
	return []*onnxpb.TensorProto{
		bytesTensor(name+"_blocks", []int64{w.rows, blocks, w.block}, unsigned(w.values)),
		floatTensor(name+"_scales", []int64{w.rows * blocks}, w.scales),
		bytesTensor(name+"_zeros", []int64{w.rows * blocks}, unsigned(w.zeros)),
	}
}
