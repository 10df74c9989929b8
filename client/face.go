package client

import (
	"slices"
	"time"
)

// Box is in pixels of the upright photo, from its upper left corner; it may reach
// beyond the edge.
type Box struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Point is in pixels of the upright photo.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Quality says how well a face can be recognised.
type Quality struct {
	// Score is 0 to 1; higher is better.
	Score float64 `json:"score"`
	// InterEye is the distance of the eyes in pixels.
	InterEye   float64 `json:"inter_eye"`
	Sharpness  float64 `json:"sharpness"`
	Brightness float64 `json:"brightness"`
	Contrast   float64 `json:"contrast"`
	// Yaw, Pitch and Roll are in degrees.
	Yaw   float64 `json:"yaw"`
	Pitch float64 `json:"pitch"`
	Roll  float64 `json:"roll"`
	// Reasons are what is wrong, such as blurred; none where nothing is.
	Reasons []string `json:"reasons,omitempty"`
}

// Comparable tells whether the face can be compared; one that cannot matches nobody.
func (q Quality) Comparable() bool {
	return !slices.Contains(q.Reasons, "not_comparable")
}

// Liveness says whether a face is of a person before the camera.
type Liveness struct {
	// Verdict is real, spoof or unknown.
	Verdict string `json:"verdict"`
	// Score is the model's probability that it is real; nil where it was not asked.
	Score *float64 `json:"score,omitempty"`
	// Reason is why the verdict is unknown.
	Reason string `json:"reason,omitempty"`
}

// Face is one in a photo that was sent.
type Face struct {
	Box Box `json:"box"`
	// Landmarks are, from left to right as the photo shows them: eye, eye, tip of the
	// nose, corner of the mouth, corner of the mouth.
	Landmarks [5]Point `json:"landmarks"`
	// Rotation is by how many degrees clockwise the photo was turned to be upright.
	Rotation   int       `json:"rotation"`
	Confidence float64   `json:"confidence"`
	Quality    Quality   `json:"quality"`
	Liveness   *Liveness `json:"liveness,omitempty"`
}

// EnrolledFace is one of a subject.
type EnrolledFace struct {
	ID        string    `json:"id"`
	Pack      string    `json:"pack"`
	Box       Box       `json:"box"`
	Landmarks [5]Point  `json:"landmarks"`
	Rotation  int       `json:"rotation"`
	Quality   Quality   `json:"quality"`
	HasPhoto  bool      `json:"has_photo"`
	CreatedAt time.Time `json:"created_at"`
	// AsideAt is when it was set aside, so that no search finds it; nil is not.
	AsideAt *time.Time `json:"aside_at,omitempty"`
	// Damaged says that a part of it cannot be read.
	Damaged bool `json:"damaged,omitempty"`
	// Liveness is told when the face is enrolled, and not kept.
	Liveness *Liveness `json:"liveness,omitempty"`
}

// Timings are where the time of an answer went, in milliseconds.
type Timings struct {
	Queue     float64 `json:"queue"`
	Decode    float64 `json:"decode"`
	Detect    float64 `json:"detect"`
	Refine    float64 `json:"refine"`
	Align     float64 `json:"align"`
	Recognise float64 `json:"recognise"`
	Assess    float64 `json:"assess"`
	Liveness  float64 `json:"liveness"`
	Wait      float64 `json:"wait"`
	Search    float64 `json:"search"`
	Store     float64 `json:"store"`
	Total     float64 `json:"total"`
}
