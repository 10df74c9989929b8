// Package composite makes photos of which everything is known: heads cut out of
// other photos, turned, scaled and blended into a background, with the place,
// size, tilt and landmarks of each face.
package composite

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"

	"oneton/face"
)

// Head is a face with what is around it, as it is pasted.
type Head struct {
	// Name says whose face it is; two heads of one person have the same.
	Name string
	// Patch has alpha that fades at its edge.
	Patch *image.RGBA
	// Box and Landmarks are the face's in pixels of the patch.
	Box       face.Box
	Landmarks face.Landmarks
}

// ellipse is where a head ends, in pixels; it fades over its last quarter.
type ellipse struct{ x, y, rx, ry float64 }

// Cut takes a head out of a photo in which it stands upright.
func Cut(photo image.Image, name string, box face.Box, landmarks face.Landmarks) Head {
	w, h := float64(box.Width), float64(box.Height)
	return cut(photo, name, box, landmarks, ellipse{
		x: float64(box.X) + w/2, y: float64(box.Y) + 0.45*h, rx: 1.1 * w, ry: h,
	})
}

// AlignedSide is the side of an aligned crop in pixels.
const AlignedSide = 112

// aligned is where ArcFace's training put the landmarks (Deng et al.,
// "ArcFace", 2019; InsightFace, face_align.py).
var aligned = face.Landmarks{
	{X: 38.2946, Y: 51.6963}, {X: 73.5318, Y: 51.5014}, {X: 56.0252, Y: 71.7366}, {X: 41.5493, Y: 92.3655}, {X: 70.7299, Y: 92.2041},
}

// FromAligned takes the face out of a crop of AlignedSide pixels that is
// aligned as ArcFace's training was, which shows little around it.
func FromAligned(crop image.Image, name string) Head {
	return cut(crop, name, face.Box{X: 20, Y: 14, Width: 72, Height: 96}, aligned, ellipse{x: 56, y: 58, rx: 55, ry: 58})
}

func cut(photo image.Image, name string, box face.Box, landmarks face.Landmarks, e ellipse) Head {
	bounds := image.Rect(int(e.x-e.rx), int(e.y-e.ry), int(math.Ceil(e.x+e.rx)), int(math.Ceil(e.y+e.ry))).Intersect(photo.Bounds())
	mask := image.NewAlpha(bounds)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			dx, dy := (float64(x)+0.5-e.x)/e.rx, (float64(y)+0.5-e.y)/e.ry
			mask.SetAlpha(x, y, color.Alpha{A: uint8(math.Round(255 * fade(4*(1-math.Hypot(dx, dy)))))})
		}
	}
	h := Head{Name: name, Patch: image.NewRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy())), Box: box, Landmarks: landmarks}
	draw.DrawMask(h.Patch, h.Patch.Rect, photo, bounds.Min, mask, bounds.Min, draw.Src)
	return h.moved(-float32(bounds.Min.X), -float32(bounds.Min.Y))
}

// fade rises smoothly from 0 at 0 to 1 at 1.
func fade(t float64) float64 {
	t = max(0, min(1, t))
	return t * t * (3 - 2*t)
}

// moved is the head with its face elsewhere on the patch.
func (h Head) moved(dx, dy float32) Head {
	h.Box.X += dx
	h.Box.Y += dy
	for i := range h.Landmarks {
		h.Landmarks[i].X += dx
		h.Landmarks[i].Y += dy
	}
	return h
}

// Print is the head as a picture that hangs on a wall or is held up: on a
// background of its own, with an edge that does not fade.
func (h Head) Print(ground color.Color) Head {
	const margin = 0.06
	edge := int(margin * float64(h.Box.Width))
	return h.on(image.Rect(0, 0, h.Patch.Rect.Dx()+2*edge, h.Patch.Rect.Dy()+2*edge), image.Pt(edge, edge), func(m *image.RGBA) {
		draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(m, m.Rect.Inset(edge), image.NewUniform(ground), image.Point{}, draw.Src)
	})
}

// Card is an identity card of ISO/IEC 7810's ID-1 shape that shows the head at
// its left and lines of writing at its right.
func (h Head) Card() Head {
	w, t := h.Patch.Rect.Dx(), h.Patch.Rect.Dy()
	height := t * 3 / 2
	width := int(float64(height) * 85.6 / 53.98)
	return h.on(image.Rect(0, 0, width, height), image.Pt(w/8, t/3), func(m *image.RGBA) {
		draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{214, 222, 232, 255}), image.Point{}, draw.Src)
		draw.Draw(m, image.Rect(0, 0, width, t/5), image.NewUniform(color.RGBA{60, 90, 150, 255}), image.Point{}, draw.Src)
		for y := t / 3; y < height-t/8; y += t / 7 {
			draw.Draw(m, image.Rect(w*10/8, y, width-(y*7)%(w/2)-w/8, y+t/28), image.NewUniform(color.RGBA{70, 70, 80, 255}), image.Point{}, draw.Src)
		}
	})
}

// on is the head at a point of a sheet that paint fills.
func (h Head) on(sheet image.Rectangle, at image.Point, paint func(*image.RGBA)) Head {
	m := image.NewRGBA(sheet)
	paint(m)
	draw.Draw(m, h.Patch.Rect.Add(at), h.Patch, image.Point{}, draw.Over)
	h.Patch = m
	return h.moved(float32(at.X), float32(at.Y))
}

// Blurred is the head out of focus, by a Gaussian of a deviation given as a
// share of the face's width.
func (h Head) Blurred(share float64) Head {
	deviation := share * float64(h.Box.Width)
	room := int(math.Ceil(2 * deviation))
	wide := image.NewRGBA(image.Rect(0, 0, h.Patch.Rect.Dx()+2*room, h.Patch.Rect.Dy()+2*room))
	draw.Draw(wide, h.Patch.Rect.Add(image.Pt(room, room)), h.Patch, image.Point{}, draw.Src)
	h.Patch = blur(wide, deviation)
	return h.moved(float32(room), float32(room))
}

// blur smooths all four channels; beyond the edge there is nothing.
func blur(m *image.RGBA, deviation float64) *image.RGBA {
	radius := int(math.Ceil(3 * deviation))
	weights, total := make([]float64, 2*radius+1), 0.0
	for i := range weights {
		d := float64(i - radius)
		weights[i] = math.Exp(-d * d / (2 * deviation * deviation))
		total += weights[i]
	}
	pass := func(from *image.RGBA, step, line, n, lines int) *image.RGBA {
		to := image.NewRGBA(from.Rect)
		for l := range lines {
			for i := range n {
				var sum [4]float64
				for k, w := range weights {
					if j := i + k - radius; j >= 0 && j < n {
						at := l*line + j*step
						for c := range sum {
							sum[c] += w * float64(from.Pix[at+c])
						}
					}
				}
				for c, v := range sum {
					to.Pix[l*line+i*step+c] = uint8(math.Round(v / total))
				}
			}
		}
		return to
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	return pass(pass(m, 4, m.Stride, w, h), m.Stride, 4, h, w)
}
