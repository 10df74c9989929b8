package jpeg

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// Markers (ITU-T T.81, table B.1; APP1 of EXIF, CIPA DC-008, section 4.7).
const (
	SOF0  = 0xc0
	SOF1  = 0xc1
	SOF2  = 0xc2
	DHT   = 0xc4
	EOI   = 0xd9
	SOS   = 0xda
	DQT   = 0xdb
	APP1  = 0xe1
	sof15 = 0xcf
	jpg   = 0xc8
	dac   = 0xcc
	rst0  = 0xd0
	rst7  = 0xd7
	dnl   = 0xdc
	dri   = 0xdd
	app0  = 0xe0
	app14 = 0xee
)

// Segment is a marker and what it says.
type Segment struct {
	Marker byte
	Data   []byte
	// Coded is what follows the header of a scan: its data, as they are in the
	// file, up to the next marker that is no restart.
	Coded []byte
}

// Segments are the segments of a JPEG up to and with its end, or up to the first
// that is not whole. Bytes between segments are passed over.
func Segments(data []byte) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for at := 2; ; {
			s, next := segmentAt(data, at)
			if s.Marker == SOS {
				marker, behind := nextMarker(data, next)
				if marker != 0 {
					behind -= 2 // to find the marker again
				}
				s.Coded = data[next:behind]
				next = behind
			}
			if s.Marker == 0 || !yield(s) || s.Marker == EOI {
				return
			}
			at = next
		}
	}
}

// Headers are the segments before the image data, and the first scan's header.
func Headers(data []byte) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for at := 2; ; {
			s, next := segmentAt(data, at)
			if s.Marker == 0 || !yield(s) || s.Marker == SOS || s.Marker == EOI {
				return
			}
			at = next
		}
	}
}

// segmentAt is the first segment from a position on, without a scan's data, and
// the position behind it. It has no marker when it is not whole.
func segmentAt(data []byte, at int) (s Segment, behind int) {
	marker, from := nextMarker(data, at)
	if marker == EOI {
		return Segment{Marker: EOI}, from
	}
	if from+2 > len(data) {
		return Segment{}, from
	}
	to := from + int(binary.BigEndian.Uint16(data[from:]))
	if to < from+2 || to > len(data) {
		return Segment{}, from
	}
	return Segment{Marker: marker, Data: data[from+2 : to]}, to
}

// nextMarker is the first marker from a position on that is neither a restart
// nor a 0xff in a scan's data, and the position behind it; 0 where there is none.
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
		if m := data[at]; m != 0 && (m < rst0 || m > rst7) {
			return m, at + 1
		}
		at++
	}
	return 0, len(data)
}
