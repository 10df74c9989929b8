package jpeg

import (
	"encoding/binary"
	"fmt"
)

// UnsupportedError is a kind of JPEG that is not read, and what to do.
type UnsupportedError string

func (e UnsupportedError) Error() string { return string(e) }

// DamageError is what is wrong with a file.
type DamageError string

func (e DamageError) Error() string { return string(e) }

func damaged(format string, a ...any) error { return DamageError(fmt.Sprintf(format, a...)) }

// Model says what the components are.
type Model int

// The kinds of components.
const (
	Grey Model = iota
	// YCbCr is as JFIF has it.
	YCbCr
	RGB
	// CMYK is how much paper is left of each ink, and YCCK the same with the first
	// three as YCbCr, as Adobe writes both. Every reader takes those of other
	// writers for the same.
	CMYK
	YCCK
)

// Frame is a picture's layout.
type Frame struct {
	Progressive   bool
	Width, Height int
	Components    []Component
	Model         Model
}

// Component is one colour plane. Of the picture's columns it has H in maxH, the
// largest of all components' H, and of its rows V in maxV.
type Component struct {
	ID   byte
	H, V int
	// quantiser is which table its coefficients are quantised by.
	quantiser byte
}

// maxTable is the highest number of a table (T.81, B.2.4).
const maxTable = 3

// ReadFrame reads the headers before the image. Its error is an
// UnsupportedError or a DamageError.
func ReadFrame(data []byte) (Frame, error) {
	var f Frame
	var colours colours
	for s := range Headers(data) {
		switch {
		case s.Marker == SOS && f.Components == nil:
			return f, damaged("there is image data before the frame header (SOF)")
		case s.Marker == SOS:
			f.Model = colours.model(f.Components)
			if f.Height == 0 {
				f.Height = linesBehind(data)
			}
			if f.Width == 0 || f.Height == 0 {
				return f, damaged("the frame header says %d×%d pixels", f.Width, f.Height)
			}
			return f, nil
		case s.Marker >= SOF0 && s.Marker <= sof15 && s.Marker != DHT && s.Marker != jpg && s.Marker != dac:
			if f.Components != nil {
				return f, damaged("there are two frame headers (SOF)")
			}
			if err := f.read(s); err != nil {
				return f, err
			}
		default:
			colours.read(s)
		}
	}
	return f, damaged("the file ends before the image data")
}

// read reads a frame header (T.81, B.2.2).
func (f *Frame) read(s Segment) error {
	const header, each = 6, 3
	if s.Marker > SOF2 {
		return UnsupportedError(kinds[s.Marker] + "; save it as a baseline or progressive JPEG")
	}
	if len(s.Data) < header {
		return damaged("the frame header (SOF) has %d bytes", len(s.Data))
	}
	if depth := s.Data[0]; depth != 8 {
		return UnsupportedError(fmt.Sprintf("a JPEG of %d bits a sample; save it with 8", depth))
	}
	f.Progressive = s.Marker == SOF2
	f.Height, f.Width = int(binary.BigEndian.Uint16(s.Data[1:])), int(binary.BigEndian.Uint16(s.Data[3:]))
	n := int(s.Data[5])
	if n != 1 && n != 3 && n != 4 {
		return UnsupportedError(fmt.Sprintf("a JPEG of %d colour components; save it with 1, 3 or 4", n))
	}
	if len(s.Data) < header+each*n {
		return damaged("the frame header (SOF) has %d bytes for %d components", len(s.Data), n)
	}
	for i := range n {
		c := s.Data[header+each*i:]
		f.Components = append(f.Components, Component{ID: c[0], H: int(c[1] >> 4), V: int(c[1] & 15), quantiser: c[2]})
		if c := f.Components[i]; c.H < 1 || c.H > 4 || c.V < 1 || c.V > 4 || c.quantiser > maxTable {
			return damaged("component %d has sampling factors %d×%d and table %d; both factors must be 1 to 4, and the table at most 3", i+1, c.H, c.V, c.quantiser)
		}
		for _, other := range f.Components[:i] {
			if c[0] == other.ID {
				return damaged("two components have the id %d", c[0])
			}
		}
	}
	if n == 1 {
		// The sampling factors of a lone component have no meaning.
		f.Components[0].H, f.Components[0].V = 1, 1
	}
	return nil
}

// kinds are those of T.81 (table B.1) that hardly anybody writes, and few read.
var kinds = map[byte]string{
	0xc3: "a lossless JPEG", 0xc5: "a hierarchical JPEG", 0xc6: "a hierarchical JPEG", 0xc7: "a hierarchical JPEG",
	0xc9: "a JPEG with arithmetic coding", 0xca: "a JPEG with arithmetic coding", 0xcb: "a lossless JPEG",
	0xcd: "a hierarchical JPEG", 0xce: "a hierarchical JPEG", 0xcf: "a hierarchical JPEG",
}

// linesBehind is the height of a picture that tells it behind its first scan
// (T.81, B.2.5), or 0.
func linesBehind(data []byte) int {
	scanned := false
	for s := range Segments(data) {
		switch {
		case s.Marker == SOS && scanned:
			return 0
		case s.Marker == SOS:
			scanned = true
		case s.Marker == dnl && scanned && len(s.Data) == 2:
			return int(binary.BigEndian.Uint16(s.Data))
		}
	}
	return 0
}

// colours is what the headers say of the colours.
type colours struct {
	jfif, adobe bool
	transform   byte
}

func (c *colours) read(s Segment) {
	const adobe, transform = "Adobe", 11
	switch {
	case s.Marker == app0 && len(s.Data) >= 5 && string(s.Data[:5]) == "JFIF\x00":
		c.jfif = true
	case s.Marker == app14 && len(s.Data) > transform && string(s.Data[:len(adobe)]) == adobe:
		c.adobe, c.transform = true, s.Data[transform]
	}
}

// model is what libjpeg takes the components for.
func (c *colours) model(components []Component) Model {
	switch {
	case len(components) == 1:
		return Grey
	case len(components) == 4 && c.adobe && c.transform != 0:
		return YCCK
	case len(components) == 4:
		return CMYK
	case c.jfif:
		return YCbCr
	case c.adobe && c.transform == 0:
		return RGB
	case !c.adobe && components[0].ID == 'R' && components[1].ID == 'G' && components[2].ID == 'B':
		return RGB
	}
	return YCbCr
}

// most are the largest sampling factors.
func (f *Frame) most() (h, v int) {
	for _, c := range f.Components {
		h, v = max(h, c.H), max(v, c.V)
	}
	return h, v
}

// units says how many units (MCU) lie across and down the picture.
func (f *Frame) units() (across, down int) {
	h, v := f.most()
	return ceil(f.Width, 8*h), ceil(f.Height, 8*v)
}

// size is how many samples a component has across and down the picture.
func (f *Frame) size(c Component) (width, height int) {
	h, v := f.most()
	return ceil(f.Width*c.H, h), ceil(f.Height*c.V, v)
}

// Blocks is how many blocks all components have in whole units.
func (f *Frame) Blocks() int {
	across, down := f.units()
	n := 0
	for _, c := range f.Components {
		n += c.H * c.V
	}
	return n * across * down
}

func ceil(n, by int) int { return (n + by - 1) / by }
