package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"iter"
)

// Markers (ITU-T T.81, table B.1).
const (
	jpegSOF0 = 0xc0
	jpegSOF2 = 0xc2
	jpegDHT  = 0xc4
	jpegRST0 = 0xd0
	jpegRST7 = 0xd7
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegDQT  = 0xdb
)

// jpegSegment is a marker and what it says.
type jpegSegment struct {
	marker byte
	data   []byte
	// coded is how many bytes of a scan follow its header.
	coded int
}

// jpegSegments are the segments of a JPEG up to its end, or to the first that
// is not whole. It finds every one that image/jpeg finds: bytes between
// segments are passed over.
func jpegSegments(data []byte) iter.Seq[jpegSegment] {
	return func(yield func(jpegSegment) bool) {
		for at := 2; ; {
			marker, from := nextMarker(data, at)
			if marker == jpegEOI || from+2 > len(data) {
				return
			}
			to := from + int(binary.BigEndian.Uint16(data[from:]))
			if to < from+2 || to > len(data) {
				return
			}
			s := jpegSegment{marker: marker, data: data[from+2 : to]}
			at = to
			if marker == jpegSOS {
				if _, at = nextMarker(data, to); at < len(data) {
					at -= 2 // to find the marker again
				}
				s.coded = at - to
			}
			if !yield(s) {
				return
			}
		}
	}
}

// nextMarker is the first marker from a position on that is neither a restart
// nor a 0xff in a scan's data, and the position behind it.
func nextMarker(data []byte, at int) (marker byte, behind int) {
	for at < len(data) {
		n := bytes.IndexByte(data[at:], 0xff)
		if n < 0 {
			break
		}
		at += n + 1
		for at < len(data) && data[at] == 0xff { // the last of fill bytes begins the marker
			at++
		}
		if at == len(data) {
			break
		}
		if m := data[at]; m != 0 && (m < jpegRST0 || m > jpegRST7) {
			return m, at + 1
		}
		at++
	}
	return jpegEOI, len(data)
}

// Bounds on the work of decoding a JPEG, beside its pixels. T.81 bounds neither
// scans nor tables, so a few bytes of scan after scan may keep a decoder busy
// for minutes.
const (
	// maxScans is what browsers and image libraries take, too: libjpeg's script
	// for progressive files has 10, those that encoders search for have fewer
	// than 20.
	maxScans = 100
	// maxVisits is how often a block may be visited in all scans, in a grey
	// picture of all the pixels that are allowed: as libjpeg's script visits the
	// blocks of a pixel of 4:2:0.
	maxVisits = 8
	// smallPicture has so few pixels that whole units and many scans count for
	// more than they.
	smallPicture = 1 << 20
	// maxTables is the most bytes of tables, above what a hundred scans with
	// large tables of their own take.
	maxTables = 128 << 10
	// The most samples, in halves, by the pixels that are allowed: of
	// progressive pictures, whose coefficients are held in memory, what 4:2:0
	// has, and of those of four components, which are turned into others, two.
	progressiveSamples, fourComponentSamples = 3, 4
)

// jpegFrame is a picture's layout.
type jpegFrame struct {
	progressive   bool
	width, height int
	components    []jpegComponent
}

type jpegComponent struct {
	id   byte
	h, v int
}

func readFrame(marker byte, s []byte) jpegFrame {
	const header, each = 6, 3
	f := jpegFrame{progressive: marker == jpegSOF2}
	if len(s) < header {
		return f
	}
	f.height, f.width = int(binary.BigEndian.Uint16(s[1:])), int(binary.BigEndian.Uint16(s[3:]))
	for s = s[header:]; len(s) >= each; s = s[each:] {
		f.components = append(f.components, jpegComponent{id: s[0], h: int(s[1] >> 4), v: int(s[1] & 15)})
	}
	if len(f.components) == 1 {
		// The sampling factors of a lone component have no meaning.
		f.components[0].h, f.components[0].v = 1, 1
	}
	return f
}

// blocks is how many blocks a component has in whole units, as scans of several
// components hold them, and how many in a scan of its own, which leaves out
// those outside the picture.
func (f jpegFrame) blocks(c jpegComponent) (whole, alone int) {
	luma := f.components[0]
	if luma.h == 0 || luma.v == 0 {
		return 0, 0
	}
	across := (f.width + 8*luma.h - 1) / (8 * luma.h) * c.h
	down := (f.height + 8*luma.v - 1) / (8 * luma.v) * c.v
	return across * down, min(across, (f.width+7)/8) * min(down, (f.height+7)/8)
}

// all is how many blocks all components have.
func (f jpegFrame) all() int {
	n := 0
	for _, c := range f.components {
		whole, _ := f.blocks(c)
		n += whole
	}
	return n
}

// mostSamples is how many halves of samples the picture may have by the pixels
// that are allowed.
func (f jpegFrame) mostSamples() int {
	switch {
	case f.progressive:
		return progressiveSamples
	case len(f.components) > 3:
		return fourComponentSamples
	}
	return 6
}

// checkJPEG is ErrTooLarge or ErrTooComplex when decoding would take more work
// than photos need, and ErrCorrupt when a scan is too short for its blocks. Of a file that
// is damaged in other ways it says nothing.
func checkJPEG(data []byte, _ image.Point, limits Limits) error {
	var frame jpegFrame
	scans, visits, tables := 0, 0, 0
	// Whole units may hold a sixteenth more.
	blocks := max(limits.Pixels, smallPicture) / 64 * 17 / 16
	for s := range jpegSegments(data) {
		switch {
		case s.marker >= jpegSOF0 && s.marker <= jpegSOF2 && frame.components == nil:
			frame = readFrame(s.marker, s.data)
			if n := frame.mostSamples(); 2*frame.all() > n*blocks {
				return fmt.Errorf("%w: %d×%d pixels of %d components, the limit for such a JPEG is %d samples in all", ErrTooLarge, frame.width, frame.height, len(frame.components), n*limits.Pixels/2)
			}
		case s.marker == jpegDHT || s.marker == jpegDQT:
			if tables += len(s.data); tables > maxTables {
				return fmt.Errorf("%w: more than %d bytes of JPEG tables", ErrTooComplex, maxTables)
			}
		case s.marker == jpegSOS:
			n, bits := frame.scan(s.data)
			if n*bits > 8*s.coded {
				return fmt.Errorf("%w: %d bytes are too few for %d blocks", ErrCorrupt, s.coded, n)
			}
			if scans++; scans > maxScans {
				return fmt.Errorf("%w: more than %d JPEG scans", ErrTooComplex, maxScans)
			}
			if visits += n; visits > maxVisits*blocks || !frame.progressive && visits > frame.all() {
				return fmt.Errorf("%w: %d JPEG scans of %d×%d pixels", ErrTooComplex, scans, frame.width, frame.height)
			}
		}
	}
	return nil
}

// scan is how many blocks a scan has, given its header, and the fewest bits
// that each takes: a code of one bit for the first coefficient, and another for
// the end of the block where the scan has the other coefficients, too. Scans
// of those alone need not have a bit a block.
func (f jpegFrame) scan(header []byte) (blocks, bits int) {
	if len(header) == 0 {
		return 0, 0
	}
	n := int(header[0])
	if len(header) != 4+2*n {
		return 0, 0
	}
	for i := range n {
		for _, c := range f.components {
			if c.id != header[1+2*i] {
				continue
			}
			whole, alone := f.blocks(c)
			if n > 1 {
				blocks += whole
			} else {
				blocks += alone
			}
		}
	}
	switch {
	case !f.progressive:
		return blocks, 2
	case header[1+2*n] == 0:
		return blocks, 1
	}
	return blocks, 0
}
