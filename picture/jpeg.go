package picture

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"oneton/photo"
	"oneton/picture/internal/jpeg"
)

func sizeOfJPEG(data []byte) (image.Point, error) {
	f, err := jpeg.ReadFrame(data)
	return image.Pt(f.Width, f.Height), err
}

func decodeJPEG(ctx context.Context, d *Decoder, data []byte) (*Picture, error) {
	data = withoutFill(data)
	f, err := jpeg.ReadFrame(data)
	if err != nil {
		return nil, err
	}
	m, err := d.memory.Decode(ctx, data, f)
	if err != nil {
		return nil, err
	}
	return viewJPEG(ctx, m)
}

// viewJPEG makes a picture of a decoded JPEG, and takes its memory over. The
// error is the context's.
func viewJPEG(ctx context.Context, m *jpeg.Image) (*Picture, error) {
	p := &Picture{Width: m.Width, Height: m.Height, MediaType: "image/jpeg"}
	if m.Damage != nil {
		p.lacks(m.Damage)
	}
	switch m.Model {
	case jpeg.Grey:
		p.colour = grey
	case jpeg.YCbCr:
		p.colour = fullRange
	case jpeg.RGB:
		p.colour = rgb
	case jpeg.CMYK, jpeg.YCCK:
		pix, err := fromInks(ctx, m)
		if err != nil {
			return nil, err
		}
		p.planes = packed(pix, 3*m.Width, 3, [3]int{0, 1, 2}, image.Pt(m.Width, m.Height))
		return p, nil
	}
	for i := range p.planes {
		s := m.Planes[min(i, len(m.Planes)-1)]
		p.planes[i] = plane{
			pix: s.Pix, dx: 1, dy: s.Stride, width: s.Width, height: s.Height,
			across: axis{scale: s.Across}, down: axis{scale: s.Down},
		}
	}
	return p, nil
}

// fromInks is the red, green and blue of each pixel of a picture of cyan,
// magenta, yellow and black. The error is the context's.
func fromInks(ctx context.Context, m *jpeg.Image) ([]uint8, error) {
	var columns [4][]int
	for i, p := range m.Planes {
		for x := range m.Width {
			columns[i] = append(columns[i], int(float64(x)*p.Across))
		}
	}
	pix := make([]uint8, 0, 3*m.Width*m.Height)
	for y := range m.Height {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var rows [4][]uint8
		for i, p := range m.Planes {
			rows[i] = p.Pix[int(float64(y)*p.Down)*p.Stride:]
		}
		for x := range m.Width {
			a, b, c := rows[0][columns[0][x]], rows[1][columns[1][x]], rows[2][columns[2][x]]
			if m.Model == jpeg.YCCK {
				a, b, c = color.YCbCrToRGB(a, b, c)
			} else {
				a, b, c = 255-a, 255-b, 255-c
			}
			a, b, c = color.CMYKToRGB(a, b, c, 255-rows[3][columns[3][x]])
			pix = append(pix, a, b, c)
		}
	}
	return pix, nil
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
	// blocks of a pixel of 4:4:4.
	maxVisits = 14
	// smallPicture has so few pixels that whole units and many scans count for
	// more than they.
	smallPicture = 1 << 20
	// maxTables is the most bytes of tables, above what a hundred scans with
	// large tables of their own take.
	maxTables = 128 << 10
	// maxJPEGMemory is the most bytes a pixel that is allowed: those of a
	// progressive picture with three samples a pixel, whose coefficients of two
	// bytes each are held beside.
	maxJPEGMemory = 9
)

// memoryOf is how many bytes decoding takes.
func memoryOf(f jpeg.Frame) int {
	samples, bytes := 64*f.Blocks(), 1
	if f.Progressive {
		bytes += 2
	}
	if f.Model == jpeg.CMYK || f.Model == jpeg.YCCK {
		return samples*bytes + 3*f.Width*f.Height
	}
	return samples * bytes
}

// checkJPEG is photo.ErrTooLarge or photo.ErrTooComplex when decoding would take more work
// than photos need. Of a damaged file it says nothing.
func checkJPEG(data []byte, _ image.Point, limits Limits) error {
	frame, err := jpeg.ReadFrame(data)
	if err != nil {
		return err
	}
	// Whole units may hold a sixteenth more.
	blocks := max(limits.Pixels, smallPicture) / 64 * 17 / 16
	if memory := memoryOf(frame); memory > maxJPEGMemory*64*blocks {
		return fmt.Errorf("%w: a JPEG of this kind with %d×%d pixels takes %d bytes, the limit is %d; send a smaller one", photo.ErrTooLarge, frame.Width, frame.Height, memory, maxJPEGMemory*limits.Pixels)
	}
	scans, visits, tables := 0, 0, 0
	for s := range jpeg.Segments(data) {
		switch s.Marker {
		case jpeg.DHT, jpeg.DQT:
			if tables += len(s.Data); tables > maxTables {
				return fmt.Errorf("%w: more than %d bytes of JPEG tables", photo.ErrTooComplex, maxTables)
			}
		case jpeg.SOS:
			scan, err := frame.ReadScan(s.Data)
			if err != nil {
				return nil // decoding ends here
			}
			if scans++; scans > maxScans {
				return fmt.Errorf("%w: more than %d JPEG scans", photo.ErrTooComplex, maxScans)
			}
			if visits += scan.Blocks(); visits > maxVisits*blocks || !frame.Progressive && visits > frame.Blocks() {
				return fmt.Errorf("%w: %d JPEG scans of %d×%d pixels", photo.ErrTooComplex, scans, frame.Width, frame.Height)
			}
		}
	}
	return nil
}
