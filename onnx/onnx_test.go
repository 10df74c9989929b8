package onnx_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/embed/embedtest"
	"oneton/onnx"
	"oneton/onnx/onnxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *onnx.Runtime {
	t.Helper()
	rt, err := onnx.Open(onnx.Config{Library: embedtest.Library(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rt.Close()) })
	return rt
}

func parse(t testing.TB, g *onnxtest.Graph) *onnx.Model {
	t.Helper()
	m, err := onnx.Parse(g.Serialise(t))
	require.NoError(t, err)
	return m
}

func session(t testing.TB, rt *onnx.Runtime, m *onnx.Model) *onnx.Session {
	t.Helper()
	s, err := rt.NewSession(m)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// double is y = 2x for one row of any length.
func double() *onnxtest.Graph {
	g := &onnxtest.Graph{}
	g.Input("x", 1, -1)
	g.Floats("two", []int64{1}, 2)
	g.Node("Mul", []string{"x", "two"}, "y")
	g.Output("y", 1, -1)
	return g
}

func TestOpenReportsLibrary(t *testing.T) {
	text := filepath.Join(t.TempDir(), "lib.so")
	require.NoError(t, os.WriteFile(text, []byte("no library"), 0o600))
	for name, path := range map[string]string{"missing": "/nowhere/lib.so", "no library": text} {
		_, err := onnx.Open(onnx.Config{Library: path})
		require.ErrorIs(t, err, onnx.ErrLibrary, name)
		require.ErrorContains(t, err, path, name)
	}
}

func TestOpenSharesOneLibrary(t *testing.T) {
	first, second := open(t), open(t)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, first.Version())

	_, err := onnx.Open(onnx.Config{Library: "/another/lib.so"})
	require.ErrorIs(t, err, onnx.ErrInUse)

	require.NoError(t, first.Close())
	require.NoError(t, first.Close())
	out, err := session(t, second, parse(t, double())).Run(t.Context(), onnx.Tensor{Shape: []int64{1, 1}, Data: []float32{4}})
	require.NoError(t, err)
	require.Equal(t, []float32{8}, out[0].Data)

	_, err = first.NewSession(parse(t, double()))
	require.ErrorIs(t, err, onnx.ErrClosed)
}

func TestCloseWaitsForSessions(t *testing.T) {
	rt := open(t)
	s := session(t, rt, parse(t, double()))
	require.ErrorIs(t, rt.Close(), onnx.ErrInUse)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := s.Run(t.Context(), onnx.Tensor{Shape: []int64{1, 1}, Data: []float32{4}})
	require.ErrorIs(t, err, onnx.ErrClosed)
}

func TestRunTakesAnyDeclaredShape(t *testing.T) {
	s := session(t, open(t), parse(t, double()))
	require.Equal(t, []onnx.Port{{Name: "x", Shape: []int64{1, -1}, Float: true}}, s.Inputs())
	require.Equal(t, []onnx.Port{{Name: "y", Shape: []int64{1, -1}, Float: true}}, s.Outputs())
	for n := range int64(5) {
		in := onnx.Tensor{Shape: []int64{1, n + 1}, Data: make([]float32, n+1)}
		in.Data[n] = float32(n)
		out, err := s.Run(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, in.Shape, out[0].Shape)
		require.Equal(t, 2*float32(n), out[0].Data[n])
	}
}

func TestRunRefusesTensors(t *testing.T) {
	s := session(t, open(t), parse(t, double()))
	cases := map[string][]onnx.Tensor{
		"none":            nil,
		"two":             {{Shape: []int64{1, 1}, Data: []float32{1}}, {Shape: []int64{1, 1}, Data: []float32{1}}},
		"rank":            {{Shape: []int64{1}, Data: []float32{1}}},
		"fixed dimension": {{Shape: []int64{2, 1}, Data: []float32{1, 2}}},
		"too few values":  {{Shape: []int64{1, 3}, Data: []float32{1, 2}}},
		"negative":        {{Shape: []int64{1, -1}, Data: []float32{1, 2}}},
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := s.Run(t.Context(), in...)
			require.ErrorIs(t, err, onnx.ErrTensor)
		})
	}
}

func TestNewSessionRefusesModels(t *testing.T) {
	rt := open(t)
	unknown, integer, silent := double(), double(), &onnxtest.Graph{}
	unknown.Node("NoSuchOperator", []string{"y"}, "z")
	unknown.Output("z", 1, -1)
	integer.Node("Shape", []string{"x"}, "n")
	integer.IntegerOutput("n", 2)
	silent.Input("x", 1)
	silent.Node("Relu", []string{"x"}, "y")
	for name, g := range map[string]*onnxtest.Graph{"unknown operator": unknown, "integer output": integer, "no output": silent} {
		t.Run(name, func(t *testing.T) {
			_, err := rt.NewSession(parse(t, g))
			require.ErrorIs(t, err, onnx.ErrModel)
		})
	}
}

func TestParseRefusesOtherBytes(t *testing.T) {
	whole := double().Serialise(t)
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("no model"), "half": whole[:len(whole)/2]} {
		_, err := onnx.Parse(data)
		require.ErrorIs(t, err, onnx.ErrModel, name)
	}
}

// slow multiplies matrices long enough to be stopped meanwhile.
func slow() *onnxtest.Graph {
	g := &onnxtest.Graph{}
	g.Input("x", 1024, 1024)
	last := "x"
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"} {
		for range 8 {
			name += "'"
			g.Node("MatMul", []string{last, "x"}, name)
			last = name
		}
	}
	g.Output(last, 1024, 1024)
	return g
}

func TestRunStopsWithContext(t *testing.T) {
	s := session(t, open(t), parse(t, slow()))
	in := onnx.Tensor{Shape: []int64{1024, 1024}, Data: make([]float32, 1024*1024)}

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Run(cancelled, in)
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = s.Run(ctx, in)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestRunIsConcurrent(t *testing.T) {
	s := session(t, open(t), parse(t, double()))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 200 {
				v := float32(1000*i + k)
				out, err := s.Run(t.Context(), onnx.Tensor{Shape: []int64{1, 2}, Data: []float32{v, -v}})
				if err != nil || out[0].Data[0] != 2*v || out[0].Data[1] != -2*v {
					t.Errorf("run %d of %d: %v, %v", k, i, out, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestRepairDropsFalseInputs(t *testing.T) {
	g := &onnxtest.Graph{}
	g.Input("data", 1, 2)
	g.Input("weight", 1, 2)
	g.Input("unused", 3, 3)
	g.Input("inner", 1, 2)
	g.Floats("weight", []int64{1, 2}, 3, 5)
	g.Node("Mul", []string{"data", "weight"}, "inner")
	g.Node("Neg", []string{"inner"}, "y")
	g.Output("y", 1, 2)

	rt := open(t)
	_, err := rt.NewSession(parse(t, g))
	require.ErrorIs(t, err, onnx.ErrModel)

	m := parse(t, g)
	m.Repair()
	s := session(t, rt, m)
	require.Len(t, s.Inputs(), 1)
	out, err := s.Run(t.Context(), onnx.Tensor{Shape: []int64{1, 2}, Data: []float32{1, 1}})
	require.NoError(t, err)
	require.Equal(t, []float32{-3, -5}, out[0].Data)
}

// dequantised adds int8 weights times a scale to the input.
func dequantised(scaleShape []int64, scale ...float32) *onnxtest.Graph {
	g := &onnxtest.Graph{}
	g.Input("x", 2, 4)
	g.Bytes("q", []int64{2, 4}, 1, 2, 3, 4, -1, -2, -3, -4)
	g.Floats("scale", scaleShape, scale...)
	g.Bytes("zero", scaleShape, make([]int8, len(scale))...)
	g.Node("DequantizeLinear", []string{"q", "scale", "zero"}, "w", onnxtest.Int("axis", 1), onnxtest.Int("block_size", 2))
	g.Node("Add", []string{"x", "w"}, "y")
	g.Output("y", 2, 4)
	return g
}

func TestRepairDropsBlockSizeOfSingleScales(t *testing.T) {
	rt := open(t)
	in := onnx.Tensor{Shape: []int64{2, 4}, Data: make([]float32, 8)}

	single := dequantised([]int64{1}, 0.5)
	_, err := session(t, rt, parse(t, single)).Run(t.Context(), in)
	require.ErrorContains(t, err, "block_size")
	m := parse(t, single)
	m.Repair()
	out, err := session(t, rt, m).Run(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []float32{0.5, 1, 1.5, 2, -0.5, -1, -1.5, -2}, out[0].Data)

	m = parse(t, dequantised([]int64{2, 2}, 1, 10, 100, 1000))
	m.Repair()
	out, err = session(t, rt, m).Run(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 30, 40, -100, -200, -3000, -4000}, out[0].Data)
}

// bent is a PRelu of a picture of three channels, the slopes in the shape.
func bent(slopeShape []int64, slopes ...float32) *onnxtest.Graph {
	g := &onnxtest.Graph{}
	g.Input("x", 1, 3, 2, 2)
	g.Floats("slope", slopeShape, slopes...)
	g.Node("PRelu", []string{"x", "slope"}, "y")
	g.Output("y", 1, 3, 2, 2)
	return g
}

func TestRepairKeepsResultsOfPRelu(t *testing.T) {
	rt := open(t)
	in := onnx.Tensor{Shape: []int64{1, 3, 2, 2}, Data: []float32{-4, -0.5, 0, 3, -8, -0.25, 1, 100, -1e4, -1, 1, 1e4}}
	cases := map[string]*onnxtest.Graph{
		"one a channel":              bent([]int64{3, 1, 1}, 0.25, -0.8, 0.96),
		"one above 1":                bent([]int64{3, 1, 1}, 0.25, -0.8, 1.12),
		"one a channel, with batch":  bent([]int64{1, 3, 1, 1}, 0.25, -0.8, 1.12),
		"one for all":                bent([]int64{1, 1, 1}, 0.25),
		"one a pixel":                bent([]int64{3, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		"zero slopes and identities": bent([]int64{3, 1, 1}, 0, 1, -1),
	}
	for name, g := range cases {
		t.Run(name, func(t *testing.T) {
			want, err := session(t, rt, parse(t, g)).Run(t.Context(), in)
			require.NoError(t, err)
			m := parse(t, g)
			m.Repair()
			got, err := session(t, rt, m).Run(t.Context(), in)
			require.NoError(t, err)
			for i, w := range want[0].Data {
				require.InDelta(t, w, got[0].Data[i], 1e-6*math.Abs(float64(w)))
			}
		})
	}
}

// heads computes branches of one, four and ten channels of a picture of two.
// With shared set, the first branch's middle is read once more; with wider set,
// the last branch reads further around.
func heads(shared, wider bool) *onnxtest.Graph {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := func(n int64) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = rng.Float32() - 0.5
		}
		return values
	}
	g := &onnxtest.Graph{}
	g.Input("x", 1, 2, 5, 7)
	for _, c := range []int64{1, 4, 10} {
		n := func(name string) string { return fmt.Sprint(name, c) }
		g.Floats(n("w"), []int64{c, 2, 1, 1}, noise(2*c)...)
		g.Floats(n("b"), []int64{c}, noise(c)...)
		pad := int64(1)
		if wider && c == 10 {
			pad = 2
		}
		g.Floats(n("dw"), []int64{c, 1, 3, 3}, noise(9*c)...)
		g.Floats(n("db"), []int64{c}, noise(c)...)
		g.Node("Conv", []string{"x", n("w"), n("b")}, n("points"), onnxtest.Ints("kernel_shape", 1, 1))
		g.Node("Conv", []string{n("points"), n("dw"), n("db")}, n("y"),
			onnxtest.Int("group", c), onnxtest.Ints("kernel_shape", 3, 3), onnxtest.Ints("pads", pad, pad, pad, pad))
		g.Output(n("y"), 1, c, 3+2*pad, 5+2*pad)
	}
	if shared {
		g.Node("Neg", []string{"points1"}, "minus")
		g.Output("minus", 1, 1, 5, 7)
	}
	return g
}

func TestRepairKeepsResultsOfBranches(t *testing.T) {
	rt := open(t)
	in := onnx.Tensor{Shape: []int64{1, 2, 5, 7}, Data: make([]float32, 70)}
	for i := range in.Data {
		in.Data[i] = float32(math.Cos(float64(i)))
	}
	for name, g := range map[string]*onnxtest.Graph{
		"all alike": heads(false, false), "one read twice": heads(true, false), "one of another size": heads(false, true),
	} {
		t.Run(name, func(t *testing.T) {
			want, err := session(t, rt, parse(t, g)).Run(t.Context(), in)
			require.NoError(t, err)
			m := parse(t, g)
			m.Repair()
			got, err := session(t, rt, m).Run(t.Context(), in)
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i].Shape, got[i].Shape)
				require.InDeltaSlice(t, want[i].Data, got[i].Data, 1e-5)
			}
		})
	}
}

// lastLayer multiplies a vector by weights in int8 blocks.
func lastLayer(block int64) (g *onnxtest.Graph, columns int) {
	const rows, length = 3, 64
	rng := rand.New(rand.NewPCG(1, 2))
	blocks := length / block
	values, zeros := make([]int8, rows*length), make([]int8, rows*blocks)
	scales, bias := make([]float32, rows*blocks), make([]float32, rows)
	for i := range values {
		values[i] = int8(rng.IntN(256) - 128)
	}
	for i := range scales {
		scales[i], zeros[i] = rng.Float32()+0.1, int8(rng.IntN(20)-10)
	}
	for i := range bias {
		bias[i] = 100 * rng.Float32()
	}
	g = &onnxtest.Graph{}
	g.Input("x", 1, length)
	g.Bytes("q", []int64{rows, length}, values...)
	g.Floats("scale", []int64{rows, blocks}, scales...)
	g.Bytes("zero", []int64{rows, blocks}, zeros...)
	g.Floats("bias", []int64{rows}, bias...)
	g.Node("DequantizeLinear", []string{"q", "scale", "zero"}, "w", onnxtest.Int("axis", 1), onnxtest.Int("block_size", block))
	g.Node("Gemm", []string{"x", "w", "bias"}, "y", onnxtest.Int("transB", 1))
	g.Output("y", 1, rows)
	return g, length
}

func TestRepairKeepsResultsOfQuantisedGemm(t *testing.T) {
	const rounding = 1.0 / 127
	rt := open(t)
	for _, block := range []int64{8, 16, 32, 64} {
		t.Run(fmt.Sprint("blocks of ", block), func(t *testing.T) {
			g, n := lastLayer(block)
			in := onnx.Tensor{Shape: []int64{1, int64(n)}, Data: make([]float32, n)}
			for i := range in.Data {
				in.Data[i] = float32(math.Sin(float64(i)))
			}
			want, err := session(t, rt, parse(t, g)).Run(t.Context(), in)
			require.NoError(t, err)
			m := parse(t, g)
			m.Repair()
			got, err := session(t, rt, m).Run(t.Context(), in)
			require.NoError(t, err)
			for i, w := range want[0].Data {
				require.InDelta(t, w, got[0].Data[i], rounding*math.Abs(float64(w))+1)
			}
		})
	}
}

func TestFreeSizeTakesAnySize(t *testing.T) {
	g := &onnxtest.Graph{}
	g.Input("x", 1, 1, 8, 8)
	g.Node("AveragePool", []string{"x"}, "cells", onnxtest.Ints("kernel_shape", 4, 4), onnxtest.Ints("strides", 4, 4))
	g.Integers("shape", []int64{3}, 1, -1, 1)
	g.Node("Reshape", []string{"cells", "shape"}, "y")
	g.Output("y", 1, 4, 1)

	m := parse(t, g)
	require.NoError(t, m.FreeSize())
	s := session(t, open(t), m)
	require.Equal(t, []int64{1, 1, -1, -1}, s.Inputs()[0].Shape)
	for _, size := range [][2]int64{{8, 8}, {4, 12}, {16, 4}} {
		in := onnx.Tensor{Shape: []int64{1, 1, size[0], size[1]}, Data: make([]float32, size[0]*size[1])}
		out, err := s.Run(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, []int64{1, size[0] * size[1] / 16, 1}, out[0].Shape)
	}
	require.ErrorIs(t, parse(t, double()).FreeSize(), onnx.ErrModel)
}

func FuzzParse(f *testing.F) {
	f.Add(double().Serialise(f))
	f.Add(dequantised([]int64{1}, 0.5).Serialise(f))
	f.Add(bent([]int64{3, 1, 1}, 0.25, -0.8, 1.12).Serialise(f))
	f.Add(heads(true, true).Serialise(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, onnx.ErrModel)
			return
		}
		m.Repair()
		_ = m.FreeSize()
		m.Inputs()
		m.Outputs()
		_, err = m.Bytes()
		require.NoError(t, err)
	})
}
