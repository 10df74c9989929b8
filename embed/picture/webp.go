package picture

import (
	"encoding/binary"
	"fmt"
	"image"
	"iter"
)

// webpChunks are the chunks of a WebP, by kind (RFC 9649, section 2.3). The last
// may have less than it announces, since decoders begin with it all the same.
func webpChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		const form, header = 12, 8
		image := false
		for at := form; at+header <= len(data); {
			chunk := data[at+header:]
			kind, length := string(data[at:at+4]), int(binary.LittleEndian.Uint32(data[at+4:]))
			if !yield(kind, chunk[:min(length, len(chunk))]) || length >= len(chunk) {
				return
			}
			image = image || kind == "VP8 " || kind == "VP8L"
			at += header + length
			// A chunk of odd length is padded with 0, which begins no kind. Some
			// writers leave it out, which decoders do not see behind the image.
			if length%2 == 1 && !(image && data[at] != 0) {
				at++
			}
		}
	}
}

// animatedWebP reads the animation flag of the extended header, which is the
// first chunk when there is one (RFC 9649, section 2.7).
func animatedWebP(data []byte) bool {
	const chunk, flags, animation = 12, 20, 1 << 1
	return len(data) > flags && string(data[chunk:chunk+4]) == "VP8X" && data[flags]&animation != 0
}

// losslessCost is how many times as many pixels a lossy WebP may have as one
// that is lossless or has transparency beside: undoing lossless transforms costs
// that much more, and cannot be stopped.
const losslessCost = 3

// checkWebP is ErrTooLarge when a lossless or transparent picture of the size
// has too many pixels.
func checkWebP(data []byte, size image.Point, limits Limits) error {
	for kind := range webpChunks(data) {
		most := limits.Pixels
		switch kind {
		case "VP8L", "ALPH":
			most /= losslessCost
		}
		if size.X*size.Y > most {
			return fmt.Errorf("%w: %d×%d pixels, the limit for such a WebP is %d in all", ErrTooLarge, size.X, size.Y, most)
		}
	}
	return nil
}
