package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Matrix maps vectors linearly; it has one row for each value of the result.
type Matrix [][]float32

// Matrix reads a file of the pack that holds little-endian float32, row after
// row. It is ErrManifest when the file has another size or a value in it is
// not finite.
func (p *Pack) Matrix(file string, rows, columns int) (Matrix, error) {
	data := p.Content(file)
	if len(data) != 4*rows*columns {
		return nil, fmt.Errorf("%w: matrix %s has %d bytes, need %d×%d float32", ErrManifest, file, len(data), rows, columns)
	}
	values := make([]float32, rows*columns)
	for i := range values {
		v := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("%w: matrix %s has %v in row %d", ErrManifest, file, v, i/columns)
		}
		values[i] = v
	}
	return slices.Collect(slices.Chunk(values, columns)), nil
}

// Times is the matrix's product with a vector as long as its rows, summed in
// float64.
func (m Matrix) Times(vector []float32) []float32 {
	out := make([]float32, len(m))
	for i, row := range m {
		out[i] = float32(dot(row, vector))
	}
	return out
}

// dot is the product of a vector with as many of a row's values.
func dot(row, vector []float32) float64 {
	var sum float64
	for i, v := range vector {
		sum += float64(float64(row[i]) * float64(v))
	}
	return sum
}
