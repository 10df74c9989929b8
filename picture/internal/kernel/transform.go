package kernel

// The inverse cosine transform is that of image/jpeg (Copyright The Go Authors,
// BSD-3-Clause), whose comments derive it from Loeffler, Ligtenberg and
// Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", 1989.
// The arithmetic is the same, so the samples are.

// Constants of the transform with 60 bits after the point.
const (
	cos1     = 1130768441178740757 // cos(π/16)
	sin1     = 224923827593068887  // sin(π/16)
	cos3     = 958619196450722178  // cos(3π/16)
	sin3     = 640528868967736374  // sin(3π/16)
	halfCos6 = 311978311033955632  // cos(6π/16)/√2
	halfSin6 = 753182269664427492  // sin(6π/16)/√2
	half     = 815238614083298888  // 1/√2
)

// fixed rounds a constant to the given number of bits after the point.
func fixed(x uint64, bits int) int32 {
	return int32((x + 1<<(59-bits)) >> (60 - bits))
}

// rotate is (x0·cos + x1·sin, x1·cos - x0·sin), with three multiplications.
func rotate(x0, x1, cos, sin int32) (y0, y1 int32) {
	sum := cos * (x0 + x1)
	return sum + (sin-cos)*x1, sum - (cos+sin)*x0
}

// transform is Transform in Go.
func transform(dst []uint8, stride int, b *[64]int32) {
	for y := range 8 {
		transformRow(b, y)
	}
	transformColumns(dst, stride, b)
	clear(b[:])
}

// sample shifts a level to the middle and clips it.
func sample(v int32) uint8 {
	v += 128
	if uint32(v) > 255 {
		return uint8(^(v >> 31))
	}
	return uint8(v)
}

// transformRow transforms row y of a block that is stored by columns.
func transformRow(b *[64]int32, y int) {
	x := (*[57]int32)(b[y:])
	x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[8], x[16], x[24], x[32], x[40], x[48], x[56]
	if x7|x2|x5|x1|x6|x3|x4 == 0 {
		x0 <<= 17
		x[0], x[8], x[16], x[24], x[32], x[40], x[48], x[56] = x0, x0, x0, x0, x0, x0, x0, x0
		return
	}

	x0 <<= 17
	x1 <<= 17
	x0, x1 = x0+x1, x0-x1
	x2, x3 = rotate(x2, x3, fixed(halfCos6, 18), -fixed(halfSin6, 18))
	x1, x2 = x1+x2, x1-x2
	x0, x3 = x0+x3, x0-x3

	x4 <<= 7
	x7 <<= 7
	x7, x4 = x7+x4, x7-x4
	x6 *= fixed(half, 8)
	x5 *= fixed(half, 8)
	x7, x5 = x7+x5, x7-x5
	x4, x6 = x4+x6, x4-x6
	x4, x7 = rotate(x4>>2, x7>>2, fixed(cos3, 12), -fixed(sin3, 12))
	x5, x6 = rotate(x5>>2, x6>>2, fixed(cos1, 12), -fixed(sin1, 12))

	x[0], x[56] = x0+x7, x0-x7
	x[8], x[48] = x1+x6, x1-x6
	x[16], x[40] = x2+x5, x2-x5
	x[24], x[32] = x3+x4, x3-x4
}

func transformColumns(dst []uint8, stride int, b *[64]int32) {
	row0, row1, row2, row3 := dst[:8], dst[stride:][:8], dst[2*stride:][:8], dst[3*stride:][:8]
	dst = dst[4*stride:]
	row4, row5, row6, row7 := dst[:8], dst[stride:][:8], dst[2*stride:][:8], dst[3*stride:][:8]
	for i := range 8 {
		x := (*[8]int32)(b[8*i:])
		x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]

		x0 += 1 << 19
		x0, x1 = (x0+x1)>>2, (x0-x1)>>2
		x2, x3 = rotate(x2>>13, x3>>13, fixed(halfCos6, 12), -fixed(halfSin6, 12))
		x1, x2 = x1+x2, x1-x2
		x0, x3 = x0+x3, x0-x3

		x7, x4 = x7+x4, x7-x4
		x5 = (x5 >> 13) * fixed(half, 14)
		x6 = (x6 >> 13) * fixed(half, 14)
		x7, x5 = x7+x5, x7-x5
		x4, x6 = x4+x6, x4-x6
		x4, x7 = rotate(x4>>14, x7>>14, fixed(cos3, 12), -fixed(sin3, 12))
		x5, x6 = rotate(x5>>14, x6>>14, fixed(cos1, 12), -fixed(sin1, 12))

		row0[i], row7[i] = sample((x0+x7)>>18), sample((x0-x7)>>18)
		row1[i], row6[i] = sample((x1+x6)>>18), sample((x1-x6)>>18)
		row2[i], row5[i] = sample((x2+x5)>>18), sample((x2-x5)>>18)
		row3[i], row4[i] = sample((x3+x4)>>18), sample((x3-x4)>>18)
	}
}
