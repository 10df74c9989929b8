// Package calibration turns cosines into rates and rates into thresholds. A
// model pack carries one table, measured on impostor and genuine pairs; every
// level, score and threshold of every API is a view of it.
package calibration

// Table is a pack's calibration: the false-match rate (FMR, ISO/IEC 19795-1)
// at a series of cosines.
type Table struct {
	// Knots rise in cosine and fall in FMR.
	Knots []Knot `json:"knots" yaml:"knots"`
	// Measured is the lowest FMR that the data could show; below it the
	// table is an extrapolation of the fitted tail.
	Measured float64 `json:"measured" yaml:"measured"`
	// Source says on what data the table was measured.
	Source string `json:"source" yaml:"source"`
}

// Knot is one point of the table.
type Knot struct {
	Cosine float64 `json:"cosine" yaml:"cosine"`
	FMR    float64 `json:"fmr" yaml:"fmr"`
}
