package onnx

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"oneton/onnx/internal/onnxpb"
)

// branch is a 1×1 convolution and the depthwise convolution that alone reads
// it.
type branch struct {
	point, depth *onnxpb.NodeProto
	channels     int64
}

// mergeBranches joins branches that read the same value, and differ only in
// their channels, into one and splits its result. A detector's heads for
// scores, boxes and points compute one to ten channels each, and ONNX Runtime
// computes sixteen at the price of one.
func (m *Model) mergeBranches() {
	groups := m.branches()
	merged := map[*onnxpb.NodeProto]bool{}
	var nodes []*onnxpb.NodeProto
	for _, group := range groups {
		if len(group) < 2 {
			continue
		}
		for _, b := range group {
			merged[b.point], merged[b.depth] = true, true
		}
		nodes = append(nodes, m.merge(group)...)
	}
	g := m.proto.Graph
	g.Node = slices.DeleteFunc(g.Node, func(n *onnxpb.NodeProto) bool { return merged[n] })
	// ONNX Runtime orders the nodes.
	g.Node = append(g.Node, nodes...)
}

// branches are the graph's branches, those together that can be merged.
func (m *Model) branches() [][]branch {
	g := m.proto.Graph
	constants := initialisers(g)
	readers := map[string][]*onnxpb.NodeProto{}
	for _, n := range g.Node {
		for _, name := range n.Input {
			readers[name] = append(readers[name], n)
		}
	}
	for _, v := range g.Output {
		readers[v.GetName()] = append(readers[v.GetName()], nil)
	}
	var groups [][]branch
	for _, n := range g.Node {
		b, ok := asBranch(n, readers, constants)
		if !ok {
			continue
		}
		i := slices.IndexFunc(groups, func(group []branch) bool { return b.alike(group[0]) })
		if i < 0 {
			groups = append(groups, []branch{b})
			continue
		}
		groups[i] = append(groups[i], b)
	}
	return groups
}

// alike says that two branches differ in their channels alone.
func (b branch) alike(o branch) bool {
	equal := func(x, y *onnxpb.AttributeProto) bool { return proto.Equal(x, y) }
	return b.point.Input[0] == o.point.Input[0] &&
		slices.EqualFunc(b.point.Attribute, o.point.Attribute, equal) &&
		slices.EqualFunc(withoutGroup(b.depth), withoutGroup(o.depth), equal)
}

func asBranch(point *onnxpb.NodeProto, readers map[string][]*onnxpb.NodeProto, constants map[string]*onnxpb.TensorProto) (branch, bool) {
	if point.GetOpType() != "Conv" || len(point.Input) != 3 || len(point.Output) != 1 || attribute(point, "group", 1) != 1 {
		return branch{}, false
	}
	next := readers[point.Output[0]]
	if len(next) != 1 || next[0].GetOpType() != "Conv" || len(next[0].Input) != 3 || len(next[0].Output) != 1 ||
		next[0].Input[0] != point.Output[0] {
		return branch{}, false
	}
	bias := constants[point.Input[2]]
	if len(bias.GetDims()) != 1 {
		return branch{}, false
	}
	b := branch{point: point, depth: next[0], channels: bias.Dims[0]}
	ok := attribute(b.depth, "group", 1) == b.channels &&
		slices.Equal(constants[b.depth.Input[2]].GetDims(), bias.Dims)
	return b, ok
}

// merge is the one branch that computes what all of the group do.
func (m *Model) merge(group []branch) []*onnxpb.NodeProto {
	var sizes []int64
	var outputs []string
	var parameters [4][]string
	channels := int64(0)
	for _, b := range group {
		sizes = append(sizes, b.channels)
		channels += b.channels
		outputs = append(outputs, b.depth.Output[0])
		for i, name := range []string{b.point.Input[1], b.point.Input[2], b.depth.Input[1], b.depth.Input[2]} {
			parameters[i] = append(parameters[i], name)
		}
	}
	y := outputs[0] + "_merged"
	var nodes []*onnxpb.NodeProto
	var names [4]string
	for i := range names {
		names[i] = fmt.Sprint(y, "_parameter", i)
		nodes = append(nodes, node("Concat", parameters[i], names[i], integer("axis", 0)))
	}
	first := group[0]
	m.proto.Graph.Initializer = append(m.proto.Graph.Initializer, integersTensor(y+"_sizes", sizes))
	split := node("Split", []string{y, y + "_sizes"}, "", integer("axis", 1))
	split.Output = outputs
	return append(nodes,
		node("Conv", []string{first.point.Input[0], names[0], names[1]}, y+"_points", first.point.Attribute...),
		node("Conv", []string{y + "_points", names[2], names[3]}, y, append(withoutGroup(first.depth), integer("group", channels))...),
		split,
	)
}

func withoutGroup(n *onnxpb.NodeProto) []*onnxpb.AttributeProto {
	var attributes []*onnxpb.AttributeProto
	for _, a := range n.Attribute {
		if a.GetName() != "group" {
			attributes = append(attributes, a)
		}
	}
	return attributes
}
