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
		sum += float64(float64(x) * float64(x))
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("%w: probe: %w", ErrQuery, face.ErrNotFinite)
	}
	if sum == 0 {
		return fmt.Errorf("%w: probe: %w", ErrQuery, face.ErrZero)
	}
	return nil
}

// In is q with the threshold of a gallery of so many faces, or ErrQuery when
// that is not a number.
func (q Query) In(faces int) (Query, error) {
	if q.ThresholdFor == nil {
		return q, nil
	}
	if q.Threshold = q.ThresholdFor(faces); math.IsNaN(q.Threshold) {
		return q, fmt.Errorf("%w: threshold for %d faces is not a number", ErrQuery, faces)
	}
	return q, nil
}
