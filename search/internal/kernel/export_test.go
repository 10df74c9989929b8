package kernel

import (
	"fmt"
	"math"
)

// Code is a row's code of a coordinate.
func (p Planes) Code(row, coordinate int) float64 {
	if p.layout.Split > 0 {
		if coordinate >= p.layout.Split {
			return float64(int8(p.record(row)[wordBytes+p.layout.lows()+coordinate-p.layout.Split]))
		}
		low := p.record(row)[wordBytes+coordinate/16*4+coordinate%4] >> (coordinate % 16 / 4 * 2) & 3
		return float64(4*p.packed(row, coordinate)+int(low)) - 128
	}
	at, shift := p.place(row, coordinate)
	return float64(p.first.bytes[at]>>shift&lowNibble<<nibbleBits|p.second.bytes[at]>>shift&lowNibble) - 128
}

// packed is the packed code of one of a row's first coordinates.
func (p Planes) packed(row, coordinate int) int {
	unit := func(u int) byte {
		return p.first.bytes[p.first.codes(row)+(coordinate/16*3+u)*64+coordinate%4]
	}
	if u := coordinate % 16 / 4; u < 3 {
		return int(unit(u) & 63)
	}
	return int(unit(0)>>6 | unit(1)>>6<<2 | unit(2)>>6<<4)
}

// CoarseCode is a row's code of a coordinate as far as the first plane tells.
func (p Planes) CoarseCode(row, coordinate int) float64 {
	if p.layout.Split > 0 {
		if coordinate >= p.layout.Split {
			return 0
		}
		return float64(4*p.packed(row, coordinate)) + 1.5 - 128
	}
	at, shift := p.place(row, coordinate)
	return float64(coarseCode(p.first.bytes[at] >> shift))
}

// CoarseDot is what scans of the first plane give of a product with coarse codes.
func (p *Probe) CoarseDot(product float64) int32 {
	if p.layout.Split == 0 {
		return int32(product)
	}
	dot := product/4 + p.coarse.excess
	if p.coarse.excess < 0 || p.coarse.excess >= 1 || dot != math.Trunc(dot) {
		panic(fmt.Sprintf("%v is no dot product", dot))
	}
	return int32(dot)
}
