package picture

import "time"

// Limits bound what is decoded; each but Time is checked before memory is taken.
type Limits struct {
	// Bytes is the longest file.
	Bytes int
	// Pixels is the most pixels, width times height.
	Pixels int
	// Side is the longest, and MinSide the shortest, width or height.
	Side    int
	MinSide int
	// Time is the longest that decoding may take; 0 is as long as the caller
	// waits. What the other limits let through takes seconds at most, so this
	// ends what they do not foresee.
	Time time.Duration
}

// DefaultLimits take any photo of a phone or camera of "50 megapixels", which
// may have up to 8,320×6,240.
func DefaultLimits() Limits {
	return Limits{Bytes: 20 << 20, Pixels: 52_000_000, Side: 12_000, MinSide: 20, Time: 5 * time.Second}
}
