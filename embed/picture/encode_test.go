package picture_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func encodePNG(w io.Writer, img image.Image) error {
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
}

// manyScans is a progressive JPEG of 8000×6000 grey pixels with n scans, each
// of which says in a few bytes that it changes nothing.
func manyScans(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	write := func(data ...byte) {
		_, err := b.Write(data)
		require.NoError(t, err)
	}
	write(0xff, 0xd8)
	write(append([]byte{0xff, 0xdb, 0, 67, 0}, bytes.Repeat([]byte{1}, 64)...)...)
	write(0xff, 0xc2, 0, 11, 8, 6000>>8, 6000&0xff, 8000>>8, 8000&0xff, 1, 1, 0x11, 0)
	// AC codes 0 and 10 end the bands of 1 and of 2^14 and more blocks.
	write(0xff, 0xc4, 0, 21, 0x10, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xe0)
	write(0xff, 0xc4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00)
	const blocks, longest = 1000 * 750, 1<<15 - 1
	for range n {
		write(0xff, 0xda, 0, 8, 1, 1, 0x00, 1, 63, 0)
		bits := newBits(&b)
		for left := blocks; left > 0; left -= min(left, longest) {
			bits.put(0b10, 2)
			bits.put(longest&(1<<14-1), 14)
		}
		bits.flush()
	}
	write(0xff, 0xd9)
	return b.Bytes()
}

// bits writes a scan's bits, with a zero byte after each 0xff.
type bits struct {
	to    *bytes.Buffer
	held  uint32
	count int
}

func newBits(to *bytes.Buffer) *bits { return &bits{to: to} }

func (b *bits) put(value uint32, n int) {
	b.held = b.held<<n | value
	for b.count += n; b.count >= 8; b.count -= 8 {
		v := byte(b.held >> (b.count - 8))
		b.to.WriteByte(v)
		if v == 0xff {
			b.to.WriteByte(0)
		}
	}
}

func (b *bits) flush() {
	if b.count > 0 {
		b.put(1<<(8-b.count)-1, 8-b.count)
	}
}
