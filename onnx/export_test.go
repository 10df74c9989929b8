package onnx

// Operators are how many nodes of each a model has.
func (m *Model) Operators() map[string]int {
	all := map[string]int{}
	for _, n := range m.proto.Graph.Node {
		all[n.GetOpType()]++
	}
	return all
}
