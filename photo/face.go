package photo

import (
	"slices"

	"oneton/face"
)

// Face is one face found in a photo.
type Face struct {
	// Box and Landmarks are in pixels of the photo when it was turned by
	// Rotation, as in Result.
	Box       face.Box
	Landmarks face.Landmarks
	Rotation  int
	// Confidence is the detector's, in [0, 1].
	Confidence float32
	// Template is what to keep, and Probe what to compare with those kept: their
	// cosine is that of two photos, whichever is the probe.
	Template face.Template
	Probe    face.Template
	Quality  face.Quality
	// Liveness is nil unless CheckLiveness was asked for.
	Liveness *Liveness
}

// Comparable says whether the face can be told apart from others at all.
func (f Face) Comparable() bool { return !slices.Contains(f.Quality.Reasons, ReasonNotComparable) }
