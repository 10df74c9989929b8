package native

import (
	"time"

	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// faceAnswer is a face found in a photo that was sent.
type faceAnswer struct {
	Box        face.Box       `json:"box"`
	Landmarks  face.Landmarks `json:"landmarks"`
	Rotation   int            `json:"rotation"`
	Confidence float32        `json:"confidence"`
	Quality    face.Quality   `json:"quality"`
	Liveness   *liveness      `json:"liveness,omitempty"`
}

func faceOf(f photo.Face) faceAnswer {
	return faceAnswer{
		Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation, Confidence: f.Confidence, Quality: f.Quality, Liveness: livenessOf(f.Liveness),
	}
}

// crowd says whether a photo shows more faces than were taken.
type crowd struct {
	LeftOut   int  `json:"faces_left_out"`
	Truncated bool `json:"truncated"`
}

func crowdOf(leftOut int) crowd { return crowd{leftOut, leftOut > 0} }

// liveness is the check's opinion, where one was asked for.
type liveness struct {
	Verdict photo.Verdict `json:"verdict"`
	Score   *float64      `json:"score,omitempty"`
	Reason  string        `json:"reason,omitempty"`
}

func livenessOf(l *photo.Liveness) *liveness {
	if l == nil {
		return nil
	}
	return &liveness{Verdict: l.Verdict, Score: l.Score, Reason: l.Reason}
}

// enrolledFace is a face of a subject.
type enrolledFace struct {
	ID        string         `json:"id"`
	Pack      string         `json:"pack"`
	Box       face.Box       `json:"box"`
	Landmarks face.Landmarks `json:"landmarks"`
	Rotation  int            `json:"rotation"`
	Quality   face.Quality   `json:"quality"`
	HasPhoto  bool           `json:"has_photo"`
	CreatedAt time.Time      `json:"created_at"`
	AsideAt   *time.Time     `json:"aside_at,omitempty"`
	Damaged   bool           `json:"damaged,omitempty"`
	// Liveness is told once, when the face is enrolled.
	Liveness *liveness `json:"liveness,omitempty"`
}

// addedFaces are those of an enrolment.
func addedFaces(e identify.Enrolled) []enrolledFace {
	faces := enrolledFaces(e.Faces)
	for i, l := range e.Liveness {
		faces[i].Liveness = livenessOf(l)
	}
	return faces
}

func enrolledFaces(faces []store.Face) []enrolledFace {
	out := make([]enrolledFace, len(faces))
	for i, f := range faces {
		out[i] = enrolledFace{
			ID: string(f.ID), Pack: face.PackOf(f.Pack), Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation, Quality: f.Quality,
			HasPhoto: len(f.PhotoSHA256) > 0, CreatedAt: f.CreatedAt, AsideAt: known(f.AsideAt), Damaged: f.Damage != "",
		}
	}
	return out
}

// subjectAnswer is a subject as lists show it.
type subjectAnswer struct {
	ID        string            `json:"id"`
	Metadata  map[string]string `json:"metadata"`
	FaceCount int               `json:"face_count"`
	// PhotoCount is how many of the faces' photos are kept.
	PhotoCount int       `json:"photo_count"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	// DeleteAt is when the subject will be deleted, unless that is taken back.
	DeleteAt time.Time `json:"delete_at,omitzero"`
	Damaged  bool      `json:"damaged,omitempty"`
}

func subjectOf(s store.Subject) subjectAnswer {
	return subjectAnswer{
		ID: string(s.ID), Metadata: metadataOf(s.Metadata), FaceCount: s.Faces, PhotoCount: s.Photos,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, DeleteAt: s.EndsAt, Damaged: s.Damage != "",
	}
}

// metadataOf makes no metadata an empty object, not null.
func metadataOf(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// timings is where the time of an answer went, in milliseconds.
type timings struct {
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

// timingsOf is nil unless they were asked for.
func timingsOf(asked bool, t identify.Timings) *timings {
	if !asked {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return &timings{
		Queue: ms(t.Queue), Decode: ms(t.Decode), Detect: ms(t.Detect), Refine: ms(t.Refine), Align: ms(t.Align),
		Recognise: ms(t.Recognise), Assess: ms(t.Assess), Liveness: ms(t.Liveness),
		Wait: ms(t.Wait), Search: ms(t.Search), Store: ms(t.Store), Total: ms(t.Total),
	}
}
