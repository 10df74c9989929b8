package main

import (
	_ "embed"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// The moments of the built-in packs' templates of LFW, as the command moments
// writes them.
var (
	//go:embed testdata/default.f32
	defaultMoments []byte
	//go:embed testdata/accurate.f32
	accurateMoments []byte
)

const (
	defaultDimension  = 128
	accurateDimension = 320
)

// faces draws templates as a recogniser would make them of people and of
// photos of people: a person is the mean plus a draw of the covariance between
// people, a photo is a person plus a draw of the covariance within people.
type faces struct {
	dimension      int
	mean           []float64
	people, photos transform
}

// transform makes independent normal numbers have a covariance.
type transform func(to, normal []float64)

// newFaces returns the distribution of the templates of the built-in pack that
// has the dimension. For another dimension the spectra of pack accurate's
// covariances are stretched to as many eigenvalues, of the same sum, and turned
// in a random direction.
func newFaces(dimension int) (*faces, error) {
	data, measured := accurateMoments, accurateDimension
	if dimension == defaultDimension {
		data, measured = defaultMoments, defaultDimension
	}
	m, err := readMoments(data, measured)
	if err != nil {
		return nil, err
	}
	if measured == dimension {
		return &faces{
			dimension: dimension, mean: m.mean,
			people: triangular(cholesky(m.between, dimension)), photos: triangular(cholesky(m.within, dimension)),
		}, nil
	}
	turn := newRotation(dimension)
	mean := make([]float64, dimension)
	mean[0] = norm(m.mean)
	turn.apply(mean)
	return &faces{dimension: dimension, mean: mean, people: spectral(m.people, turn), photos: spectral(m.photos, turn)}, nil
}

// cholesky returns the lower triangle, by rows, whose square a is.
func cholesky(a []float64, dimension int) []float64 {
	l := slices.Clone(a)
	at := func(i, j int) *float64 { return &l[i*(i+1)/2+j] }
	for i := range dimension {
		for j := range i + 1 {
			sum := *at(i, j)
			for k := range j {
				sum -= *at(i, k) * *at(j, k)
			}
			if i == j {
				*at(i, i) = math.Sqrt(max(sum, 0))
			} else if d := *at(j, j); d > 0 {
				*at(i, j) = sum / d
			}
		}
	}
	return l
}

func triangular(l []float64) transform {
	return func(to, normal []float64) {
		row := l
		for i := range to {
			var sum float64
			for j, x := range row[:i+1] {
				sum += x * normal[j]
			}
			to[i] = sum
			row = row[i+1:]
		}
	}
}

func spectral(eigenvalues []float64, turn *rotation) transform {
	n := len(turn.mix)
	scale := make([]float64, n)
	for i := range scale {
		at := (float64(i)+0.5)/float64(n)*float64(len(eigenvalues)) - 0.5
		low := min(max(int(math.Floor(at)), 0), len(eigenvalues)-2)
		share := min(max(at-float64(low), 0), 1)
		value := eigenvalues[low]*(1-share) + eigenvalues[low+1]*share
		scale[i] = math.Sqrt(value * float64(len(eigenvalues)) / float64(n))
	}
	return func(to, normal []float64) {
		for i := range to {
			to[i] = scale[i] * normal[i]
		}
		turn.apply(to)
	}
}

// rotation is a random product of plane rotations that mixes all coordinates.
type rotation struct {
	layers []layer
	mix    []float64
}

type layer struct {
	order    []int
	sin, cos []float64
}

func newRotation(dimension int) *rotation {
	r := rand.New(rand.NewPCG(uint64(dimension), 1))
	t := &rotation{mix: make([]float64, dimension)}
	for n := 1; n < 16*dimension; n *= 2 {
		l := layer{order: r.Perm(dimension)}
		for range dimension / 2 {
			s, c := math.Sincos(2 * math.Pi * r.Float64())
			l.sin, l.cos = append(l.sin, s), append(l.cos, c)
		}
		t.layers = append(t.layers, l)
	}
	return t
}

func (t *rotation) apply(v []float64) {
	for _, l := range t.layers {
		for i := range l.sin {
			a, b := l.order[2*i], l.order[2*i+1]
			v[a], v[b] = l.cos[i]*v[a]-l.sin[i]*v[b], l.sin[i]*v[a]+l.cos[i]*v[b]
		}
	}
}

// gallery draws n people's templates, one photo each, and for the first of
// them another photo each as mated probes. Probes of strangers are people
// drawn beyond the gallery.
func (f *faces) gallery(n, mated, strangers int) (rows, probes [][]float32) {
	const block = 1024
	rows = make([][]float32, n)
	probes = make([][]float32, mated+strangers)
	flat := make([]float32, (n+len(probes))*f.dimension)
	for i := range rows {
		rows[i] = flat[i*f.dimension:][:f.dimension:f.dimension]
	}
	for i := range probes {
		probes[i] = flat[(n+i)*f.dimension:][:f.dimension:f.dimension]
	}
	blocks := make(chan int)
	var drawers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		drawers.Go(func() {
			d := drawer{faces: f, person: make([]float64, f.dimension), normal: make([]float64, f.dimension), photo: make([]float64, f.dimension)}
			for b := range blocks {
				d.r = rand.New(rand.NewPCG(uint64(b), uint64(f.dimension)))
				for i := b * block; i < min((b+1)*block, n+strangers); i++ {
					d.meet()
					switch {
					case i >= n:
						d.shoot(probes[mated+i-n])
					case i < mated:
						d.shoot(rows[i])
						d.shoot(probes[i])
					default:
						d.shoot(rows[i])
					}
				}
			}
		})
	}
	for b := range (n + strangers + block - 1) / block {
		blocks <- b
	}
	close(blocks)
	drawers.Wait()
	return rows, probes
}

type drawer struct {
	*faces
	r                     *rand.Rand
	person, photo, normal []float64
}

func (d *drawer) draw() []float64 {
	for i := range d.normal {
		d.normal[i] = d.r.NormFloat64()
	}
	return d.normal
}

// meet draws a person.
func (d *drawer) meet() { d.people(d.person, d.draw()) }

// shoot draws a photo of the person.
func (d *drawer) shoot(to []float32) {
	d.photos(d.photo, d.draw())
	for i := range d.photo {
		d.photo[i] += d.mean[i] + d.person[i]
	}
	length := norm(d.photo)
	for i, x := range d.photo {
		to[i] = float32(x / length)
	}
}

func norm(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}
