package jpeg

import "slices"

// Scan is what a scan of a frame holds.
type Scan struct {
	parts []part
	// across and down are how many units the scan has. Those of a scan of one
	// component are its blocks, without those outside the picture (T.81, A.2).
	across, down int
	// Of each block it has the coefficients from one to another, in zigzag order:
	// all but so many of their lowest bits or, where refines, one bit more.
	from, to, low int
	refines       bool
}

// part is what a unit has of a component: blocks across and down, and which
// Huffman tables they use.
type part struct {
	component    int
	across, down int
	dc, ac       byte
}

// maxUnit is the most blocks of a unit (T.81, B.2.3).
const maxUnit = 10

// ReadScan reads a scan's header (T.81, B.2.3). Its error is a DamageError.
func (f *Frame) ReadScan(header []byte) (Scan, error) {
	if len(header) == 0 || header[0] == 0 || int(header[0]) > len(f.Components) || len(header) != 4+2*int(header[0]) {
		return Scan{}, damaged("a scan's header (SOS) of %d bytes does not fit the frame", len(header))
	}
	n := int(header[0])
	s := Scan{to: 63}
	s.across, s.down = f.units()
	for i := range n {
		p := part{dc: header[2+2*i] >> 4, ac: header[2+2*i] & 15}
		for p.component < len(f.Components) && f.Components[p.component].ID != header[1+2*i] {
			p.component++
		}
		if p.component == len(f.Components) || p.dc > maxTable || p.ac > maxTable || s.has(p.component) {
			return Scan{}, damaged("a scan's header (SOS) names a component or table that cannot be")
		}
		c := f.Components[p.component]
		p.across, p.down = c.H, c.V
		if n == 1 {
			width, height := f.size(c)
			p.across, p.down = 1, 1
			s.across, s.down = ceil(width, 8), ceil(height, 8)
		}
		s.parts = append(s.parts, p)
	}
	if s.blocks() > maxUnit {
		return Scan{}, damaged("a scan has %d blocks in a unit, the most is %d", s.blocks(), maxUnit)
	}
	if !f.Progressive {
		return s, nil
	}
	bounds := header[1+2*n:]
	high := int(bounds[2] >> 4)
	s.from, s.to, s.low, s.refines = int(bounds[0]), int(bounds[1]), int(bounds[2]&15), high > 0
	const maxLow = 13
	if s.from > s.to || s.to > 63 || s.from == 0 && s.to > 0 || s.from > 0 && n > 1 || s.low > maxLow || s.refines && high != s.low+1 {
		return Scan{}, damaged("a progressive scan has coefficients %d to %d and bits %d to %d, which cannot be", s.from, s.to, high, s.low)
	}
	return s, nil
}

func (s *Scan) has(component int) bool {
	for _, p := range s.parts {
		if p.component == component {
			return true
		}
	}
	return false
}

// blocks is how many a unit has.
func (s *Scan) blocks() int {
	n := 0
	for _, p := range s.parts {
		n += p.across * p.down
	}
	return n
}

// Blocks is how many blocks the scan has.
func (s *Scan) Blocks() int { return s.blocks() * s.across * s.down }

// rows is how many whole rows of the frame's units the first units of the scan
// are.
func (s *Scan) rows(f *Frame, units int) int {
	if len(s.parts) > 1 {
		return units / s.across
	}
	if units == s.across*s.down {
		_, down := f.units()
		return down
	}
	return units / s.across / f.Components[s.parts[0].component].V
}

// most is how many units so many bytes can hold at most: a block takes a code of
// one bit for its first coefficient, and another for its end where the scan has
// the other coefficients, too. Scans of those alone, or of one bit more of each,
// need not have a bit a block.
func (s *Scan) most(bytes int) int {
	units := s.across * s.down
	switch {
	case s.from > 0 || s.refines:
		return units
	case s.to > 0:
		return min(8*bytes/2/s.blocks(), units)
	}
	return min(8*bytes/s.blocks(), units)
}

// reach is how many rows of units the data can hold at most, so that memory is
// taken for no more, or why there is none.
func (f *Frame) reach(data []byte) (int, error) {
	most := make([]int, len(f.Components))
	var damage error
	for segment := range Segments(data) {
		if segment.Marker != SOS {
			continue
		}
		s, err := f.ReadScan(segment.Data)
		if err != nil {
			damage = err
			break
		}
		if s.from > 0 || s.refines {
			continue
		}
		for _, p := range s.parts {
			most[p.component] = max(most[p.component], s.rows(f, s.most(len(segment.Coded))))
		}
	}
	if rows := slices.Min(most); rows > 0 {
		return rows, nil
	}
	if damage == nil {
		damage = damaged("the data end before the first row of the %d×%d pixels", f.Width, f.Height)
	}
	return 0, damage
}
