package uqudo

import "oneton/calibration"

// Levels are match levels 1 to 5: the false-match rate that each keeps.
func Levels() calibration.Scale { return calibration.Scale{1e-2, 1e-3, 1e-4, 1e-5, 1e-6} }
