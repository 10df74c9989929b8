package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"gonum.org/v1/gonum/mat"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

type momentsCommand struct {
	Photos string `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Pack   string `help:"Model pack: a built-in name or a manifest." default:"default"`
	Same   string `type:"existingfile" help:"Lines of two names that are one person."`
	Out    string `required:"" help:"File to write."`
}

// Run writes the moments of a pack's templates, from which the bench of search
// draws galleries and mated probes.
func (c *momentsCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, c.Same)
	if err != nil {
		return err
	}
	p, err := pack.Open(c.Pack, paths.Models)
	if err != nil {
		return err
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Queue: len(set.photos)},
	}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	templates, _, err := set.embed(ctx, e.Embedder, p.Name, true)
	if err != nil {
		return err
	}
	var people [][]face.Template
	for _, photos := range set.identities(templates) {
		var own []face.Template
		for _, i := range photos {
			own = append(own, templates[i])
		}
		people = append(people, own)
	}
	m, err := momentsOf(people)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, m.encode(), 0o644)
}

// moments say how templates are spread: their mean, the covariance between
// people and that within people. Of a covariance there is the lower triangle,
// row by row, and the falling eigenvalues.
type moments struct {
	mean            []float64
	between, within []float64
	people, photos  []float64
}

// momentsOf estimates the covariance within people from those with several
// templates, and that between people as what of the total it does not explain.
func momentsOf(people [][]face.Template) (*moments, error) {
	var dimension, n, free int
	for _, templates := range people {
		dimension = len(templates[0])
		n += len(templates)
		free += len(templates) - 1
	}
	if free == 0 {
		return nil, errors.New("no person has two photos")
	}
	mean := mat.NewVecDense(dimension, nil)
	for _, templates := range people {
		mean.AddVec(mean, sumOf(templates))
	}
	mean.ScaleVec(1/float64(n), mean)
	total, within := mat.NewSymDense(dimension, nil), mat.NewSymDense(dimension, nil)
	off := mat.NewVecDense(dimension, nil)
	for _, templates := range people {
		own := sumOf(templates)
		own.ScaleVec(1/float64(len(templates)), own)
		for _, t := range templates {
			x := vectorOf(t)
			off.SubVec(x, mean)
			total.SymRankOne(total, 1/float64(n-1), off)
			off.SubVec(x, own)
			within.SymRankOne(within, 1/float64(free), off)
		}
	}
	between := mat.NewSymDense(dimension, nil)
	between.AddSym(total, scaled(within, -1))
	m := &moments{mean: mean.RawVector().Data}
	var err error
	if m.between, m.people, err = positive(between); err != nil {
		return nil, err
	}
	m.within, m.photos, err = positive(within)
	return m, err
}

func vectorOf(t face.Template) *mat.VecDense {
	v := mat.NewVecDense(len(t), nil)
	for i, x := range t {
		v.SetVec(i, float64(x))
	}
	return v
}

func sumOf(templates []face.Template) *mat.VecDense {
	sum := mat.NewVecDense(len(templates[0]), nil)
	for _, t := range templates {
		sum.AddVec(sum, vectorOf(t))
	}
	return sum
}

func scaled(a *mat.SymDense, factor float64) *mat.SymDense {
	var b mat.SymDense
	b.ScaleSym(factor, a)
	return &b
}

// positive returns the nearest covariance's triangle, and its eigenvalues.
func positive(a *mat.SymDense) (triangle, eigenvalues []float64, err error) {
	const least = 1e-9
	var eigen mat.EigenSym
	if !eigen.Factorize(a, true) {
		return nil, nil, errors.New("a covariance has no eigenvalues")
	}
	eigenvalues = eigen.Values(nil)
	for i, value := range eigenvalues {
		eigenvalues[i] = max(value, least)
	}
	var vectors, full mat.Dense
	eigen.VectorsTo(&vectors)
	full.Product(&vectors, mat.NewDiagDense(len(eigenvalues), eigenvalues), vectors.T())
	for i := range eigenvalues {
		for j := range i + 1 {
			triangle = append(triangle, full.At(i, j))
		}
	}
	slices.Reverse(eigenvalues)
	return triangle, eigenvalues, nil
}

// encode writes little-endian float32: mean, triangles, eigenvalues.
func (m *moments) encode() []byte {
	var b []byte
	for _, part := range [][]float64{m.mean, m.between, m.within, m.people, m.photos} {
		for _, x := range part {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}
	}
	return b
}

func readMoments(data []byte, dimension int) (*moments, error) {
	triangle := dimension * (dimension + 1) / 2
	all := make([]float32, 3*dimension+2*triangle)
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, all); err != nil {
		return nil, fmt.Errorf("read moments: %w", err)
	}
	numbers := make([]float64, len(all))
	for i, x := range all {
		numbers[i] = float64(x)
	}
	take := func(n int) []float64 {
		taken := numbers[:n]
		numbers = numbers[n:]
		return taken
	}
	return &moments{
		mean: take(dimension), between: take(triangle), within: take(triangle),
		people: take(dimension), photos: take(dimension),
	}, nil
}
