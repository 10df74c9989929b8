package onnx

import (
	"slices"

	"oneton/onnx/internal/onnxpb"
)

// FoldScales folds products and sums with a constant for each channel, or one for all,
// into the convolution whose result they alone take, and makes the others convolutions
// of one pixel, so that ONNX Runtime keeps to its blocked channel layout. The results
// stay the same but for the rounding of weights.
func (m *Model) FoldScales() {
	m.dropFalseInputs()
	m.dropIdentities()
	g := m.proto.Graph
	f := folding{constants: initialisers(g), readers: map[string]int{}, convolutions: map[string]*convolution{}, channels: map[string]int64{}}
	for _, n := range g.Node {
		for _, name := range n.Input {
			f.readers[name]++
		}
	}
	for _, v := range g.Output {
		f.readers[v.GetName()]++
	}
	nodes := make([]*onnxpb.NodeProto, 0, len(g.Node))
	for _, n := range g.Node {
		x, values, ok := f.perChannel(n)
		if !ok {
			f.learn(n)
			nodes = append(nodes, n)
			continue
		}
		c := f.convolutions[x]
		if c == nil || f.readers[x] != 1 {
			c = identityOf(x, int64(len(values)))
			f.all, nodes = append(f.all, c), append(nodes, c.node)
		}
		c.then(n.GetOpType(), values)
		c.node.Output[0] = n.Output[0]
		f.convolutions[n.Output[0]], f.channels[n.Output[0]] = c, int64(len(values))
	}
	g.Node = nodes
	for _, c := range f.all {
		g.Initializer = append(g.Initializer, c.tensors()...)
	}
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t *onnxpb.TensorProto) bool {
		return !slices.ContainsFunc(g.Node, func(n *onnxpb.NodeProto) bool { return slices.Contains(n.Input, t.GetName()) })
	})
}

// dropIdentities lets nodes read what Identity nodes repeat.
func (m *Model) dropIdentities() {
	g := m.proto.Graph
	outputs := map[string]bool{}
	for _, v := range g.Output {
		outputs[v.GetName()] = true
	}
	same := map[string]string{}
	g.Node = slices.DeleteFunc(g.Node, func(n *onnxpb.NodeProto) bool {
		if n.GetOpType() != "Identity" || outputs[n.Output[0]] {
			return false
		}
		same[n.Output[0]] = n.Input[0]
		return true
	})
	for _, n := range g.Node {
		for i, name := range n.Input {
			for same[name] != "" {
				name = same[name]
			}
			n.Input[i] = name
		}
	}
}

// folding is what is known of a graph while it is walked.
type folding struct {
	constants map[string]*onnxpb.TensorProto
	// readers are how many take a value.
	readers map[string]int
	// convolutions are those that make a value, and channels how many a value has that
	// is a picture.
	convolutions map[string]*convolution
	channels     map[string]int64
	all          []*convolution
}

// learn notes what a node makes of pictures.
func (f *folding) learn(n *onnxpb.NodeProto) {
	switch n.GetOpType() {
	case "Conv":
		if c, ok := convolutionOf(n, f.constants); ok {
			f.convolutions[n.Output[0]], f.channels[n.Output[0]] = c, c.shape[0]
			f.all = append(f.all, c)
		}
	case "HardSigmoid", "Relu", "Sigmoid":
		f.channels[n.Output[0]] = f.channels[n.Input[0]]
	case "Add", "Mul":
		if c := f.channels[n.Input[0]]; c == f.channels[n.Input[1]] {
			f.channels[n.Output[0]] = c
		}
	}
}

// perChannel are the picture that a sum or product takes, and its constant, one value
// for each channel.
func (f *folding) perChannel(n *onnxpb.NodeProto) (x string, values []float32, ok bool) {
	if op := n.GetOpType(); op != "Add" && op != "Mul" {
		return "", nil, false
	}
	for i, x := range n.Input {
		t, channels := f.constants[n.Input[1-i]], f.channels[x]
		if channels == 0 || t.GetDataType() != int32(onnxpb.TensorProto_FLOAT) || len(t.Dims) > 4 {
			continue
		}
		values := floats(t)
		if len(values) == 1 {
			return x, slices.Repeat(values, int(channels)), true
		}
		dims := t.Dims
		if len(dims) == 4 && dims[0] == 1 {
			dims = dims[1:]
		}
		if slices.Equal(dims, []int64{channels, 1, 1}) && int64(len(values)) == channels {
			return x, values, true
		}
	}
	return "", nil, false
}

// convolution is one of a picture, with constant weights.
type convolution struct {
	node         *onnxpb.NodeProto
	shape        []int64
	weight, bias []float32
	// changed says that the weights are not the graph's any more.
	changed bool
}

func convolutionOf(n *onnxpb.NodeProto, constants map[string]*onnxpb.TensorProto) (*convolution, bool) {
	t := constants[n.Input[1]]
	if t.GetDataType() != int32(onnxpb.TensorProto_FLOAT) || len(t.Dims) != 4 {
		return nil, false
	}
	c := &convolution{node: n, shape: t.Dims, weight: slices.Clone(floats(t)), bias: make([]float32, t.Dims[0])}
	if len(n.Input) > 2 && n.Input[2] != "" {
		bias := constants[n.Input[2]]
		if bias.GetDataType() != int32(onnxpb.TensorProto_FLOAT) {
			return nil, false
		}
		c.bias = slices.Clone(floats(bias))
	}
	return c, int64(len(c.bias)) == c.shape[0] && len(c.weight)%len(c.bias) == 0
}

// identityOf is a convolution that changes nothing of a picture.
func identityOf(x string, channels int64) *convolution {
	return &convolution{
		node: depthwiseConv(x, "", "", channels), shape: []int64{channels, 1, 1, 1},
		weight: slices.Repeat([]float32{1}, int(channels)), bias: make([]float32, channels),
	}
}

// then adds a sum or a product with a constant for each channel.
func (c *convolution) then(op string, values []float32) {
	c.changed = true
	if op == "Add" {
		for i, v := range values {
			c.bias[i] += v
		}
		return
	}
	of := len(c.weight) / len(values)
	for i, v := range values {
		c.bias[i] *= v
		for k := range of {
			c.weight[i*of+k] *= v
		}
	}
}

// tensors are the weights, where they were changed, under the names that the node is
// given for them.
func (c *convolution) tensors() []*onnxpb.TensorProto {
	if !c.changed {
		return nil
	}
	weight, bias := c.node.Output[0]+"_weight", c.node.Output[0]+"_bias"
	c.node.Input = []string{c.node.Input[0], weight, bias}
	return []*onnxpb.TensorProto{floatTensor(weight, c.shape, c.weight), floatTensor(bias, c.shape[:1], c.bias)}
}
