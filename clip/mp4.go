package clip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
)

// checkMP4 refuses files whose pictures lie in another file, or at a host: whose
// data references (ISO/IEC 14496-12, section 8.7.2) are not to the file itself,
// or whose header is compressed or names other movies (QuickTime File Format,
// cmov and rmra). ffmpeg is told not to follow them, either.
func checkMP4(data []byte) error {
	for name, body := range boxes(data) {
		if name == "mdat" {
			continue
		}
		for _, reference := range []string{"cmov", "rmra", "rdrf"} {
			if holds(body, reference) {
				return elsewhere()
			}
		}
		for rest := body; ; {
			i := bytes.Index(rest, []byte("dref"))
			if i < 0 {
				break
			}
			rest = rest[i+len("dref"):]
			if !withinFile(rest) {
				return elsewhere()
			}
		}
	}
	return nil
}

func elsewhere() error {
	return fmt.Errorf("%w: the video lies elsewhere than in the file; send one that holds it", ErrUnsupported)
}

// withinFile says that all entries of a data reference box, behind its name, have
// the flag by which they mean the file itself.
func withinFile(box []byte) bool {
	const header, entryHeader, itself = 8, 12, 1
	if len(box) < header {
		return true // cut: ffmpeg finds nothing, either
	}
	count := binary.BigEndian.Uint32(box[4:])
	box = box[header:]
	for ; count > 0 && len(box) >= entryHeader; count-- {
		size := int(binary.BigEndian.Uint32(box))
		if box[entryHeader-1]&itself == 0 {
			return false
		}
		box = box[min(max(size, entryHeader), len(box)):]
	}
	return true
}

// holds says whether a box of the name begins somewhere in the body of another:
// with a size before its name that fits.
func holds(body []byte, name string) bool {
	const sizeLength = 4
	for at := 0; ; {
		i := bytes.Index(body[at:], []byte(name))
		if i < 0 {
			return false
		}
		at += i
		if at >= sizeLength {
			if size := int(binary.BigEndian.Uint32(body[at-sizeLength:])); size >= 8 && size <= len(body)-at+sizeLength {
				return true
			}
		}
		at += len(name)
	}
}

// boxes are the outermost boxes of a file, up to the first that is none.
func boxes(data []byte) iter.Seq2[string, []byte] {
	const header, large = 8, 16
	return func(yield func(string, []byte) bool) {
		for len(data) >= header {
			size, from := uint64(binary.BigEndian.Uint32(data)), header
			switch {
			case size == 0:
				size = uint64(len(data))
			case size == 1 && len(data) >= large:
				size, from = binary.BigEndian.Uint64(data[header:]), large
			}
			if size < uint64(from) {
				return
			}
			end := int(min(size, uint64(len(data))))
			if !yield(string(data[4:header]), data[from:end]) {
				return
			}
			data = data[end:]
		}
	}
}
