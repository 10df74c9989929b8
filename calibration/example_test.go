package calibration_test

import (
	"fmt"

	"oneton/calibration"
)

// One stranger in a hundred may be answered somebody: among more people, each
// pair must be a false match the more rarely.
func ExamplePairRate() {
	for _, people := range []int{1, 100, 10_000} {
		fmt.Printf("%6d: %.1e\n", people, calibration.PairRate(0.01, people))
	}
	// Output:
	//      1: 1.0e-02
	//    100: 1.0e-04
	//  10000: 1.0e-06
}
