package kernel

// Code is a row's code of a coordinate.
func (p Planes) Code(row, coordinate int) int32 {
	if p.layout.Split > 0 {
		return int32(p.group(row, coordinate/groupSize)[coordinate%groupSize]) - zeroCode
	}
	at, shift := p.place(row, coordinate)
	return int32(p.first.bytes[at]>>shift&lowNibble<<nibbleBits|p.second.bytes[at]>>shift&lowNibble) - zeroCode
}

// CoarseCode is a row's code of a coordinate as far as the first plane tells.
func (p Planes) CoarseCode(row, coordinate int) int32 {
	if p.layout.Split > 0 {
		if coordinate >= p.layout.Split {
			return 0
		}
		return p.Code(row, coordinate)
	}
	at, shift := p.place(row, coordinate)
	return coarseCode(p.first.bytes[at] >> shift)
}
