// Package photo holds the nouns of what is told of a photo: why it cannot be
// read, the faces it shows, what is asked of them and what is said. It does no
// I/O and computes nothing of pixels, so that who asks and who answers share it.
package photo

import "time"

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
	// were not taken because it shows more than may be.
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
