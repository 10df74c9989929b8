package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/search/internal/kernel"
)

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}

func random(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return unit(v)
}

// saturated has only the largest codes.
func saturated(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(1 - 2*r.IntN(2)*r.IntN(2))
	}
	return unit(v)
}

func exact(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func fill(dimension int, rows [][]float32) []byte {
	n := (len(rows) + kernel.BlockRows - 1) / kernel.BlockRows
	size := kernel.BlockBytes(dimension)
	blocks := make([]byte, (n+n%kernel.Step)*size)
	for i, v := range rows {
		kernel.Put(blocks[i/kernel.BlockRows*size:][:size], i%kernel.BlockRows, v)
	}
	return blocks
}

// pair is a row and a probe.
type pair struct{ row, probe int }

// scan returns the integer dot products of the pairs that the kernel reports.
func scan(k *kernel.Kernel, dimension int, blocks []byte, masks []uint32, probes [][]float32, thresholds []float64) map[pair]int32 {
	found := map[pair]int32{}
	quantised := make([]kernel.Probe, len(probes))
	for i := range probes {
		quantised[i].Quantise(probes[i])
	}
	var tile kernel.Tile
	for first := 0; first < len(probes); {
		n := min(k.Width(len(probes)-first), len(probes)-first)
		var some []*kernel.Probe
		for i := range n {
			some = append(some, &quantised[first+i])
		}
		tile.Fill(k, some)
		for i := range n {
			tile.SetThreshold(i, thresholds[first+i])
		}
		hits := make([]kernel.Hit, len(masks)*k.Width(n))
		for _, h := range tile.Scan(blocks, masks, hits) {
			for r := range kernel.BlockRows {
				if h.Mask>>r&1 == 1 {
					found[pair{int(h.Block)*kernel.BlockRows + r, first + int(h.Probe)}] = h.Dots[r]
				}
			}
		}
		first += n
	}
	return found
}

// TestKernelsReportEveryRowThatMayPass checks each kernel against the codes
// read back from the block, one product at a time.
func TestKernelsReportEveryRowThatMayPass(t *testing.T) {
	for _, k := range kernel.Available() {
		t.Run(k.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				dimension := rapid.OneOf(rapid.IntRange(1, 70), rapid.SampledFrom([]int{128, 129, 320, 511, 512, 1023, 1024})).Draw(t, "dimension")
				n := rapid.IntRange(1, 100).Draw(t, "rows")
				draw := rapid.SampledFrom([]func(*rand.Rand, int) []float32{random, saturated}).Draw(t, "draw")
				rows := make([][]float32, n)
				for i := range rows {
					rows[i] = draw(r, dimension)
				}
				probes := make([][]float32, rapid.IntRange(1, 19).Draw(t, "probes"))
				thresholds := make([]float64, len(probes))
				for i := range probes {
					probes[i] = draw(r, dimension)
					thresholds[i] = rapid.SampledFrom([]float64{math.Inf(-1), math.Inf(1), -1, 0, 0.1, exact(rows[0], probes[i])}).Draw(t, "threshold")
				}
				blocks := fill(dimension, rows)
				size := kernel.BlockBytes(dimension)
				masks := make([]uint32, len(blocks)/size)
				live := make([]bool, n)
				for i := range masks {
					masks[i] = uint32(r.IntN(2)) * kernel.Visit
				}
				sparse := rapid.SampledFrom([]int{2, 4, 40}).Draw(t, "sparse")
				for i := range rows {
					if live[i] = (r.IntN(sparse) > 0) == (sparse < 40); live[i] {
						masks[i/16] |= 1 << (i % 16)
					}
				}

				found := scan(k, dimension, blocks, masks, probes, thresholds)
				for i := range rows {
					block := blocks[i/16*size:][:size]
					for q, probe := range probes {
						dot, ok := found[pair{i, q}]
						var p kernel.Probe
						p.Quantise(probe)
						want := codesDot(block, i%16, probe)
						lower, upper := p.Bounds(want, block, i%16)
						score := exact(rows[i], probe)
						require.LessOrEqual(t, lower, score)
						require.GreaterOrEqual(t, upper, score)
						switch {
						case !live[i]:
							require.False(t, ok)
						case upper >= thresholds[q]:
							require.True(t, ok, "row %d probe %d: bound %g reaches %g", i, q, upper, thresholds[q])
							require.Equal(t, want, dot)
						case upper < thresholds[q]-0.01*(upper-lower)-1e-5:
							require.False(t, ok, "row %d probe %d: bound %g is below %g", i, q, upper, thresholds[q])
						}
					}
				}
			})
		})
	}
}

// codesDot multiplies a row's stored codes with codes made from the probe.
func codesDot(block []byte, row int, probe []float32) (sum int32) {
	var top float64
	for _, x := range probe {
		top = max(top, math.Abs(float64(x)))
	}
	for i, x := range probe {
		code := int32(block[64+i/4*64+row*4+i%4]) - 128
		sum += code * int32(math.RoundToEven(float64(x)/(top/127)))
	}
	return sum
}

func TestNamed(t *testing.T) {
	all := kernel.Available()
	require.Equal(t, "generic", all[len(all)-1].Name)
	fastest, err := kernel.Named("")
	require.NoError(t, err)
	require.Equal(t, all[0].Name, fastest.Name)
	_, err = kernel.Named("abacus")
	require.ErrorContains(t, err, "generic")
}

// TestEveryExpectedKernelRan keeps a machine that is known to have a feature
// from passing without its kernel: ONETON_EXPECT_KERNEL names it.
func TestEveryExpectedKernelRan(t *testing.T) {
	if want := os.Getenv("ONETON_EXPECT_KERNEL"); want != "" {
		_, err := kernel.Named(want)
		require.NoError(t, err)
	}
}

func BenchmarkScan(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, dimension := range []int{128, 512} {
		size := kernel.BlockBytes(dimension)
		for _, c := range []struct {
			where string
			bytes int
		}{{"cache", 64 << 10}, {"memory", 512 << 20}} {
			n := c.bytes / size &^ 1
			blocks := make([]byte, n*size)
			rows := make([][]float32, 64)
			for i := range rows {
				rows[i] = random(r, dimension)
			}
			part := fill(dimension, rows)
			for at := 0; at < len(blocks); at += len(part) {
				copy(blocks[at:], part)
			}
			masks := make([]uint32, n)
			for i := range masks {
				masks[i] = 0xffff
			}
			for _, k := range kernel.Available() {
				if k.Name == "generic" && c.where == "memory" {
					continue
				}
				for _, width := range []int{1, 2, 4, 8} {
					if k.Width(width) != width {
						continue
					}
					var tile kernel.Tile
					var probes []*kernel.Probe
					for range width {
						p := new(kernel.Probe)
						p.Quantise(random(r, dimension))
						probes = append(probes, p)
					}
					tile.Fill(k, probes)
					for q := range probes {
						tile.SetThreshold(q, 0.9)
					}
					const call = 256
					hits := make([]kernel.Hit, call*width)
					b.Run(fmt.Sprintf("dimension=%d/in=%s/kernel=%s/tile=%d", dimension, c.where, k.Name, width), func(b *testing.B) {
						b.SetBytes(int64(n * size))
						for b.Loop() {
							for at := 0; at < n; at += call {
								m := masks[at:min(at+call, n)]
								tile.Scan(blocks[at*size:], m, hits)
							}
						}
						b.ReportMetric(float64(n*16*width)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
					})
				}
			}
		}
	}
}
