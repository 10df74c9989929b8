package search

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"

	"oneton/search/internal/kernel"
)

// basisRule says when a set learns a basis.
type basisRule struct {
	// rows is how many sealed rows there are to be; sample is how many of them
	// it is learned from.
	rows, sample int
	// rest is the share of the rows' squared length that may be left to the
	// last coordinates. It is also about how far from a product the first
	// coordinates are sure to tell it.
	rest float64
	// relearn is how many times as many rows there are to be when it is tried
	// again, after a set had none that is of use.
	relearn int
}

// Where 0.06 is left, the first pass rules out nine blocks in ten at the score
// of the tenth best of a million strangers. Fewer coordinates are read sooner,
// but leave more rows to be completed, above all in batches.
var defaultBasis = basisRule{rows: 1 << 14, sample: 1 << 13, rest: 0.06, relearn: 4}

const (
	// shortestSplit is the share of the coordinates, one in so many, that lie
	// in the first plane at least: rows to come may differ from the sample.
	shortestSplit = 4
	// longestSplit is the share of the coordinates that lie there at most:
	// halves of all codes take hardly more and need no basis.
	longestSplit = 5.0 / 8
	// basisDimension is the highest dimension for which a basis is learned.
	// The time that it takes grows with the cube.
	basisDimension = 640

	unitRoundoff = 1.0 / (1 << 24)
)

// basis is an orthonormal basis of a set's space in which most of a row's length
// is in its first coordinates: they span the principal components of the rows.
// (I. T. Jolliffe, Principal Component Analysis, 2002, chapter 2, about the
// origin and not about the mean, since it is products that count.) All of the
// first coordinates are of about the same size, since the largest of a row's
// sets the scale of its codes.
type basis struct {
	layout kernel.Layout
	// vectors are the basis' vectors as rows of a matrix.
	vectors []float32
	// blur bounds how far the product of a row and a probe in the basis, both
	// as turn computes them, is from that of the vectors.
	blur float64
	// sum names the basis.
	sum uint32
}

// layoutOf is how rows lie whose coordinates are in a basis, which may be nil.
func layoutOf(b *basis, dimension int) kernel.Layout {
	if b == nil {
		return kernel.Layout{Dimension: dimension}
	}
	return b.layout
}

// blurOf is the blur of a basis, which may be nil.
func blurOf(b *basis) float64 {
	if b == nil {
		return 0
	}
	return b.blur
}

// sumOf is the sum of a basis, which may be nil.
func sumOf(b *basis) uint32 {
	if b == nil {
		return 0
	}
	return b.sum
}

// newBasis returns the basis for rows of which these are the second moments, or
// nil when it would be of no use.
func newBasis(moments *mat.SymDense, rule basisRule) *basis {
	n := moments.SymmetricDim()
	var eigen mat.EigenSym
	if !eigen.Factorize(moments, true) {
		return nil
	}
	split := splitOf(eigen.Values(nil), rule.rest)
	if split == 0 {
		return nil
	}
	var columns mat.Dense
	eigen.VectorsTo(&columns)
	first := columns.Slice(0, n, n-split, n).(*mat.Dense)
	var mixed mat.Dense
	mixed.Mul(first, cosines(split).T())
	first.Copy(&mixed)
	vectors := make([]float32, 0, n*n)
	for i := range n {
		for j := range n {
			vectors = append(vectors, float32(columns.At(j, n-1-i)))
		}
	}
	b := &basis{layout: kernel.Layout{Dimension: n, Split: split}, vectors: vectors, blur: measureBlur(n, vectors)}
	b.sum = basisSum(b.encode())
	return b
}

// cosines is the discrete cosine transform (N. Ahmed, T. Natarajan and K. R.
// Rao, 1974), an orthonormal matrix that spreads every coordinate over all.
func cosines(n int) *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		m.Set(i, 0, math.Sqrt(1/float64(n)))
		for j := 1; j < n; j++ {
			m.Set(i, j, math.Sqrt(2/float64(n))*math.Cos(math.Pi*(float64(i)+0.5)*float64(j)/float64(n)))
		}
	}
	return m
}

// splitOf is how many of the last, largest eigenvalues leave of their sum at
// most the rest to the others, or 0 when those are too many.
func splitOf(eigenvalues []float64, rest float64) int {
	n := len(eigenvalues)
	var sum, left float64
	for _, v := range eigenvalues {
		sum += v
	}
	split := n
	for split > 0 && left+eigenvalues[n-split] <= rest*sum {
		left += eigenvalues[n-split]
		split--
	}
	const step = kernel.SplitStep
	split = (max(split, n/shortestSplit) + step - 1) / step * step
	if split > int(longestSplit*float64(n)) {
		return 0
	}
	return split
}

// measureBlur bounds what a basis changes of products of rows and probes.
//
// With Q the basis and d the Frobenius norm of QQ'-I, |Qx| <= |x|*sqrt(1+d) and
// <Qx,Qy> is within d|x||y| of <x,y>. Summed in float32 in any order, a
// coordinate of Qx errs by at most g = nu/(1-nu) times the product of the
// lengths of x and of its row of Q (N. J. Higham, Accuracy and Stability of
// Numerical Algorithms, 2002, section 3.1), and so Qx by e = g|Q| times |x|,
// with the Frobenius norm.
func measureBlur(n int, vectors []float32) float64 {
	q := mat.NewDense(n, n, nil)
	for i, x := range vectors {
		q.Set(i/n, i%n, float64(x))
	}
	var square mat.Dense
	square.Mul(q, q.T())
	for i := range n {
		square.Set(i, i, square.At(i, i)-1)
	}
	d := mat.Norm(&square, 2) + 1e-9
	g := float64(float64(n) * unitRoundoff)
	e := float64(g / (1 - g) * mat.Norm(q, 2))
	const longest = 1 + kernel.LengthTolerance
	return float64(longest*longest*(d+float64(2*e*math.Sqrt(1+d))+float64(e*e))) + 1e-9
}

// turn writes the coordinates of v in the basis.
func (b *basis) turn(to, v []float32) {
	n := b.layout.Dimension
	q := blas32.General{Rows: n, Cols: n, Stride: n, Data: b.vectors}
	blas32.Gemv(blas.NoTrans, 1, q, blas32.Vector{N: n, Data: v, Inc: 1}, 0, blas32.Vector{N: n, Data: to, Inc: 1})
}

// basisHead is the bytes of a basis before its vectors.
const basisHead = 4 + 8

func (b *basis) encode() []byte {
	e := make([]byte, 0, basisHead+4*len(b.vectors))
	e = binary.NativeEndian.AppendUint32(e, uint32(b.layout.Split))
	e = binary.NativeEndian.AppendUint64(e, math.Float64bits(b.blur))
	return append(e, bytesOf(b.vectors)...)
}

// basisSum is the checksum of an encoded basis; zero is that of none.
func basisSum(e []byte) uint32 { return max(1, crc32.Checksum(e, castagnoli)) }

// decodeBasis reads what encode wrote, or returns ErrDamaged.
func decodeBasis(e []byte, dimension int) (*basis, error) {
	if dimension > basisDimension || len(e) != basisHead+4*dimension*dimension {
		return nil, ErrDamaged
	}
	split := int(binary.NativeEndian.Uint32(e))
	if split == 0 || split%kernel.SplitStep != 0 || split >= dimension {
		return nil, ErrDamaged
	}
	b := &basis{
		layout:  kernel.Layout{Dimension: dimension, Split: split},
		vectors: make([]float32, dimension*dimension),
		blur:    math.Float64frombits(binary.NativeEndian.Uint64(e[4:])),
		sum:     basisSum(e),
	}
	copy(bytesOf(b.vectors), e[basisHead:])
	return b, nil
}
