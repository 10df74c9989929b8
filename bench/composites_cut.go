package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/draw"

	"oneton/embed/embedtest/composite"
	"oneton/face"
)

// cutCell is of photos whose edge cuts into the face.
type cutCell struct {
	// Cut says what lies beyond the edge.
	Cut    string  `json:"cut"`
	Photos int     `json:"photos"`
	Found  float64 `json:"found"`
	// ToWhole is the cosine to the template of the whole photo, of the faces found.
	ToWhole levels  `json:"cosine_to_whole"`
	Mean    float64 `json:"mean_cosine_to_whole"`
	// Matched is the share of faces found that reach an FMR of 1e-4 to it.
	Matched float64 `json:"matched"`
}

// cutFace is a photo's edges as shares of the face's box, from its left and top.
type cutFace struct {
	what                     string
	left, top, right, bottom float64
}

var cutFaces = []cutFace{
	{"nothing, 5 % around", -0.05, -0.05, 1.05, 1.05},
	{"what is around the box", 0, 0, 1, 1},
	{"brow", -0.2, 0.22, 1.2, 1.1},
	{"chin", -0.2, -0.1, 1.2, 0.85},
	{"brow and chin", -0.1, 0.2, 1.1, 0.95},
	{"all but eyes to mouth", -0.05, 0.3, 1.05, 0.85},
	{"mouth and chin", -0.2, -0.2, 1.2, 0.66},
	{"left quarter", 0.25, -0.2, 1.2, 1.1},
	{"right quarter", -0.2, -0.2, 0.75, 1.1},
	{"left 40 %", 0.4, -0.2, 1.2, 1.1},
}

// cutInto measures photos that end inside the face, of heads leaning up to 20 degrees.
func (b *composites) cutInto(ctx context.Context, heads int) ([]cutCell, error) {
	cells := make([]cutCell, len(cutFaces))
	leans := []float64{0, -20, 10}
	sizes := []float64{60, 100, 300}
	err := each(ctx, len(cells), func(ctx context.Context, i int) error {
		c := &cells[i]
		c.Cut = cutFaces[i].what
		var toWhole []float64
		for n := range 4 * len(leans) * heads {
			head := b.heads[(7*i+n)%len(b.heads)]
			width := sizes[n/len(leans)%len(sizes)]
			height := width * float64(head.Box.Height/head.Box.Width)
			side := int(4 * width)
			whole := b.ground(i+n, side, side)
			in := composite.Paste(whole, composite.Placement{Head: head, X: 2 * width, Y: 2 * width, Width: width, Tilt: leans[n%len(leans)]})[0]
			left, top := in.X-width/2, in.Y-height/2
			shot, err := b.cutOut(ctx, whole, in, image.Rect(
				int(left+cutFaces[i].left*width), int(top+cutFaces[i].top*height),
				int(left+cutFaces[i].right*width), int(top+cutFaces[i].bottom*height),
			))
			if err != nil {
				return err
			}
			c.Photos++
			if shot.found {
				toWhole = append(toWhole, shot.toWhole)
				c.Mean += shot.toWhole
			}
		}
		n := max(1, len(toWhole))
		c.Found = float64(len(toWhole)) / float64(c.Photos)
		c.ToWhole, c.Mean, c.Matched = levelsOf(toWhole), c.Mean/float64(n), shareOf(toWhole, b.match, n)
		return nil
	})
	return cells, err
}

// smallCell is of photos of smallSide pixels that show little but a face, with a grey
// border and then enlarged: one photo of each person is enrolled, another searched.
type smallCell struct {
	Border  int `json:"border"`
	Enlarge int `json:"enlarged_by"`
	People  int `json:"people"`
	// Found is how many photos of both kinds have a face.
	Found int `json:"photos_with_a_face"`
	// Mates are found at an FMR of 1e-4, and so many pairs of strangers too.
	Mates         int `json:"mates"`
	Strangers     int `json:"strangers"`
	StrangerPairs int `json:"stranger_pairs"`
}

const smallSide = 150

// small measures small and tight photos, of people of a folder of aligned crops.
func (b *composites) small(ctx context.Context, folder string, people int, half string) ([]smallCell, error) {
	set, err := readSet(folder, "")
	if err != nil {
		return nil, err
	}
	set.keepOut()
	var of [][]int
	for i, photos := range slices.DeleteFunc(set.of, func(of []int) bool { return len(of) < 2 }) {
		if half == "all" || i%2 == 0 == (half == "first") {
			of = append(of, photos[:2])
		}
	}
	of = of[:min(people, len(of))]
	var cells []smallCell
	for _, by := range [][2]int{{0, 1}, {20, 1}, {40, 1}, {0, 2}, {0, 3}, {0, 8}} {
		cells = append(cells, smallCell{Border: by[0], Enlarge: by[1], People: len(of)})
	}
	for i := range cells {
		c := &cells[i]
		templates := make([][2]face.Template, len(of))
		probes := make([]face.Template, len(of))
		err := each(ctx, len(of), func(ctx context.Context, n int) error {
			for k, photo := range of[n] {
				m, err := composite.Read(set.photos[photo].path)
				if err != nil {
					return err
				}
				data, err := composite.JPEG(c.shown(m))
				if err != nil {
					return err
				}
				r, err := b.e.Embed(ctx, b.pack, data)
				if err != nil {
					return err
				}
				if len(r.Faces) > 0 {
					templates[n][k] = r.Faces[0].Template
				}
				if len(r.Faces) > 0 && k == 1 {
					probes[n] = r.Faces[0].Probe
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if err := c.count(templates, probes, b.match); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// shown is the photo of a crop.
func (c *smallCell) shown(crop *image.RGBA) *image.RGBA {
	photo := composite.Crop(crop, crop.Rect, smallSide, smallSide)
	framed := image.NewRGBA(photo.Rect.Inset(-c.Border))
	draw.Draw(framed, framed.Rect, image.NewUniform(color.Gray{Y: 127}), image.Point{}, draw.Src)
	draw.Draw(framed, photo.Rect, photo, image.Point{}, draw.Src)
	side := framed.Rect.Dx() * c.Enlarge
	return composite.Crop(framed, framed.Rect, side, side)
}

// count compares each person's second photo with everybody's first.
func (c *smallCell) count(templates [][2]face.Template, probes []face.Template, match float64) error {
	for n, of := range templates {
		for _, t := range of {
			if t != nil {
				c.Found++
			}
		}
		for m, other := range templates {
			if other[0] == nil || of[1] == nil {
				continue
			}
			cosine, err := probes[n].Cosine(other[0])
			if err != nil {
				return fmt.Errorf("compare: %w", err)
			}
			switch {
			case n != m:
				c.StrangerPairs++
				if cosine >= match {
					c.Strangers++
				}
			case cosine >= match:
				c.Mates++
			}
		}
	}
	return nil
}
