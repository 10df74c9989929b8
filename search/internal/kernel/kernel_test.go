package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
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

// blocksOf is how many blocks hold so many rows.
func blocksOf(rows int) int { return (rows + kernel.BlockRows - 1) / kernel.BlockRows }

// layouts are the layouts for a dimension: halved codes and a few splits.
func layouts(dimension int) []kernel.Layout {
	all := []kernel.Layout{{Dimension: dimension}}
	last := (dimension - 1) / kernel.SplitStep * kernel.SplitStep
	for _, split := range []int{kernel.SplitStep, last / 2 / kernel.SplitStep * kernel.SplitStep, last} {
		if l := (kernel.Layout{Dimension: dimension, Split: split}); split > 0 && split < dimension && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// fill returns the planes of rows. What no row was put in is arbitrary.
func fill(layout kernel.Layout, rows [][]float32) kernel.Planes {
	return fillIn(make([]byte, blocksOf(len(rows))*layout.BlockBytes()), layout, rows)
}

func fillIn(b []byte, layout kernel.Layout, rows [][]float32) kernel.Planes {
	for i := range b {
		b[i] = byte(i * 7)
	}
	planes := kernel.NewPlanes(b, layout)
	for i, v := range rows {
		planes.Put(i, v)
	}
	return planes
}

// pair is a row and a probe.
type pair struct{ row, probe int }

// tiles makes the probes' tiles, of the widest kind that the kernel has or of
// one probe, and calls f with each and the number of its first probe.
func tiles(k *kernel.Kernel, layout kernel.Layout, probes [][]float32, thresholds []float64, single bool, f func(t *kernel.Tile, width, first int)) {
	quantised := make([]kernel.Probe, len(probes))
	for i := range probes {
		quantised[i].Quantise(probes[i], layout, 0)
	}
	var tile kernel.Tile
	for first := 0; first < len(probes); {
		n := min(k.Width(len(probes)-first), len(probes)-first)
		if single {
			n = 1
		}
		var some []*kernel.Probe
		for i := range n {
			some = append(some, &quantised[first+i])
		}
		tile.Fill(k, some)
		for i := range n {
			tile.SetThreshold(i, thresholds[first+i])
		}
		f(&tile, k.Width(n), first)
		first += n
	}
}

// scan returns the integer dot products of the pairs that the kernel reports.
func scan(k *kernel.Kernel, layout kernel.Layout, planes kernel.Planes, masks []uint32, probes [][]float32, thresholds []float64, coarse bool) map[pair]int32 {
	found := map[pair]int32{}
	single := coarse && layout.Split == 0
	tiles(k, layout, probes, thresholds, single, func(t *kernel.Tile, width, first int) {
		scan := t.Scan
		if coarse {
			scan = t.Skim
		}
		room := len(masks) * width
		guarded := make([]kernel.Hit, room+1)
		guard := kernel.Hit{Block: 77, Probe: 7, Mask: 777}
		guarded[room] = guard
		hits := scan(planes, masks, guarded[:room])
		if guarded[room] != guard {
			panic("a hit was written beyond the room for hits")
		}
		for _, h := range hits {
			for r := range kernel.BlockRows {
				if h.Mask>>r&1 == 1 {
					found[pair{int(h.Block)*kernel.BlockRows + r, first + int(h.Probe)}] = h.Dots[r]
				}
			}
		}
	})
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
				layout := rapid.SampledFrom(layouts(dimension)).Draw(t, "layout")
				planes := fillIn(memory(t, blocksOf(n)*layout.BlockBytes()), layout, rows)
				masks := make([]uint32, blocksOf(n))
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

				for _, coarse := range []bool{false, true} {
					if layout.Split > 0 && !coarse {
						continue
					}
					found := scan(k, layout, planes, masks, probes, thresholds, coarse)
					code, bounds := planes.Code, (*kernel.Probe).Bounds
					if coarse {
						code, bounds = planes.CoarseCode, (*kernel.Probe).CoarseBounds
					}
					for i := range rows {
						for q, probe := range probes {
							dot, ok := found[pair{i, q}]
							var p kernel.Probe
							p.Quantise(probe, layout, 0)
							product := codesDot(code, i, probe)
							want := int32(product)
							if coarse {
								want = p.CoarseDot(product)
							}
							lower, upper := bounds(&p, want, &planes, i)
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
				}
			})
		})
	}
}

// TestSecondPlaneAddsWhatTheFirstLacks completes what the first plane tells of
// split rows, near one another and far apart, on every kernel.
func TestSecondPlaneAddsWhatTheFirstLacks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 15))
	for _, k := range kernel.Available() {
		for _, dimension := range []int{17, 30, 64, 128, 515, 640} {
			rows := make([][]float32, 75)
			for i := range rows {
				rows[i] = saturated(r, dimension)
			}
			probes := [][]float32{random(r, dimension), saturated(r, dimension), rows[70]}
			for _, layout := range layouts(dimension)[1:] {
				planes := fillIn(memory(t, blocksOf(len(rows))*layout.BlockBytes()), layout, rows)
				thresholds := slices.Repeat([]float64{2}, len(probes))
				tiles(k, layout, probes, thresholds, false, func(tile *kernel.Tile, width, first int) {
					for q := range min(width, len(probes)-first) {
						var p kernel.Probe
						p.Quantise(probes[first+q], layout, 0)
						for range 20 {
							var some []uint32
							var dots []int32
							for range r.IntN(30) {
								i := r.IntN(len(rows))
								some = append(some, uint32(i))
								dots = append(dots, p.CoarseDot(codesDot(planes.CoarseCode, i, probes[first+q])))
							}
							tile.Complete(q, planes, some, dots)
							for i, dot := range dots {
								require.Equal(t, int32(codesDot(planes.Code, int(some[i]), probes[first+q])), dot, "%s %+v", k.Name, layout)
							}
						}
					}
				})
			}
		}
	}
}

// codesDot multiplies a row's stored codes with codes made from the probe.
func codesDot(code func(row, coordinate int) float64, row int, probe []float32) (sum float64) {
	var top float64
	for _, x := range probe {
		top = max(top, math.Abs(float64(x)))
	}
	for i, x := range probe {
		sum += code(row, i) * math.RoundToEven(float64(x)/(top/127))
	}
	return sum
}

// TestCodes keeps the codes near what they stand for: a code that lost a half,
// or another coordinate's, would only make the residual longer.
func TestCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for dimension := 1; dimension < 40; dimension++ {
		rows := make([][]float32, 40)
		for i := range rows {
			rows[i] = random(r, dimension)
		}
		for _, layout := range layouts(dimension) {
			planes, to := fill(layout, rows), fill(layout, rows[:1])
			for i, v := range rows {
				to.Copy(i%16, planes, i)
				checkCodes(t, layout, v, planes, i)
				checkCodes(t, layout, v, to, i%16)
				var p kernel.Probe
				p.Quantise(v, layout, 0)
				for coarse, code := range map[bool]func(int, int) float64{false: planes.Code, true: planes.CoarseCode} {
					bounds := p.Bounds
					if coarse {
						bounds = p.CoarseBounds
					}
					product := codesDot(code, i, v)
					dot := int32(product)
					if coarse {
						dot = p.CoarseDot(product)
					}
					lower, upper := bounds(dot, &planes, i)
					copyLower, copyUpper := bounds(dot, &to, i%16)
					require.Equal(t, [2]float64{lower, upper}, [2]float64{copyLower, copyUpper})
					if !coarse {
						require.Less(t, upper-lower, 0.1)
					} else if layout.Split == 0 {
						require.Less(t, upper-lower, 0.5)
					}
				}
			}
		}
	}
}

func checkCodes(t *testing.T, layout kernel.Layout, v []float32, planes kernel.Planes, row int) {
	var top float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	for j, x := range v {
		want := float64(x) / top * 127
		require.InDelta(t, want, planes.Code(row, j), 1.6)
		switch {
		case layout.Split == 0:
			require.InDelta(t, want, planes.CoarseCode(row, j), 9.6)
		case j < layout.Split:
			require.InDelta(t, planes.Code(row, j), planes.CoarseCode(row, j), 1.5)
		default:
			require.Zero(t, planes.CoarseCode(row, j))
		}
	}
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
	for _, layout := range []kernel.Layout{{Dimension: 128}, {Dimension: 512}, {Dimension: 512, Split: 224}} {
		size := layout.BlockBytes()
		for _, c := range []struct {
			where string
			bytes int
		}{{"cache", 64 << 10}, {"memory", 512 << 20}} {
			n := c.bytes / size
			memory := make([]byte, n*size)
			planes := kernel.NewPlanes(memory, layout)
			rows := make([][]float32, 64)
			for i := range rows {
				rows[i] = random(r, layout.Dimension)
				planes.Put(i, rows[i])
			}
			for i := len(rows); i < n*kernel.BlockRows; i++ {
				planes.Copy(i, planes, i%len(rows))
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
						p.Quantise(random(r, layout.Dimension), layout, 0)
						probes = append(probes, p)
					}
					tile.Fill(k, probes)
					for q := range probes {
						tile.SetThreshold(q, 1.5)
					}
					const call = 256
					hits := make([]kernel.Hit, call*width)
					run := func(name string, scan func(kernel.Planes, []uint32, []kernel.Hit) []kernel.Hit) {
						b.Run(fmt.Sprintf("dimension=%d/split=%d/in=%s/kernel=%s/%s=%d", layout.Dimension, layout.Split, c.where, k.Name, name, width), func(b *testing.B) {
							b.SetBytes(int64(n * size))
							for b.Loop() {
								for at := 0; at < n; at += call {
									scan(planes.From(at), masks[at:min(at+call, n)], hits)
								}
							}
							b.ReportMetric(float64(n*16*width)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
						})
					}
					if !tile.IsSplit() {
						run("tile", tile.Scan)
					}
					if tile.CanSkim() {
						run("coarse", tile.Skim)
					}
				}
			}
		}
	}
}
