package index

import (
	"fmt"
	"math"

	"oneton/face"
)

// Check returns ErrQuery when no index could answer q; whether the probe has
// the scope's dimension only the index knows.
func (q Query) Check() error {
	if q.K < 1 {
		return fmt.Errorf("%w: k is %d", ErrQuery, q.K)
	}
	if math.IsNaN(q.Threshold) {
		return fmt.Errorf("%w: threshold is not a number", ErrQuery)
	}
	var sum float64
	for _, x := range q.Probe {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("%w: probe: %w", ErrQuery, face.ErrNotFinite)
	}
	if sum == 0 {
		return fmt.Errorf("%w: probe: %w", ErrQuery, face.ErrZero)
	}
	return nil
}
