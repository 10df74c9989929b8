// Package gesturetest films stills: clips in which a photo of somebody is moved,
// tilted, bent, lit or exchanged, as whoever holds a photo before a camera does. A
// program makes them; nothing is printed or photographed.
package gesturetest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"

	"oneton/face"
)

// Rate is how many pictures a second a film has.
const Rate = 25

// Side is the side of its pictures.
const Side = 320

// Still is a photo of a face.
type Still struct {
	Photo image.Image
	Face  face.Box
}

// Attack is a way to show stills.
type Attack struct {
	Name string
	// Needs is how many stills of one person it shows.
	Needs int
	// at is the still that is shown at a time in seconds, and what is done to it.
	at func(t float64) shot
}

// shot is a still as it is shown: from places in the picture, (−1, −1) to (1, 1), to
// places in the still in units of half of what it shows, and by how much brighter.
type shot struct {
	still int
	from  func(x, y float64) (float64, float64)
	light float64
	// bar is the height of a bar of skin over the eyes, and strip that of one of the
	// second still; 0 is none.
	bar, strip float64
}

func flat(x, y float64) (float64, float64) { return x, y }

// wave is a sine of a frequency, from −1 to 1.
func wave(t, hertz float64) float64 { return math.Sin(2 * math.Pi * hertz * t) }

// Attacks are all ways to show stills of one person, or two of them.
func Attacks() []Attack {
	return []Attack{
		{"looped", 1, func(float64) shot { return shot{from: flat, light: 1} }},
		{"zoomed", 1, func(t float64) shot {
			k := 1 + 0.3*wave(t, 0.7)
			return shot{from: func(x, y float64) (float64, float64) { return k * x, k * y }, light: 1}
		}},
		{"shaken", 1, func(t float64) shot {
			dx, dy, a := 0.08*wave(t, 2.3), 0.06*wave(t, 3.1), 0.1*wave(t, 1.7)
			s, c := math.Sincos(a)
			return shot{from: func(x, y float64) (float64, float64) { return c*x - s*y + dx, s*x + c*y + dy }, light: 1}
		}},
		{"tilted", 1, func(t float64) shot {
			yaw, pitch := 0.6*wave(t, 0.9), 0.6*wave(t, 0.6)
			return shot{from: func(x, y float64) (float64, float64) {
				w := 1 + 0.35*(math.Sin(yaw)*x+math.Sin(pitch)*y)
				return x / math.Cos(yaw) / w, y / math.Cos(pitch) / w
			}, light: 1}
		}},
		{"nodded as fast as a blink", 1, func(t float64) shot {
			squeeze := 1.0
			if phase := math.Mod(t, 1); phase > 0.4 && phase < 0.6 {
				squeeze = 1.4
			}
			return shot{from: func(x, y float64) (float64, float64) { return x, squeeze * y }, light: 1}
		}},
		{"bent", 1, func(t float64) shot {
			// Paper on a cylinder whose axis turns, near the camera.
			curve, axis := 0.7*wave(t, 0.8), 2*math.Pi*0.25*t
			sin, cos := math.Sincos(axis)
			return shot{from: func(x, y float64) (float64, float64) {
				across, along := cos*x+sin*y, cos*y-sin*x
				k := math.Abs(curve)
				arc, depth := across, 0.0
				if a := k * across; k > 1e-6 && math.Abs(a) < 1 {
					arc = math.Asin(a) / k
					depth = (1 - math.Sqrt(1-a*a)) / k
				}
				if curve < 0 {
					depth = -depth
				}
				along *= 1 + 0.3*depth
				return cos*arc - sin*along, sin*arc + cos*along
			}, light: 1}
		}},
		{"stretched as rubber is", 1, func(t float64) shot {
			bend := 0.5 * wave(t, 0.8)
			return shot{from: func(x, y float64) (float64, float64) {
				return x + bend*x*(1-x*x)*0.6, y + bend*(x*x-0.3)*0.5
			}, light: 1}
		}},
		{"flickering", 1, func(t float64) shot {
			light := 0.9 + 0.4*wave(t, 2)
			if math.Mod(t, 0.5) < 0.08 {
				light = 0.3
			}
			return shot{from: flat, light: light}
		}},
		{"two swapped", 2, func(t float64) shot {
			return shot{still: int(t/0.4) % 2, from: flat, light: 1}
		}},
		{"two swapped for an instant", 2, func(t float64) shot {
			still := 0
			if math.Mod(t, 0.8) > 0.6 {
				still = 1
			}
			return shot{still: still, from: flat, light: 1}
		}},
		{"two people swapped", 0, func(t float64) shot {
			return shot{still: int(t/0.5) % 2, from: flat, light: 1}
		}},
		{"a strip passed over the eyes", 1, func(t float64) shot {
			s := shot{from: flat, light: 1}
			if phase := math.Mod(t, 1); phase > 0.4 && phase < 0.6 {
				s.bar = 0.22
			}
			return s
		}},
	}
}

// Film is a motion JPEG of the seconds in which the stills are shown in the way.
func (a Attack) Film(seconds float64, stills ...Still) []byte {
	return bytes.Join(a.Pictures(seconds, Rate, stills...), nil)
}

// Pictures are JPEGs of the seconds, so many a second.
func (a Attack) Pictures(seconds, rate float64, stills ...Still) [][]byte {
	drawn := make([]Still, len(stills))
	for i, st := range stills {
		b := st.Photo.Bounds()
		m := image.NewRGBA(b)
		draw.Draw(m, b, st.Photo, b.Min, draw.Src)
		drawn[i] = Still{m, st.Face}
	}
	var all [][]byte
	for i := range int(seconds * rate) {
		var out bytes.Buffer
		s := a.at(float64(i) / rate)
		if err := jpeg.Encode(&out, shown(drawn, s), &jpeg.Options{Quality: 88}); err != nil {
			panic(err) // a buffer takes all, and the picture has a size
		}
		all = append(all, out.Bytes())
	}
	return all
}

// around is how much of the photo around the face is shown.
const around = 2.1

// shown is a picture of the stills.
func shown(all []Still, s shot) image.Image {
	out := all[s.still].shown(s)
	if s.strip > 0 {
		second := all[1].shown(s)
		middle, half := int(math.Round((1+eyesAt)*Side/2)), int(s.strip*Side/4)
		eyes := image.Rect(Side/5, middle-half, Side-Side/5, middle+half)
		draw.Draw(out, eyes, second, eyes.Min, draw.Src)
	}
	return out
}

func (st Still) shown(s shot) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, Side, Side))
	half := float64(max(st.Face.Width, st.Face.Height)) * around / 2
	cx, cy := float64(st.Face.X+st.Face.Width/2), float64(st.Face.Y+st.Face.Height/2)
	skin := st.pixel(cx, cy+half*0.12)
	for y := range Side {
		for x := range Side {
			u, v := s.from(2*(float64(x)+0.5)/Side-1, 2*(float64(y)+0.5)/Side-1)
			c := st.pixel(cx+half*u, cy+half*v)
			if s.bar > 0 && math.Abs(v+0.1) < s.bar/2 && math.Abs(u) < 0.5 {
				c = skin
			}
			for i := range c {
				c[i] = max(0, min(255, c[i]*s.light))
			}
			out.SetRGBA(x, y, color.RGBA{R: uint8(c[0]), G: uint8(c[1]), B: uint8(c[2]), A: 255})
		}
	}
	return out
}

// pixel interpolates the photo, whose edge goes on.
func (st Still) pixel(x, y float64) (c [3]float64) {
	b := st.Photo.Bounds()
	x = max(float64(b.Min.X), min(x, float64(b.Max.X-2)))
	y = max(float64(b.Min.Y), min(y, float64(b.Max.Y-2)))
	left, top := int(x), int(y)
	fx, fy := x-float64(left), y-float64(top)
	for _, n := range [4]struct {
		dx, dy int
		share  float64
	}{{0, 0, (1 - fx) * (1 - fy)}, {1, 0, fx * (1 - fy)}, {0, 1, (1 - fx) * fy}, {1, 1, fx * fy}} {
		r, g, bl, _ := st.Photo.At(left+n.dx, top+n.dy).RGBA()
		for i, v := range [3]uint32{r, g, bl} {
			c[i] += n.share * float64(v>>8)
		}
	}
	return c
}

// Lit shows a still as it is, by so much brighter.
func Lit(light float64) Attack {
	return Attack{"lit", 1, func(float64) shot { return shot{from: flat, light: light} }}
}
