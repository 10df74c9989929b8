// Package search finds the unit vectors nearest to a probe, exactly: its
// answer is always the one that comparing the probe with every row in float64
// would give, in ids, order and scores.
package search

import (
	"fmt"
	"math"
	"os"
	"runtime"

	"oneton/face"
	"oneton/search/internal/kernel"
)

// MaxDimension is the highest dimension of a set.
const MaxDimension = 1024

// DefaultSegmentRows is what merging and rewriting work on at a time.
const DefaultSegmentRows = 1 << 16

const kernelVariable = "ONETON_SIMD"

// Config says what a set holds and where.
type Config struct {
	// Dimension of every row and probe, in [1, MaxDimension].
	Dimension int
	// Workers is the most goroutines that one scan uses; 0 means GOMAXPROCS.
	Workers int
	// SegmentRows is how many rows a segment is sealed at; 0 means
	// DefaultSegmentRows.
	SegmentRows int
	// Kernel is one of Kernels; empty means what the environment variable
	// ONETON_SIMD names, or the fastest.
	Kernel string
	// Dir is a directory of the set's own, made when it is needed. Vectors that
	// only rescoring needs are kept there in files, and Save saves there.
	// When empty, everything is in memory.
	Dir string
	// Traffic is shared by sets whose background work makes way for each
	// other's searches; nil is the set's alone.
	Traffic *Traffic
	// Report, unless nil, is told of every panic of the set's work, with its
	// stack.
	Report func(error)
}

func (c Config) withDefaults() (Config, error) {
	if c.Dimension < 1 || c.Dimension > MaxDimension {
		return c, fmt.Errorf("dimension %d is not in [1, %d]: %w", c.Dimension, MaxDimension, ErrConfig)
	}
	if c.Workers < 0 {
		return c, fmt.Errorf("workers %d is negative: %w", c.Workers, ErrConfig)
	}
	if c.SegmentRows < 0 {
		return c, fmt.Errorf("segment rows %d is negative: %w", c.SegmentRows, ErrConfig)
	}
	if c.SegmentRows == 0 {
		c.SegmentRows = DefaultSegmentRows
	}
	if c.Kernel == "" {
		c.Kernel = os.Getenv(kernelVariable)
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	return c, nil
}

// Row is one vector of a set.
type Row struct {
	// ID names the row. It must be above every id inserted before, deleted
	// ones included; ids that count up from zero without gaps are best.
	ID uint64
	// Group names what the row belongs to, for Options.Distinct.
	Group uint32
	// Vector is a unit vector; the set copies it.
	Vector []float32
}

// Options say what a search wants.
type Options struct {
	// K is the most hits to return, at least 1.
	K int
	// Threshold leaves out rows whose score is below it; -1 or less keeps
	// all. A search with a threshold is faster than one without: the higher it
	// is, the more rows a part of their codes rules out.
	Threshold float64
	// Distinct returns only the nearest row of every group, so that K
	// counts groups.
	Distinct bool
	// Filter leaves out rows that it does not choose; nil keeps all. It must
	// not change while the search runs.
	Filter Mask
}

func (o Options) validate() error {
	if o.K < 1 {
		return fmt.Errorf("k is %d: %w", o.K, ErrOptions)
	}
	if math.IsNaN(o.Threshold) {
		return fmt.Errorf("threshold is not a number: %w", ErrOptions)
	}
	return nil
}

// Result is the answer to one probe, as of one moment of the set.
type Result struct {
	// Hits are ordered by falling score, equal scores by rising id.
	Hits []Hit
	// Certified reports that every row that was not rescored was ruled out
	// by its bound and that every rescored row kept within its bound. When
	// false, a plane in memory disagreed with the vectors, and Hits come
	// from comparing with every vector instead.
	Certified bool
	// Rows is how many rows the scan went over, and Bytes what their codes take, of
	// which a scan reads as much or less.
	Rows  int
	Bytes int64
	// Rescored is how many rows were compared in float64.
	Rescored int
	// Skimmed is how many blocks of 16 rows were ruled out by a part of what
	// a scan may read; see Options.Threshold.
	Skimmed int
}

// Hit is one row of an answer.
type Hit struct {
	ID    uint64
	Group uint32
	// Score is the dot product of the stored vector and the probe, float32
	// coordinates multiplied and summed in float64: four partial sums, the
	// i-th product going to sum i mod 4, then (s0+s1)+(s2+s3).
	Score float64
}

func validate(v []float32, dimension int) error {
	if len(v) != dimension {
		return fmt.Errorf("vector has %d coordinates, not %d: %w", len(v), dimension, face.ErrDimension)
	}
	var sum float64
	for _, x := range v {
		sum += float64(float64(x) * float64(x))
	}
	switch length := math.Sqrt(sum); {
	case math.IsNaN(length) || math.IsInf(length, 0):
		return face.ErrNotFinite
	case length == 0:
		return face.ErrZero
	case math.Abs(length-1) > kernel.LengthTolerance:
		return fmt.Errorf("vector has length %g: %w", length, ErrNotUnit)
	}
	return nil
}

func dot(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(float64(a[i]) * float64(b[i]))
		s1 += float64(float64(a[i+1]) * float64(b[i+1]))
		s2 += float64(float64(a[i+2]) * float64(b[i+2]))
		s3 += float64(float64(a[i+3]) * float64(b[i+3]))
	}
	if i < len(a) {
		s0 += float64(float64(a[i]) * float64(b[i]))
	}
	if i+1 < len(a) {
		s1 += float64(float64(a[i+1]) * float64(b[i+1]))
	}
	if i+2 < len(a) {
		s2 += float64(float64(a[i+2]) * float64(b[i+2]))
	}
	return (s0 + s1) + (s2 + s3)
}
