// Package embed turns a photo's bytes into faces with templates: decode,
// detect, refine, align, recognise, assess.
package embed

import (
	"slices"
	"time"

	"oneton/face"
)

// Face is one face found in a photo.
type Face struct {
	// Box and Landmarks are in pixels of the photo when it was turned by
	// Rotation, as in Result.
	Box       face.Box
	Landmarks face.Landmarks
	Rotation  int
	// Confidence is the detector's, in [0, 1], of the face as it is seen from
	// near where the pack says how, else of the face in the photo.
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

// Result is what was found in one photo.
type Result struct {
	// Width and Height are of the upright photo, in pixels.
	Width, Height int
	// Rotation is by how many degrees clockwise, 0, 90, 180 or 270, the photo
	// was turned to be upright, beyond what its EXIF orientation says.
	Rotation int
	// MediaType is what the content is: image/jpeg, image/png, image/webp or
	// image/bmp.
	MediaType string
	// Faces are largest box first.
	Faces []Face
	// LeftOut is how many more faces the photo shows, smaller than those, that
	// were not taken because it shows more than Config.MaxFaces.
	LeftOut int
	// Cut are the faces that reach the rows which the file lacks, without
	// templates, and Damage is why it lacks them; nil when it is whole.
	Cut     []Face
	Damage  error
	Timings Timings
}

// Timings says where the time of one photo went. Queue is the wait for a
// free worker.
type Timings struct {
	Queue, Decode, Detect, Refine, Align, Recognise, Assess, Liveness time.Duration
}
