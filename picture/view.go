package picture

import (
	"image"
	"image/color"
)

// Of makes a picture of an image in memory, an *image.RGBA without transparent
// parts, an *image.Gray or an *image.YCbCr of full range whose bounds start at
// (0, 0), and takes its memory over. The media type is what it came from.
func Of(img image.Image, mediaType string) *Picture { return view(img, mediaType) }

// view makes a picture of an image that one of the decoders made, and takes its
// memory over. Transparent parts are shown on white.
func view(img image.Image, mediaType string) *Picture {
	size := img.Bounds().Size()
	p := &Picture{Width: size.X, Height: size.Y, MediaType: mediaType}
	switch m := img.(type) {
	case *image.YCbCr:
		p.colour = fullRange
		if mediaType == "image/webp" {
			p.colour = studioRange
		}
		p.planes = yCbCrPlanes(m)
	case *image.Gray:
		p.colour = grey
		p.planes = packed(m.Pix, m.Stride, 1, [3]int{0, 0, 0}, size)
	case *image.Gray16:
		p.colour = grey
		p.planes = packed(m.Pix, m.Stride, 2, [3]int{0, 0, 0}, size)
	case *image.RGBA: // opaque, as RGBA64 is
		p.planes = packed(m.Pix, m.Stride, 4, [3]int{0, 1, 2}, size)
	case *image.RGBA64: // big-endian: the high byte comes first
		p.planes = packed(m.Pix, m.Stride, 8, [3]int{0, 2, 4}, size)
	case *image.NRGBA:
		whiten(m.Pix, 4, [4]int{0, 1, 2, 3})
		p.planes = packed(m.Pix, m.Stride, 4, [3]int{0, 1, 2}, size)
	case *image.NRGBA64:
		whiten(m.Pix, 8, [4]int{0, 2, 4, 6})
		p.planes = packed(m.Pix, m.Stride, 8, [3]int{0, 2, 4}, size)
	case *image.Paletted:
		p.planes = packed(fromPalette(m), 3*size.X, 3, [3]int{0, 1, 2}, size)
	case *image.NYCbCrA:
		p.planes = packed(fromTransparent(m), 3*size.X, 3, [3]int{0, 1, 2}, size)
	}
	return p
}

// packed views samples that lie step bytes apart, each plane from its offset.
func packed(pix []uint8, stride, step int, offsets [3]int, size image.Point) [3]plane {
	var planes [3]plane
	for i, offset := range offsets {
		planes[i] = plane{
			pix: pix, origin: offset, dx: step, dy: stride,
			width: size.X, height: size.Y,
			across: axis{scale: 1}, down: axis{scale: 1},
		}
	}
	return planes
}

// yCbCrPlanes views the planes of an image whose bounds start at a multiple of
// the subsampling, as those of decoders do.
func yCbCrPlanes(m *image.YCbCr) [3]plane {
	size := m.Rect.Size()
	planes := packed(m.Y, m.YStride, 1, [3]int{}, size)
	across, down := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		across = 2
	case image.YCbCrSubsampleRatio420:
		across, down = 2, 2
	case image.YCbCrSubsampleRatio440:
		down = 2
	case image.YCbCrSubsampleRatio411:
		across = 4
	case image.YCbCrSubsampleRatio410:
		across, down = 4, 2
	}
	for i, pix := range [][]uint8{m.Cb, m.Cr} {
		planes[i+1] = plane{
			pix: pix, dx: 1, dy: m.CStride,
			width: (size.X + across - 1) / across, height: (size.Y + down - 1) / down,
			across: axis{scale: 1 / float64(across)}, down: axis{scale: 1 / float64(down)},
		}
	}
	return planes
}

// onWhite is a sample shown on white through its alpha.
func onWhite(v, alpha uint8) uint8 {
	return uint8((int(v)*int(alpha) + 255*(255-int(alpha)) + 127) / 255)
}

// whiten shows pixels of so many bytes on white, in place. The offsets are
// those of red, green, blue and alpha.
func whiten(pix []uint8, step int, offsets [4]int) {
	for ; len(pix) >= step; pix = pix[step:] {
		alpha := pix[offsets[3]]
		if alpha == 255 {
			continue
		}
		for _, o := range offsets[:3] {
			pix[o] = onWhite(pix[o], alpha)
		}
	}
}

// fromPalette is the red, green and blue of each pixel.
func fromPalette(m *image.Paletted) []uint8 {
	var colours [256][3]uint8
	for i, c := range m.Palette {
		n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
		colours[i] = [3]uint8{onWhite(n.R, n.A), onWhite(n.G, n.A), onWhite(n.B, n.A)}
	}
	pix := make([]uint8, 3*len(m.Pix))
	for i, index := range m.Pix {
		c := &colours[index]
		pix[3*i], pix[3*i+1], pix[3*i+2] = c[0], c[1], c[2]
	}
	return pix
}

// fromTransparent is the red, green and blue of each pixel of a lossy WebP with
// transparency.
func fromTransparent(m *image.NYCbCrA) []uint8 {
	size := m.Rect.Size()
	pix := make([]uint8, 0, 3*size.X*size.Y)
	row := NewRaster(size.X, 1)
	for y := range size.Y {
		for x := range size.X {
			c := m.COffset(x, y)
			row.R[x], row.G[x], row.B[x] = float32(m.Y[m.YOffset(x, y)]), float32(m.Cb[c]), float32(m.Cr[c])
		}
		studioRange.convertRow(row.R, row.G, row.B)
		alphas := m.A[y*m.AStride:]
		for x := range size.X {
			for _, v := range [3]float32{row.R[x], row.G[x], row.B[x]} {
				pix = append(pix, onWhite(uint8(v+0.5), alphas[x]))
			}
		}
	}
	return pix
}
