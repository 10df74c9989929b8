package kernel_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search/internal/kernel"
)

// vectors reads unit vectors from bytes, as many as there are. Numbers too
// large or not finite are read as zero.
func vectors(b []byte, dimension int) [][]float32 {
	var all [][]float32
	for ; len(b) >= 4*dimension; b = b[4*dimension:] {
		v := make([]float32, dimension)
		for i := range v {
			x := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			if math.Abs(float64(x)) < 1e15 {
				v[i] = x
			}
		}
		unit(v)
		if length := exact(v, v); math.Abs(length-1) < kernel.LengthTolerance {
			all = append(all, v)
		}
	}
	return all
}

// completed checks the bounds of rows that were found by their first plane once
// the second is known.
func completed(t *testing.T, k *kernel.Kernel, layout kernel.Layout, planes kernel.Planes, rows [][]float32, probe []float32, found map[pair]int32) {
	var p kernel.Probe
	p.Quantise(probe, layout, 0)
	var tile kernel.Tile
	tile.Fill(k, []*kernel.Probe{&p})
	for at, dot := range found {
		dots := []int32{dot}
		tile.Complete(0, planes, []uint32{uint32(at.row)}, dots)
		lower, upper := p.Bounds(dots[0], &planes, at.row)
		score := exact(rows[at.row], probe)
		require.LessOrEqual(t, lower, score, "kernel %s, %+v", k.Name, layout)
		require.GreaterOrEqual(t, upper, score, "kernel %s, %+v", k.Name, layout)
	}
}

// FuzzNoRowIsMissed compares the first of some arbitrary vectors with the
// others, fully and coarsely on every kernel: whoever reaches the threshold in
// float64 must be reported.
func FuzzNoRowIsMissed(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\x3e\x00\x00\x80\x3f\x00\x00\x80\x3d"), uint8(2), 0.9)
	f.Add(make([]byte, 4096), uint8(9), 0.0)
	f.Fuzz(func(t *testing.T, b []byte, size uint8, threshold float64) {
		dimension := 1 + int(size)%40
		all := vectors(b, dimension)
		if len(all) < 2 || math.IsNaN(threshold) {
			return
		}
		probe, rows := all[0], all[1:min(len(all), 100)]
		masks := make([]uint32, blocksOf(len(rows)))
		for i := range rows {
			masks[i/kernel.BlockRows] |= 1 << (i % kernel.BlockRows)
		}
		for _, layout := range layouts(dimension) {
			planes := fill(layout, rows)
			for _, k := range kernel.Available() {
				for _, coarse := range []bool{false, true} {
					if layout.Split > 0 && !coarse {
						continue
					}
					found := scan(k, layout, planes, masks, [][]float32{probe}, []float64{threshold}, coarse)
					for i, row := range rows {
						if exact(row, probe) >= threshold {
							require.Contains(t, found, pair{i, 0}, "kernel %s, %+v, coarse %v", k.Name, layout, coarse)
						}
					}
					if layout.Split > 0 {
						completed(t, k, layout, planes, rows, probe, found)
					}
				}
			}
		}
	})
}
