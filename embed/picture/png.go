package picture

import (
	"encoding/binary"
	"fmt"
	"image"
	"iter"
)

// pngChunks are the chunks of a PNG, by kind, up to the first that is not whole.
func pngChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		const signature, header, crc = 8, 8, 4
		for at := signature; at+header <= len(data); {
			chunk := data[at+header:]
			length := int(binary.BigEndian.Uint32(data[at:]))
			if length+crc > len(chunk) || !yield(string(data[at+4:at+header]), chunk[:length]) {
				return
			}
			at += header + length + crc
		}
	}
}

// animatedPNG looks for an acTL chunk before the image data (APNG, part of PNG
// third edition).
func animatedPNG(data []byte) bool {
	for kind := range pngChunks(data) {
		switch kind {
		case "acTL":
			return true
		case "IDAT":
			return false
		}
	}
	return false
}

const (
	// maxPNGBytes is the most bytes of samples of a PNG, by the pixels that are
	// allowed: those of 8-bit colour. Inflating takes most of the time.
	maxPNGBytes = 3
	// maxChunks is the most chunks beside the image data, which may be in many.
	maxChunks = 10_000
	// dataCost is how many bytes of samples a byte of compressed data may cost:
	// it may be of tables that stand for no sample.
	dataCost = 18
	// leastPNGWork is so little that no PNG of less is refused.
	leastPNGWork = 64 << 20
)

// checkPNG is ErrTooLarge when the samples take too many bytes and
// ErrTooComplex when there are too many chunks. Of a damaged file it says
// nothing.
func checkPNG(data []byte, _ image.Point, limits Limits) error {
	chunks, samples := 0, 0
	for kind, chunk := range pngChunks(data) {
		switch kind {
		case "IDAT":
			continue
		case "IHDR":
			if samples = pngBytes(chunk); samples > maxPNGBytes*limits.Pixels {
				return fmt.Errorf("%w: %d bytes of PNG samples, the limit is %d", ErrTooLarge, samples, maxPNGBytes*limits.Pixels)
			}
		}
		if chunks++; chunks > maxChunks {
			return fmt.Errorf("%w: more than %d PNG chunks", ErrTooComplex, maxChunks)
		}
	}
	// A file may be as large and have as many samples as is allowed, but not both.
	most := max(maxPNGBytes*limits.Pixels/4*5, dataCost*limits.Bytes)
	if work := samples + dataCost*len(data); work > max(most, leastPNGWork) {
		return fmt.Errorf("%w: %d bytes of PNG for %d bytes of samples", ErrTooComplex, len(data), samples)
	}
	return nil
}

// pngBytes is how many bytes the samples take (PNG third edition, section
// 11.2.1).
func pngBytes(ihdr []byte) int {
	if len(ihdr) < 10 {
		return 0
	}
	width, height := int(binary.BigEndian.Uint32(ihdr)), int(binary.BigEndian.Uint32(ihdr[4:]))
	channels := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[ihdr[9]]
	return height * ((width*channels*int(ihdr[8]) + 7) / 8)
}
