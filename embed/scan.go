package embed

import (
	"context"
	"image"
	"math"
	"slices"

	"oneton/picture"
)

const (
	// smallestFace is the width in pixels of the faces that a photo is scanned
	// for, and leastShown how wide the detector must see a face to find it: of
	// faces pasted into photos YuNet found all at 24 pixels, four in five at 20
	// and a third at 13.
	smallestFace = 40
	leastShown   = 24
	// maxTiles bounds what a scan costs, upright and at each slant; beyond it tiles
	// grow, and the smallest faces with them.
	maxTiles = 48
	// within is the share of a box that lies in a larger one's when it is a part
	// of that face.
	within = 0.6
)

// scan looks at a photo that is larger than the detector's frame part by part,
// and returns the faces found before with those that are too small to be seen
// in the whole. The buffer has bufferSize values.
func (d *detector) scan(ctx context.Context, p *picture.Picture, found []detection, buffer []float32) ([]detection, error) {
	every := func(image.Rectangle) bool { return true }
	for _, tile := range d.tiles(p.Width, p.Height, every) {
		seen, err := d.detectIn(ctx, p.Part(tile), views[0], buffer)
		if err != nil {
			return nil, err
		}
		for _, s := range seen {
			s.move(float32(tile.Min.X), float32(tile.Min.Y))
			if !s.cut(tile, p.Width, p.Height) {
				found = append(found, s)
			}
		}
	}
	return d.apart(found), nil
}

// lean looks at a photo turned to both sides, whole or, where it is scanned, also part
// by part, and returns the faces found before with those of heads that lean too far
// for the detector.
func (d *detector) lean(ctx context.Context, p *picture.Picture, found []detection, scanned bool, m *memory) ([]detection, error) {
	upright := found
	for _, degrees := range slants {
		s := newSlant(p, degrees)
		tiles := []image.Rectangle{image.Rect(0, 0, s.width, s.height)}
		if scanned {
			tiles = append(tiles, d.tiles(s.width, s.height, func(tile image.Rectangle) bool { return !s.behind(tile).Empty() })...)
		}
		for _, tile := range tiles {
			seen, err := d.detectLeaning(ctx, s, tile, m)
			if err != nil {
				return nil, err
			}
			for _, f := range seen {
				// Whom the detector is sure of upright it sees best so.
				if !slices.ContainsFunc(upright, func(u detection) bool { return !u.doubtful && u.box.IoU(f.box) > d.NMS }) {
					found = append(found, f)
				}
			}
		}
	}
	return d.apart(found), nil
}

// apart leaves out what is found twice, and parts of larger faces.
func (d *detector) apart(found []detection) []detection {
	found = suppress(found, d.NMS)
	whole := slices.Clone(found)
	return slices.DeleteFunc(found, func(s detection) bool {
		return slices.ContainsFunc(whole, s.partOf)
	})
}

// tiles are squares that cover a photo of the size; none when the frame shows
// all of its pixels. Two that are side by side share a strip as wide as the
// largest face that is not seen in the whole photo, so that one of them shows
// it whole. Those that are not wanted are left out.
func (d *detector) tiles(width, height int, wanted func(image.Rectangle) bool) []image.Rectangle {
	longest := max(width, height)
	if longest <= d.Frame {
		return nil
	}
	shared := longest * leastShown * 9 / 8 / d.Frame
	side := min(longest/2, d.Frame*smallestFace/leastShown)
	for side = max(side, d.Frame, 2*shared); ; side += side / 8 {
		columns, rows := starts(width, side, shared), starts(height, side, shared)
		if len(columns)*len(rows) > 4*maxTiles {
			continue
		}
		tiles := make([]image.Rectangle, 0, len(columns)*len(rows))
		for _, y := range rows {
			for _, x := range columns {
				tile := image.Rect(x, y, min(x+side, width), min(y+side, height))
				if wanted(tile) {
					tiles = append(tiles, tile)
				}
			}
		}
		if len(tiles) <= maxTiles {
			return tiles
		}
	}
}

// starts are where parts of a length begin along a side, the last at its end,
// each with a strip shared with the next.
func starts(length, part, shared int) []int {
	n := 1
	if length > part {
		n += int(math.Ceil(float64(length-part) / float64(part-shared)))
	}
	at := make([]int, n)
	for i := range at[1:] {
		at[i+1] = (i + 1) * (length - part) / (n - 1)
	}
	return at
}

func (d *detection) move(x, y float32) {
	d.box.X += x
	d.box.Y += y
	for i := range d.landmarks {
		d.landmarks[i].X += x
		d.landmarks[i].Y += y
	}
}

// cut says that a face reaches a side of the tile beyond which the photo goes
// on, where more of it may be.
func (d *detection) cut(tile image.Rectangle, width, height int) bool {
	const near = 1. / 256 // of the tile
	margin := float32(float64(max(tile.Dx(), tile.Dy())) * near)
	return tile.Min.X > 0 && d.box.X < float32(tile.Min.X)+margin ||
		tile.Min.Y > 0 && d.box.Y < float32(tile.Min.Y)+margin ||
		tile.Max.X < width && d.box.X+d.box.Width > float32(tile.Max.X)-margin ||
		tile.Max.Y < height && d.box.Y+d.box.Height > float32(tile.Max.Y)-margin
}

// partOf says that d is what a tile shows of w, a larger face that the detector
// is more sure of.
func (d *detection) partOf(w detection) bool {
	return w.confidence > d.confidence && w.box.Area() > d.box.Area() &&
		d.box.Intersection(w.box) > float32(within*d.box.Area())
}
