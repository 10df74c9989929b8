package onnx_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/onnx"
	"oneton/onnx/onnxtest"
)

// scaled convolves a picture of three channels as networks do that learn a scale and a
// shift of each convolution's result, and of what they bend it to. Twice lets somebody
// else take the first result, too.
func scaled(twice bool, shape []int64, values ...float32) *onnxtest.Graph {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := func(n int) []float32 {
		all := make([]float32, n)
		for i := range all {
			all[i] = rng.Float32() - 0.5
		}
		return all
	}
	g := &onnxtest.Graph{}
	g.Input("x", 1, 2, 5, 3)
	g.Floats("w1", []int64{3, 2, 3, 3}, noise(54)...)
	g.Floats("w2", []int64{2, 3, 1, 1}, noise(6)...)
	g.Floats("b2", []int64{2}, noise(2)...)
	g.Floats("bias", []int64{1, 3, 1, 1}, noise(3)...)
	g.Floats("scale", []int64{1}, 1.75)
	g.Floats("shift", []int64{1}, -0.25)
	g.Floats("other", shape, values...)
	g.Node("Identity", []string{"w1"}, "w1_same")
	g.Node("Identity", []string{"w1_same"}, "w1_again")
	g.Node("Conv", []string{"x", "w1_again"}, "c", onnxtest.Ints("kernel_shape", 3, 3), onnxtest.Ints("pads", 1, 1, 1, 1))
	g.Node("Add", []string{"c", "bias"}, "c_biased")
	g.Node("Mul", []string{"scale", "c_biased"}, "c_scaled")
	g.Node("Add", []string{"c_scaled", "shift"}, "c_shifted")
	g.Node("HardSigmoid", []string{"c_shifted"}, "gate")
	g.Node("Mul", []string{"c_shifted", "gate"}, "bent")
	g.Node("Mul", []string{"bent", "scale"}, "bent_scaled")
	g.Node("Add", []string{"bent_scaled", "other"}, "bent_shifted")
	g.Node("Identity", []string{"bent_shifted"}, "bent_same")
	g.Node("Conv", []string{"bent_same", "w2", "b2"}, "d", onnxtest.Ints("kernel_shape", 1, 1))
	g.Node("Mul", []string{"d", "scale"}, "y")
	g.Output("y", 1, 2, 5, 3)
	if twice {
		g.Output("c", 1, 3, 5, 3)
		g.Node("Neg", []string{"c_scaled"}, "minus")
		g.Output("minus", 1, 3, 5, 3)
	}
	return g
}

func TestFoldScalesKeepsResults(t *testing.T) {
	rt := open(t)
	in := onnx.Tensor{Shape: []int64{1, 2, 5, 3}, Data: make([]float32, 30)}
	for i := range in.Data {
		in.Data[i] = float32(i%7) - 3
	}
	for name, c := range map[string]struct {
		graph *onnxtest.Graph
		left  map[string]int
	}{
		// A product is left that has no constant: the gate's.
		"one a channel":             {scaled(false, []int64{3, 1, 1}, 1, -2, 3), map[string]int{"Conv": 3, "HardSigmoid": 1, "Mul": 1}},
		"one a channel, with batch": {scaled(false, []int64{1, 3, 1, 1}, 1, -2, 3), map[string]int{"Conv": 3, "HardSigmoid": 1, "Mul": 1}},
		"one for all":               {scaled(false, nil, 0.5), map[string]int{"Conv": 3, "HardSigmoid": 1, "Mul": 1}},
		// Columns are no channels, though there are as many.
		"one a column": {scaled(false, []int64{3}, 1, -2, 3), map[string]int{"Conv": 3, "HardSigmoid": 1, "Mul": 1, "Add": 1}},
		// Whoever takes a result before it is scaled gets it so.
		"taken twice": {scaled(true, []int64{3, 1, 1}, 1, -2, 3), map[string]int{"Conv": 5, "HardSigmoid": 1, "Mul": 1, "Neg": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := session(t, rt, parse(t, c.graph)).Run(t.Context(), in)
			require.NoError(t, err)
			m := parse(t, c.graph)
			m.FoldScales()
			require.Equal(t, c.left, m.Operators())
			got, err := session(t, rt, m).Run(t.Context(), in)
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for k := range want {
				for i, w := range want[k].Data {
					require.InDelta(t, w, got[k].Data[i], 1e-5*max(1, math.Abs(float64(w))))
				}
			}
		})
	}
}
