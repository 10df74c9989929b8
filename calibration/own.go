package calibration

import (
	"fmt"
	"math"
)

// Own is what is fitted to an owner's photos, and followed instead of a pack's.
type Own struct {
	Table
	// Poor, when set, says how poor photos are compared.
	Poor *Poor `json:"poor,omitempty"`
}

// Poor says what an owner's poor photos are worth. Templates stay as the pack made
// them: both take effect where photos are compared.
type Poor struct {
	// Floor is the quality score below which a photo is not comparable, in the
	// place of the pack's.
	Floor float64 `json:"floor"`
	// Weight is how many times the product of two photos' doubts counts that is
	// taken from their likeness; 1 is the pack's own. It is as if the doubt of
	// each, by the pack's curve, were √Weight times as high.
	Weight float64 `json:"weight"`
}

// maxWeight bounds a weight: doubts of a tenth then take away all likeness.
const maxWeight = 100

// Validate is ErrTable, or ErrTrust for what is said of poor photos, wrapped with
// what is wrong.
func (o *Own) Validate() error {
	if err := o.Table.Validate(); err != nil || o.Poor == nil {
		return err
	}
	if p := o.Poor; !(p.Floor >= 0 && p.Floor <= 1) {
		return fmt.Errorf("poor.floor: %v must be 0 to 1: %w", p.Floor, ErrTrust)
	}
	if p := o.Poor; !(p.Weight >= 0 && p.Weight <= maxWeight) {
		return fmt.Errorf("poor.weight: %v must be 0 to %d: %w", p.Weight, maxWeight, ErrTrust)
	}
	return nil
}

// Weighted is a probe whose last value, its doubt, counts so many times, at length
// one again, and the length that it had: times that, its cosine with a template is
// their likeness.
func Weighted(probe []float32, weight float64) (unit []float32, length float64) {
	last := len(probe) - 1
	if weight == 1 || last < 0 {
		return probe, 1
	}
	doubt := weight * float64(probe[last])
	squares := float64(doubt * doubt)
	for _, v := range probe[:last] {
		squares += float64(float64(v) * float64(v))
	}
	length = math.Sqrt(squares)
	unit = make([]float32, 0, len(probe))
	for _, v := range probe[:last] {
		unit = append(unit, float32(float64(v)/length))
	}
	return append(unit, float32(doubt/length)), length
}
