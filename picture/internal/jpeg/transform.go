package jpeg

import (
	"encoding/binary"

	"oneton/picture/internal/kernel"
)

// lastLow is the last coefficient before the first, in zigzag order, that lies
// beyond the fourth row or column.
const lastLow = 9

// reconstruct writes the block's 8×8 samples to dst and leaves zeros in b. The
// coefficients after the last one in zigzag order are zero.
func reconstruct(dst []uint8, stride int, b *[64]int32, last int) {
	if last > 0 {
		kernel.Transform(dst, stride, b, last <= lastLow)
		return
	}
	// A lone first coefficient is eight times the level of all samples, which
	// are around 128.
	v := min(max((b[0]<<17+1<<19)>>20+128, 0), 255)
	eight := uint64(v) * 0x0101010101010101
	for y := range 8 {
		binary.LittleEndian.PutUint64(dst[y*stride:], eight)
	}
	b[0] = 0
}
