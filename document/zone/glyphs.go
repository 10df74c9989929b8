package zone

import (
	_ "embed"
	"encoding/binary"
	"math"
	"slices"

	"oneton/document/mrz"
	"oneton/picture"
)

// glyphs tell single characters of OCR-B, which a recogniser of all scripts confuses
// where the typeface has its own shapes: O and 0 above all. It is a network of one
// hidden layer, fitted to drawn characters (docs/adr/0030).
type glyphs struct {
	hidden, out layer
}

// layer has rows of weights, one for each of its outputs, in units of scale.
type layer struct {
	scale   float64
	weights []int8
	bias    []float32
}

// The size of what the network sees, and of its layers.
const (
	inkWidth, inkHeight = 20, 24
	hiddenSize          = 64
)

//go:embed glyphs.bin
var glyphsFile []byte

func newGlyphs() *glyphs {
	data := glyphsFile
	next := func(inputs, outputs int) layer {
		l := layer{scale: float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))}
		data = data[4:]
		for _, v := range data[:inputs*outputs] {
			l.weights = append(l.weights, int8(v))
		}
		data = data[inputs*outputs:]
		for i := range outputs {
			l.bias = append(l.bias, math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
		data = data[4*outputs:]
		return l
	}
	return &glyphs{hidden: next(inkWidth*inkHeight, hiddenSize), out: next(hiddenSize, len(mrz.Characters))}
}

func (l layer) apply(in []float64) []float64 {
	out := make([]float64, len(l.bias))
	for i := range out {
		sum := 0.0
		for k, v := range l.weights[i*len(in) : (i+1)*len(in)] {
			sum += float64(float64(v) * in[k])
		}
		out[i] = float64(sum*l.scale) + float64(l.bias[i])
	}
	return out
}

// doubted is the share of probability that is spread over all characters: what is
// printed and photographed is never quite what was drawn.
const doubted = 1e-3

// tell is the logarithms of the characters' probabilities.
func (g *glyphs) tell(ink []float64) (p [len(mrz.Characters)]float64) {
	h := g.hidden.apply(ink)
	for i := range h {
		h[i] = max(h[i], 0)
	}
	z := g.out.apply(h)
	most, sum := slices.Max(z), 0.0
	for _, v := range z {
		sum += math.Exp(v - most)
	}
	for k, v := range z {
		p[k] = math.Log(float64((1-doubted)*math.Exp(v-most)/sum) + doubted/float64(len(p)))
	}
	return p
}

// The strip that characters are looked at in: their distance, and its height, in its
// pixels.
const (
	stripPitch  = 16
	stripHeight = 56
)

// offsets are how far characters may lie from where they are expected, in
// characters: recognisers tell one somewhere within its width.
var offsets = []float64{-0.4, -0.2, 0, 0.2, 0.4, 0.6}

// sampled is the distance of the characters that tell which offset is right.
const sampled = 4

// look tells a row's characters, which are expected at places along the frame.
func (g *glyphs) look(p *picture.Picture, f frame, r row, places []float64) [][len(mrz.Characters)]float64 {
	first, length := places[0], len(places)
	pitch := (places[length-1] - first) / float64(length-1)
	if !(pitch > 2) {
		return nil
	}
	s := cut(p, f, r, first-2*pitch, pitch, length+4)
	told := func(i int, offset float64) [len(mrz.Characters)]float64 {
		return g.tell(s.ink(((places[i]-first)/pitch+2+offset)*stripPitch, stripHeight/2))
	}
	best, surest := 0.0, math.Inf(-1)
	for _, offset := range offsets {
		sure := 0.0
		for i := 0; i < length; i += sampled {
			p := told(i, offset)
			sure += slices.Max(p[:])
		}
		if sure > surest {
			best, surest = offset, sure
		}
	}
	all := make([][len(mrz.Characters)]float64, length)
	for i := range all {
		all[i] = told(i, best)
	}
	return all
}

// strip is a row in grey levels.
type strip struct {
	width, height int
	pix           []float64
}

// cut takes a row out of a picture from a place along the frame on, with so many
// characters' widths.
func cut(p *picture.Picture, f frame, r row, from, pitch float64, length int) strip {
	s := strip{width: length * stripPitch, height: stripHeight}
	scale := pitch / stripPitch
	fine := min(max(int(math.Round(scale)), 1), 4)
	n := math.Sqrt(1 + float64(r.slope*r.slope))
	// One step right along the row, and one down, in the picture.
	right, origin := f.back(scale/n, float64(r.slope*scale)/n), f.back(from, r.at(from))
	step := 1 / float64(fine)
	raster := picture.NewRaster(fine*s.width, fine*s.height)
	corner := float64(0.5*step) - 0.5
	m := picture.Affine{A: right.X, B: -right.Y, D: right.Y, E: right.X}
	dx, dy := m.Apply(corner, corner-float64(s.height)/2)
	p.WarpRepeating(raster, picture.Affine{
		A: float64(m.A * step), B: float64(m.B * step), C: origin.X + dx,
		D: float64(m.D * step), E: float64(m.E * step), F: origin.Y + dy,
	})
	s.pix = make([]float64, s.width*s.height)
	share := 1 / float64(fine*fine)
	for i, v := range raster.G {
		s.pix[i/raster.Width/fine*s.width+i%raster.Width/fine] += float64(float64(v) * share)
	}
	return s
}

// at is the level at a place, the edge repeated.
func (s strip) at(x, y float64) float64 {
	x, y = min(max(x, 0), float64(s.width)-1.001), min(max(y, 0), float64(s.height)-1.001)
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	k := j*s.width + i
	above := s.pix[k] + float64(fx*(s.pix[k+1]-s.pix[k]))
	below := s.pix[k+s.width] + float64(fx*(s.pix[k+s.width+1]-s.pix[k+s.width]))
	return above + float64(fy*(below-above))
}

// ink is what is printed around a place, from 0 to 1, with the character's middle
// in the middle: its levels against those of paper and print near it, so that neither
// light nor the paper's colour matters.
func (s strip) ink(x, y float64) []float64 {
	const width, height = 48, 30
	// Paper and printed are levels that so many of the window's are darker than.
	const paper, printed = width * height * 85 / 100, width * height * 2 / 100
	// Levels are told apart to a quarter.
	const fine = 4
	levels := make([]float64, width*height)
	for round := 0; ; round++ {
		var counts [256 * fine]int
		for i := range levels {
			v := s.at(x+float64(i%width)-(width-1)/2.0, y+float64(i/width)-(height-1)/2.0)
			levels[i] = v
			counts[min(max(int(fine*v), 0), len(counts)-1)]++
		}
		light, dark := percentile(counts[:], paper)/fine, percentile(counts[:], printed)/fine
		contrast := max(light-dark, 12)
		sum, mx, my := 0.0, 0.0, 0.0
		for i, v := range levels {
			levels[i] = min(max((light-v)/contrast, 0), 1)
			dx, dy := float64(i%width)-(width-1)/2.0, float64(i/width)-(height-1)/2.0
			if near := 1 - math.Abs(dx)/10.5; near > 0 && levels[i] > 0.3 {
				w := float64(near * levels[i])
				sum, mx, my = sum+w, mx+float64(w*dx), my+float64(w*dy)
			}
		}
		if round == 2 {
			break
		}
		if sum > 0 {
			x += min(max(mx/sum, -4), 4)
			y += min(max(my/sum, -4), 4)
		}
	}
	ink := make([]float64, 0, inkWidth*inkHeight)
	for row := range inkHeight {
		from := (row+(height-inkHeight)/2)*width + (width-inkWidth)/2
		ink = append(ink, levels[from:from+inkWidth]...)
	}
	return ink
}

// percentile is the bin that holds the value which so many are before.
func percentile(counts []int, before int) float64 {
	for i, n := range counts {
		if before < n {
			return float64(i)
		}
		before -= n
	}
	return float64(len(counts) - 1)
}
