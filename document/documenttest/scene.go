package documenttest

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Scene is how a page is photographed. The zero value, with a Width, is a page that
// fills most of a sharp photo.
type Scene struct {
	// Width and Height are the photo's, in pixels; a height of 0 is three quarters of
	// the width.
	Width, Height int
	// Fill is the share of the photo's width, or height where the page is higher, that
	// the page takes; 0 is 0.9.
	Fill float64
	// Degrees is how far the page is turned clockwise, and Turn that by quarters.
	Degrees float64
	Turn    int
	// Perspective is by which share the far side of the page is shorter than the near
	// one, towards which the direction, in degrees, leans.
	Perspective, Direction float64
	// Blur and Noise are standard deviations, in pixels and in levels.
	Blur, Noise float64
	// Shadow is how much darker a shadow's half of the photo is, from 0 to 1, and Glare
	// how bright a round reflection is.
	Shadow, Glare float64
	// Bend is by which share of its width the middle of the page stands above its sides,
	// seen from below: its lines bow, as those of a booklet's page that does not lie flat.
	Bend float64
	// Screen is the size of the pixels, in millimetres of the page, of a screen that shows
	// the page; 0 is paper.
	Screen float64
	// Under is a larger sheet that the page lies in the middle of; nil is a desk.
	Under *Page
	// Dark is the share of the light that is missing everywhere.
	Dark float64
	// Quality is JPEG's, from 1 to 100; 0 is 90.
	Quality int
	// Seed chooses the noise, the desk and where shadow and glare fall.
	Seed uint64
}

// Shot is a photo of a page.
type Shot struct {
	JPEG []byte
	// Corners are those of the page in the photo, from its own top left clockwise.
	Corners [4][2]float64
	to      homography
}

// At is where a place of the page, in millimetres, is in the photo.
func (s Shot) At(x, y float64) (float64, float64) {
	return s.to.apply(float64(x*PerMillimetre)-0.5, float64(y*PerMillimetre)-0.5)
}

// Shoot takes the photo.
func Shoot(page *Page, s Scene) Shot {
	if s.Height == 0 {
		s.Height = s.Width * 3 / 4
	}
	if s.Fill == 0 {
		s.Fill = 0.9
	}
	if s.Quality == 0 {
		s.Quality = 90
	}
	rng := rand.New(rand.NewPCG(s.Seed, 2))
	corners := s.corners(float64(page.Image.Rect.Dx()), float64(page.Image.Rect.Dy()))
	w, h := float64(page.Image.Rect.Dx()), float64(page.Image.Rect.Dy())
	to := square(corners).after(homography{1 / w, 0, 0.5 / w, 0, 1 / h, 0.5 / h, 0, 0, 1})
	photo := s.expose(page.Image, to.inverse(), rng)
	photo.blur(s.Blur)
	photo.light(s, rng)
	img := image.NewRGBA(image.Rect(0, 0, s.Width, s.Height))
	for i, v := range photo.pix {
		if s.Noise > 0 {
			v += s.Noise * rng.NormFloat64()
		}
		img.Pix[i/3*4+i%3] = level(v)
		img.Pix[i/3*4+3] = 255
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: s.Quality}); err != nil {
		panic("documenttest: a photo does not encode: " + err.Error())
	}
	return Shot{JPEG: out.Bytes(), Corners: corners, to: to}
}

// corners are where those of a page of the size are in the photo.
func (s Scene) corners(width, height float64) [4][2]float64 {
	turned := s.Degrees*math.Pi/180 + float64(s.Turn)*math.Pi/2
	sin, cos := math.Sincos(turned)
	lean := s.Direction * math.Pi / 180
	var c [4][2]float64
	for i, at := range [4][2]float64{{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}} {
		x, y := at[0], at[1]*height/width
		x, y = cos*x-sin*y, sin*x+cos*y
		near := 1 + s.Perspective*(math.Cos(lean)*x+math.Sin(lean)*y)
		c[i] = [2]float64{x * near, y * near}
	}
	low, high := c[0], c[0]
	for _, p := range c {
		for k := range p {
			low[k], high[k] = min(low[k], p[k]), max(high[k], p[k])
		}
	}
	scale := min(s.Fill*float64(s.Width)/(high[0]-low[0]), s.Fill*float64(s.Height)/(high[1]-low[1]))
	for i := range c {
		c[i][0] = float64(s.Width)/2 + scale*(c[i][0]-(low[0]+high[0])/2)
		c[i][1] = float64(s.Height)/2 + scale*(c[i][1]-(low[1]+high[1])/2)
	}
	return c
}

// film has red, green and blue, pixel after pixel.
type film struct {
	width, height int
	pix           []float64
}

// expose sees the page through the map from photo to page, and a desk around it. A
// pixel is the mean of as many samples as it covers of the page's.
func (s Scene) expose(page *image.RGBA, from homography, rng *rand.Rand) *film {
	f := &film{s.Width, s.Height, make([]float64, 3*s.Width*s.Height)}
	desk := [3]float64{60 + 90*rng.Float64(), 50 + 80*rng.Float64(), 40 + 70*rng.Float64()}
	grain, along := 0.02+0.03*rng.Float64(), 2*math.Pi*rng.Float64()
	x0, y0 := from.apply(float64(s.Width)/2, float64(s.Height)/2)
	x1, y1 := from.apply(float64(s.Width)/2+1, float64(s.Height)/2)
	sin, cos := math.Sincos(along)
	n := min(max(int(math.Round(math.Hypot(x1-x0, y1-y0))), 1), 5)
	for y := range s.Height {
		for x := range s.Width {
			out := f.pix[3*(y*s.Width+x):][:3]
			for i := range n * n {
				px := float64(x) + (float64(i%n)+0.5)/float64(n) - 0.5
				py := float64(y) + (float64(i/n)+0.5)/float64(n) - 0.5
				u, v := from.apply(px, py)
				share := 1 / float64(n*n)
				if s.shows(page, u, v, share, out) || s.under(page, u, v, share, out) {
					continue
				}
				wood := 1 + 0.12*math.Sin(grain*(cos*px+sin*py)*8)
				for k := range out {
					out[k] += share * desk[k] * wood
				}
			}
		}
	}
	return f
}

// shows adds a share of what is seen of the page at a place, bent and on a screen as
// the scene says; false when it is beyond the page.
func (s Scene) shows(page *image.RGBA, u, v, share float64, out []float64) bool {
	if s.Bend != 0 {
		w := float64(page.Rect.Dx())
		at := 2*u/w - 1
		v += s.Bend * w * (1 - at*at)
	}
	if s.Screen == 0 {
		return sample(page, u, v, share, out)
	}
	size := s.Screen * PerMillimetre
	x, y := u/size, v/size
	var colour [3]float64
	if !sample(page, (math.Floor(x)+0.5)*size, (math.Floor(y)+0.5)*size, share, colour[:]) {
		return false
	}
	// A pixel's red, green and blue stand side by side, and rows are apart; the camera's
	// lens lets half of each fall beside it.
	x, y = x-math.Floor(x), y-math.Floor(y)
	for k := range out {
		lit := 0.5
		if int(3*x) == k {
			lit = 2
		}
		if y > 0.85 {
			lit *= 0.5
		}
		out[k] += lit * colour[k]
	}
	return true
}

// under adds what the sheet under the page shows.
func (s Scene) under(page *image.RGBA, u, v, share float64, out []float64) bool {
	if s.Under == nil {
		return false
	}
	sheet := s.Under.Image
	return sample(sheet, u+float64(sheet.Rect.Dx()-page.Rect.Dx())/2, v+float64(sheet.Rect.Dy()-page.Rect.Dy())/2, share, out)
}

// sample adds a share of what the page shows at a place, interpolated; false when
// it is beyond the page.
func sample(page *image.RGBA, u, v, share float64, out []float64) bool {
	w, h := page.Rect.Dx(), page.Rect.Dy()
	if u < 0 || v < 0 || u > float64(w-1) || v > float64(h-1) {
		return false
	}
	x, y := min(int(u), w-2), min(int(v), h-2)
	fx, fy := u-float64(x), v-float64(y)
	at := page.Pix[y*page.Stride+4*x:]
	for k := range out {
		above := (1-fx)*float64(at[k]) + fx*float64(at[4+k])
		below := (1-fx)*float64(at[page.Stride+k]) + fx*float64(at[page.Stride+4+k])
		out[k] += share * ((1-fy)*above + fy*below)
	}
	return true
}

// blur spreads every pixel by a normal distribution.
func (f *film) blur(deviation float64) {
	if deviation <= 0 {
		return
	}
	reach := int(math.Ceil(3 * deviation))
	weights, sum := make([]float64, 2*reach+1), 0.0
	for i := range weights {
		d := float64(i - reach)
		weights[i] = math.Exp(-d * d / (2 * deviation * deviation))
		sum += weights[i]
	}
	pass := func(n, step, lines, lineStep int) {
		row := make([]float64, n)
		for l := range lines {
			for k := range 3 {
				at := f.pix[l*lineStep+k:]
				for i := range n {
					row[i] = 0
					for j, w := range weights {
						row[i] += w / sum * at[step*min(max(i+j-reach, 0), n-1)]
					}
				}
				for i, v := range row {
					at[i*step] = v
				}
			}
		}
	}
	pass(f.width, 3, f.height, 3*f.width)
	pass(f.height, 3*f.width, f.width, 3)
}

// light darkens the side of a soft edge and adds a reflection.
func (f *film) light(s Scene, rng *rand.Rand) {
	if s.Shadow <= 0 && s.Glare <= 0 && s.Dark <= 0 {
		return
	}
	sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
	gx, gy := (0.2+0.6*rng.Float64())*float64(f.width), (0.2+0.6*rng.Float64())*float64(f.height)
	size := float64(f.width)
	for i := range f.width * f.height {
		x, y := float64(i%f.width), float64(i/f.width)
		edge := (cos*(x-size/2) + sin*(y-float64(f.height)/2)) / (0.05 * size)
		dark := 1 - s.Shadow/(1+math.Exp(-edge))
		bright := 0.0
		if s.Glare > 0 {
			d := math.Hypot(x-gx, y-gy) / (0.08 * size)
			bright = 255 * s.Glare * math.Exp(-d*d)
		}
		for k := range 3 {
			f.pix[3*i+k] = f.pix[3*i+k]*dark*(1-s.Dark) + bright
		}
	}
}
