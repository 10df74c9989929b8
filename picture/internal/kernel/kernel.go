// Package kernel holds the inner loops of decoding and resizing: in Go, and in
// assembly for processors that have it. Both give the same results bit for bit,
// on every processor: a conversion of a product keeps the compiler from fusing
// it with a sum, which would round once instead of twice.
package kernel

// Transform writes a block's 8×8 samples to dst, whose rows are stride apart,
// and leaves zeros in the block. The block holds dequantised coefficients,
// column after column; low says that only the first four rows of the first four
// columns are not zero. dst must have the whole of the eight rows' samples.
func Transform(dst []uint8, stride int, block *[64]int32, low bool) {
	_ = dst[7*stride+7]
	switch {
	case useAVX2 && low:
		transformLowAVX2(&dst[0], stride, &block[0])
	case useAVX2:
		transformAVX2(&dst[0], stride, &block[0])
	default:
		transform(dst, stride, block)
	}
}

// Blend sets dst to the sum of rows of src, stride bytes apart, each times its
// weight. There is at least one row.
func Blend(dst []float32, src []uint8, stride int, weights []float32) {
	const step = 32
	n := len(dst)
	_ = src[(len(weights)-1)*stride+n-1]
	if !useAVX2 || n < step {
		blend(dst, src, stride, weights)
		return
	}
	blendAVX2(&dst[0], n&^(step-1), &src[0], stride, &weights[0], len(weights))
	// The last columns, some of them once more.
	blendAVX2(&dst[n-step], step, &src[n-step], stride, &weights[0], len(weights))
}

// Combine sets each sample of dst to the sum of groups×4 samples of row, from
// its first on, each times its weight. The firsts rise.
func Combine(dst, row []float32, first []int32, weights []float32, groups int) {
	const step = 8
	n := len(dst)
	_, _, _ = first[n-1], weights[4*groups*n-1], row[int(first[n-1])+4*groups-1]
	if !useAVX2 || n < step {
		combine(dst, row, first, weights, groups)
		return
	}
	combineAVX2(&dst[0], n&^(step-1), &row[0], &first[0], &weights[0], groups)
	// The last samples, some of them once more.
	combineAVX2(&dst[n-step], step, &row[0], &first[n-step], &weights[4*groups*(n-step)], groups)
}

// Matrix says how luma and chroma become red, green and blue:
//
//	y = (Y - Black)·Gain
//	red = y + RedCr·(Cr - Middle)
//	green = y - GreenCb·(Cb - Middle) - GreenCr·(Cr - Middle)
//	blue = y + BlueCb·(Cb - Middle)
//
// each clipped to 0 and White.
type Matrix struct {
	Black, Gain                     float32
	RedCr, GreenCb, GreenCr, BlueCb float32
	Middle, White                   float32
}

// Convert turns luma, blue and red chroma into red, green and blue, in place.
// The rows are equally long.
func Convert(a, b, c []float32, m *Matrix) {
	b, c = b[:len(a)], c[:len(a)]
	done := 0
	if useAVX2 {
		if done = len(a) &^ 7; done > 0 {
			convertAVX2(&a[0], &b[0], &c[0], done, &m.Black)
		}
	}
	for i := done; i < len(a); i++ {
		a[i], b[i], c[i] = m.Pixel(a[i], b[i], c[i])
	}
}

// Pixel converts one pixel.
func (m *Matrix) Pixel(y, cb, cr float32) (red, green, blue float32) {
	y = float32((y - m.Black) * m.Gain)
	cb -= m.Middle
	cr -= m.Middle
	return m.clip(y + float32(m.RedCr*cr)),
		m.clip(y - float32(m.GreenCb*cb) - float32(m.GreenCr*cr)),
		m.clip(y + float32(m.BlueCb*cb))
}

func (m *Matrix) clip(v float32) float32 {
	switch {
	case v < 0:
		return 0
	case v > m.White:
		return m.White
	default:
		return v
	}
}

// blend is Blend in Go.
func blend(dst []float32, src []uint8, stride int, weights []float32) {
	for x := range dst {
		sum := float32(0)
		for k, w := range weights {
			sum += float32(w * float32(src[k*stride+x]))
		}
		dst[x] = sum
	}
}

// combine is Combine in Go.
func combine(dst, row []float32, first []int32, weights []float32, groups int) {
	for x := range dst {
		r := row[first[x]:]
		var sums [4]float32
		for range groups {
			v, w := r[:4], weights[:4]
			sums[0] += float32(v[0] * w[0])
			sums[1] += float32(v[1] * w[1])
			sums[2] += float32(v[2] * w[2])
			sums[3] += float32(v[3] * w[3])
			r, weights = r[4:], weights[4:]
		}
		dst[x] = (sums[0] + sums[1]) + (sums[2] + sums[3])
	}
}
