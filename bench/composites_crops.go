package main

import (
	"context"
	"fmt"
	"image"

	"oneton/embed/embedtest/composite"
	"oneton/face"
	"oneton/photo"
)

// wholeCell is of faces in whole photos.
type wholeCell struct {
	Megapixels float64 `json:"megapixels,omitempty"`
	Face       int     `json:"face_pixels,omitempty"`
	Tilt       int     `json:"tilt"`
	Photos     int     `json:"photos"`
	// Found is the share of faces found with detail full, Fast with fast, and
	// CropFound of their crops.
	Found     float64 `json:"found"`
	Fast      float64 `json:"found_fast"`
	CropFound float64 `json:"crop_found"`
	// Near is the share of faces whose template in the whole photo is at 0.95
	// or more to that of the crop, of all whose crop is found.
	Near float64 `json:"near_crop"`
	// ToCrop and ToTrue are the cosines of the whole photo's template to the
	// crop's, and to that of the true landmarks.
	ToCrop     levels `json:"cosine_to_crop"`
	ToTrue     levels `json:"cosine_to_true"`
	CropToTrue levels `json:"crop_cosine_to_true"`
	// Landmarks is their median error in distances between the eyes.
	Landmarks float64 `json:"landmark_error"`
}

// near is the cosine from which on two templates say the same.
const near = 0.95

// margin is what a caller leaves around a face, in widths of it.
const margin = 0.5

type wholeShot struct {
	width, height, face, tilt, n int

	found, fast, cropFound     bool
	toCrop, toTrue, cropToTrue float64
	landmarks                  float64
}

var (
	photoSizes = []image.Point{{160, 120}, {640, 480}, {1600, 1200}, {4000, 3000}, {6000, 4000}}
	faceSizes  = []int{40, 80, 160, 320, 640, 1200}
	tilts      = []int{0, 10, 20, 25, 30, 35, 40, 45, 90, 135, 180}
)

// fits says whether a face of a width is at home in a photo of a height.
func fits(width, height int) bool { return 4*width <= 3*height-4*height/12 }

// manyPixels says whether a photo takes so long that there are fewer of its size.
func manyPixels(size image.Point) bool { return size.X*size.Y >= 12e6 }

func few(heads int, size image.Point) int {
	if manyPixels(size) {
		return max(1, heads/4)
	}
	return heads
}

// whole measures whole photos against their callers' crops.
func (b *composites) whole(ctx context.Context, heads int, largest float64) (bySize, byTilt []wholeCell, err error) {
	var shots []wholeShot
	for _, size := range photoSizes {
		for _, width := range faceSizes {
			for _, tilt := range tilts {
				if manyPixels(size) && tilt != 0 && tilt != 25 && tilt != 45 {
					continue
				}
				for range few(heads, size) {
					if fits(width, size.Y) && float64(size.X*size.Y) <= 1e6*largest {
						shots = append(shots, wholeShot{width: size.X, height: size.Y, face: width, tilt: tilt, n: len(shots)})
					}
				}
			}
		}
	}
	err = each(ctx, len(shots), func(ctx context.Context, i int) error { return b.shoot(ctx, &shots[i]) })
	if err != nil {
		return nil, nil, err
	}
	for _, size := range photoSizes {
		for _, width := range faceSizes {
			bySize = appendCell(bySize, wholeCell{Megapixels: float64(size.X*size.Y) / 1e6, Face: width}, shots, func(s wholeShot) bool {
				return s.width == size.X && s.face == width && s.tilt <= 45
			})
		}
	}
	for _, tilt := range tilts {
		byTilt = appendCell(byTilt, wholeCell{Tilt: tilt}, shots, func(s wholeShot) bool { return s.tilt == tilt })
	}
	return bySize, byTilt, nil
}

func (b *composites) shoot(ctx context.Context, s *wholeShot) error {
	head := b.heads[s.n%len(b.heads)]
	scene := b.ground(s.n, s.width, s.height)
	// The face lies off the middle, where there is room.
	at := func(i, side int) float64 {
		room := max(0, float64(side)-2.2*float64(s.face))
		return float64(side)/2 + room*(float64((s.n*i)%5)/4-0.5)*0.9
	}
	sign := float64(1 - 2*(s.n%2))
	t := composite.Paste(scene, composite.Placement{Head: head, X: at(2, s.width), Y: at(3, s.height), Width: float64(s.face), Tilt: sign * float64(s.tilt)})[0]
	truly, err := b.truly(ctx, scene, t)
	if err != nil {
		return err
	}
	f, _, err := b.find(ctx, scene, t, photo.CheckSmall)
	if err != nil {
		return err
	}
	fast, _, err := b.find(ctx, scene, t)
	if err != nil {
		return err
	}
	part := t.Around(margin).Intersect(scene.Rect)
	within := t
	within.X -= float64(part.Min.X)
	within.Y -= float64(part.Min.Y)
	crop := composite.Crop(scene, part, part.Dx(), part.Dy())
	cf, _, err := b.find(ctx, crop, within)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("whole-%dx%d-face%d-tilt%d-%s", s.width, s.height, s.face, s.tilt, head.Name)
	s.found, s.fast, s.cropFound = f != nil, fast != nil, cf != nil
	if cf != nil {
		if s.cropToTrue, err = cf.Template.Cosine(truly); err != nil {
			return err
		}
	}
	if f == nil {
		return b.keepPhoto(scene, name+"-lost")
	}
	s.landmarks = landmarkError(f, t)
	if s.toTrue, err = f.Template.Cosine(truly); err != nil || cf == nil {
		return err
	}
	if s.toCrop, err = face.Template.Cosine(f.Template, cf.Template); err != nil || s.toCrop >= near {
		return err
	}
	return b.keepPhoto(scene, fmt.Sprintf("%s-%.2f", name, s.toCrop))
}

// appendCell sums up the shots that are wanted, unless there are none.
func appendCell(cells []wholeCell, c wholeCell, shots []wholeShot, want func(wholeShot) bool) []wholeCell {
	var toCrop, toTrue, cropToTrue, landmarks []float64
	fast := 0
	for _, s := range shots {
		if !want(s) {
			continue
		}
		c.Photos++
		if s.fast {
			fast++
		}
		if s.cropFound {
			cropToTrue = append(cropToTrue, s.cropToTrue)
		}
		if !s.found {
			continue
		}
		toTrue, landmarks = append(toTrue, s.toTrue), append(landmarks, s.landmarks)
		if s.cropFound {
			toCrop = append(toCrop, s.toCrop)
		}
	}
	if c.Photos == 0 {
		return cells
	}
	c.Fast = float64(fast) / float64(c.Photos)
	c.Found, c.CropFound = float64(len(toTrue))/float64(c.Photos), float64(len(cropToTrue))/float64(c.Photos)
	c.Near = shareOf(toCrop, near, len(cropToTrue))
	c.ToCrop, c.ToTrue, c.CropToTrue, c.Landmarks = levelsOf(toCrop), levelsOf(toTrue), levelsOf(cropToTrue), levelsOf(landmarks).Median
	return append(cells, c)
}

// tightCell is of square photos that a face fills, cut out of larger ones.
type tightCell struct {
	Side   int     `json:"side"`
	Margin float64 `json:"margin"`
	Photos int     `json:"photos"`
	Found  float64 `json:"found"`
	// Near is the share of all photos whose template is at 0.95 or more to that
	// of the whole photo.
	Near    float64 `json:"near_whole"`
	ToWhole levels  `json:"cosine_to_whole"`
	// ToTrue compares with the template of the true landmarks.
	ToTrue    levels  `json:"cosine_to_true"`
	Landmarks float64 `json:"landmark_error"`
}

// tight measures photos that a face fills, of heads leaning 0 to 40 degrees.
func (b *composites) tight(ctx context.Context, heads int) ([]tightCell, error) {
	var cells []tightCell
	for _, side := range []int{100, 150, 250, 400, 800, 1200} {
		for _, margin := range []float64{0, 0.1, 0.25, 0.5} {
			cells = append(cells, tightCell{Side: side, Margin: margin})
		}
	}
	leans := []float64{0, -20, 40}
	err := each(ctx, len(cells), func(ctx context.Context, i int) error {
		c := &cells[i]
		var toWhole, toTrue, landmarks []float64
		for n := range len(leans) * heads {
			head := b.heads[(7*i+n)%len(b.heads)]
			width := float64(c.Side) / (float64(head.Box.Height/head.Box.Width) + 2*c.Margin)
			around := int(width)
			whole := b.ground(i+n, c.Side+2*around, c.Side+2*around)
			half := float64(c.Side)/2 + float64(around)
			in := composite.Paste(whole, composite.Placement{Head: head, X: half, Y: half, Width: width, Tilt: leans[n%len(leans)]})[0]
			shot, err := b.cutOut(ctx, whole, in, image.Rect(around, around, around+c.Side, around+c.Side))
			if err != nil {
				return err
			}
			c.Photos++
			if shot.found {
				toWhole, toTrue, landmarks = append(toWhole, shot.toWhole), append(toTrue, shot.toTrue), append(landmarks, shot.landmarks)
			}
			if shot.toWhole < near {
				if err := b.keepPhoto(whole, fmt.Sprintf("tight-%d-%.2f-tilt%.0f-%s-%.2f", c.Side, c.Margin, leans[n%len(leans)], head.Name, shot.toWhole)); err != nil {
					return err
				}
			}
		}
		c.Found = float64(len(toTrue)) / float64(c.Photos)
		c.Near = shareOf(toWhole, near, c.Photos)
		c.ToWhole, c.ToTrue, c.Landmarks = levelsOf(toWhole), levelsOf(toTrue), levelsOf(landmarks).Median
		return nil
	})
	return cells, err
}

// tightShot is what becomes of a face whose photo is cut; found says whether it
// is there in both.
type tightShot struct {
	found                      bool
	toWhole, toTrue, landmarks float64
}

// cutOut compares a face in a photo with itself in a part of the photo.
func (b *composites) cutOut(ctx context.Context, whole *image.RGBA, t composite.Truth, part image.Rectangle) (tightShot, error) {
	truly, err := b.truly(ctx, whole, t)
	if err != nil {
		return tightShot{}, err
	}
	all, _, err := b.find(ctx, whole, t)
	if err != nil {
		return tightShot{}, err
	}
	within := t
	within.X -= float64(part.Min.X)
	within.Y -= float64(part.Min.Y)
	for i := range within.Landmarks {
		within.Landmarks[i].X -= float32(part.Min.X)
		within.Landmarks[i].Y -= float32(part.Min.Y)
	}
	f, _, err := b.find(ctx, composite.Crop(whole, part, part.Dx(), part.Dy()), within)
	if err != nil || f == nil || all == nil {
		return tightShot{}, err
	}
	s := tightShot{found: true, landmarks: landmarkError(f, within)}
	if s.toTrue, err = f.Template.Cosine(truly); err != nil {
		return tightShot{}, err
	}
	s.toWhole, err = f.Template.Cosine(all.Template)
	return s, err
}
