package ocr

import (
	"math"

	"oneton/picture"
)

// Strip is one line of text as the recogniser sees it: StripHeight pixels high, in
// [0, 255], and as wide as the line is for that height.
type Strip struct{ *picture.Raster }

// StripHeight is the height that the recogniser learnt at, and LeastStripWidth the
// width: narrower strips are filled up before they are read. Longer lines are squeezed
// to MaxStripWidth (PaddleOCR, configs/rec/PP-OCRv5/PP-OCRv5_mobile_rec.yml, and
// MAX_IMG_W in its inference).
const (
	StripHeight     = 48
	LeastStripWidth = 320
	MaxStripWidth   = 3200
)

// Cut takes a line out of a picture, upright and straight. A line that is higher
// than a strip is averaged down to it, so that thin strokes stay.
func Cut(p *picture.Picture, q Quad) Strip { return CutStretched(p, q, 1) }

// CutStretched is Cut with the line drawn out to so many times its width.
func CutStretched(p *picture.Picture, q Quad, stretch float64) Strip {
	w, h := q.Width(), max(q.Height(), 1)
	width := int(math.Ceil(StripHeight * stretch * w / h))
	width = min(max(width, 1), MaxStripWidth)
	strip := Strip{picture.NewRaster(width, StripHeight)}
	across, down := samples(w/float64(width)), samples(h/StripHeight)
	fine := strip.Raster
	if across > 1 || down > 1 {
		fine = picture.NewRaster(across*width, down*StripHeight)
	}
	p.WarpRepeating(fine, q.toPicture(fine.Width, fine.Height))
	if fine != strip.Raster {
		average(strip.Raster, fine, across, down)
	}
	return strip
}

// samples is how many of a picture's pixels are looked at, along one side, for a
// strip's pixel that covers so many.
func samples(covered float64) int {
	const most = 6
	return min(max(int(math.Round(covered)), 1), most)
}

// average fills a raster from one that has across times down pixels for each.
func average(dst, src *picture.Raster, across, down int) {
	share := 1 / float32(across*down)
	for k, to := range [][]float32{dst.R, dst.G, dst.B} {
		from := [][]float32{src.R, src.G, src.B}[k]
		for y := range src.Height {
			row := to[y/down*dst.Width:]
			for x, v := range from[y*src.Width : (y+1)*src.Width] {
				row[x/across] += float32(v * share)
			}
		}
	}
}
