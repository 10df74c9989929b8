package kernel

// Code is a row's code of a coordinate.
func (p Planes) Code(row, coordinate int) int32 {
	at, shift := p.place(row, coordinate)
	return int32(p.high[at]>>shift&lowNibble<<nibbleBits|p.low[at]>>shift&lowNibble) - zeroCode
}

// CoarseCode is a row's code of a coordinate as far as the high plane tells.
func (p Planes) CoarseCode(row, coordinate int) int32 {
	at, shift := p.place(row, coordinate)
	return coarseCode(p.high[at] >> shift)
}
