package photo

// Reasons why a face may not be recognised. Each begins where, on degraded
// photos of LFW, a fifth of mated comparisons are missed at an FMR of 1e-4,
// and names at most 2 in 1,000 photos of LFW as they are (docs/quality.md).
const (
	ReasonSmall       = "too_small"
	ReasonBlurred     = "blurred"
	ReasonDark        = "too_dark"
	ReasonBright      = "too_bright"
	ReasonLowContrast = "low_contrast"
	ReasonTurned      = "turned_away"
	// ReasonUnclear means that the score is low and none of the others says
	// why: noise, compression, something before the face.
	ReasonUnclear = "unclear"
	// ReasonNotComparable means that the score is below the floor, where
	// strangers cannot be told apart. It comes with another that says why,
	// where one is known.
	ReasonNotComparable = "not_comparable"
)

// MinInterEye is the least distance between the eyes, in pixels of the photo,
// that can be compared: the crop is then magnified four times, and below it
// more than a quarter of mated comparisons are missed.
const MinInterEye = 8
