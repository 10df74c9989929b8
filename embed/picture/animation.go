package picture

import "encoding/binary"

func never([]byte) bool { return false }

// animatedPNG looks for an acTL chunk before the image data (APNG, part of PNG
// third edition).
func animatedPNG(data []byte) bool {
	const signature, header, crc = 8, 8, 4
	for at := signature; at+header <= len(data); {
		length := int(binary.BigEndian.Uint32(data[at:]))
		switch string(data[at+4 : at+header]) {
		case "acTL":
			return true
		case "IDAT":
			return false
		}
		at += header + length + crc
	}
	return false
}

// animatedWebP reads the animation flag of the extended header, which is the
// first chunk when there is one (RFC 9649, section 2.7).
func animatedWebP(data []byte) bool {
	const chunk, flags, animation = 12, 20, 1 << 1
	return len(data) > flags && string(data[chunk:chunk+4]) == "VP8X" && data[flags]&animation != 0
}
