package search

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search/internal/kernel"
)

// TestMasks compares with asking for every row.
func TestMasks(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for name, gap := range map[string]int{"dense": 1, "some gaps": 2, "gaps": 5, "wide": 100} {
		t.Run(name, func(t *testing.T) {
			for range 200 {
				rows := 1 + r.IntN(3000)
				p := part{
					segment: &segment{dimension: 1 + r.IntN(200), capacity: rows, base: r.Uint64N(1000)},
					rows:    1 + r.IntN(rows), dense: gap == 1,
				}
				for id := uint32(0); len(p.offsets) < rows; id += 1 + uint32(r.IntN(gap)) {
					p.offsets = append(p.offsets, id)
				}
				var filter Mask
				if r.IntN(3) > 0 {
					filter = Mask{}
				}
				if r.IntN(3) > 0 {
					p.ownLive()
				}
				alive, chosen := r.Float64(), r.Float64()*r.Float64()
				for row := range p.rows {
					if p.live != nil && r.Float64() > alive {
						p.bury(row)
					}
					if filter != nil && r.Float64() < chosen {
						filter.Add(p.id(row))
					}
				}
				blocks := blocksFor(p.rows)
				first := r.IntN(blocks)
				masks := make([]uint32, blocks-first)
				visited := p.masks(masks, first, filter)
				for i, mask := range masks {
					var want uint32
					for j := range kernel.BlockRows {
						row := (first+i)*kernel.BlockRows + j
						if row < p.rows && p.isLive(row) && (filter == nil || filter.Has(p.id(row))) {
							want |= 1 << j
						}
					}
					require.Equal(t, want, mask&allRows)
					if mask != 0 {
						visited--
					}
				}
				require.Zero(t, visited)
			}
		})
	}
}

func TestBridge(t *testing.T) {
	const row, seen, visit = 1, 1 | kernel.Visit, kernel.Visit
	for name, c := range map[string]struct {
		masks, want []uint32
	}{
		"short gap":       {[]uint32{row, 0, 0, row, 0, 0, 0, 0, 0, 0}, []uint32{seen, visit, visit, seen, 0, 0, 0, 0, 0, 0}},
		"long gap":        {[]uint32{row, 0, 0, 0, row, 0, 0, 0, row}, []uint32{seen, 0, 0, 0, seen, 0, 0, 0, seen}},
		"mostly full":     {[]uint32{row, 0, 0, 0, row, row, row, row, row, row, row, row, row}, []uint32{seen, visit, visit, visit, seen, seen, seen, seen, seen, seen, seen, seen, seen}},
		"nothing":         {make([]uint32, 100), make([]uint32, 100)},
		"beyond 64, full": {append(make([]uint32, 64), row), append(make([]uint32, 64), seen)},
	} {
		t.Run(name, func(t *testing.T) {
			bridge(c.masks, 2)
			require.Equal(t, c.want, c.masks)
		})
	}
}

// TestClosed compares with looking at every gap.
func TestClosed(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 5000 {
		set, longest := r.Uint64()&r.Uint64()&r.Uint64(), r.IntN(100)
		want, last := set, -1
		for i := range 64 {
			if set>>i&1 == 0 {
				continue
			}
			if last >= 0 && i-last-1 <= longest {
				for j := last; j < i; j++ {
					want |= 1 << j
				}
			}
			last = i
		}
		// What follows the last bit is nobody's gap and may go either way.
		between := uint64(1)<<(last+1) - 1
		require.Equal(t, want, closed(set, longest)&between)
	}
}
