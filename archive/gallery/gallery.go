// Package gallery is a gallery as an archive that any oneton server can take in, and
// that others can read: a tar of blocks of people, each with lines of JSON, their
// templates as float32 and, where they are wanted, their photos. docs/archive.md
// describes it.
package gallery

import (
	"encoding/json"
	"errors"
	"time"

	"oneton/face"
)

// Format and Version say what an archive is.
const (
	Format  = "oneton gallery"
	Version = 1
)

const (
	// block is from what size on people are handed over, and largest what a reader
	// takes of one at most: a photo follows the block's last person.
	block   = 4 << 20
	largest = 96 << 20

	manifestName = "archive.json"
	totalsName   = "totals.json"
	subjectsName = "subjects.ndjson"
	templates    = "templates.f32"
	photosFolder = "photos"
)

// ErrFormat means that a file is no archive of a gallery, or of a version that this
// program does not know.
var ErrFormat = errors.New("not an archive of a gallery that this program can read")

// Manifest is what an archive says of itself, ahead of all else.
type Manifest struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	// Program is the version of oneton that made it.
	Program string  `json:"program"`
	Gallery Gallery `json:"gallery"`
	// Photos tells whether kept photos are in it.
	Photos bool `json:"photos"`
}

// Gallery is what is told of one.
type Gallery struct {
	Name string `json:"name"`
	// Pack is the name of the model pack that its templates are of.
	Pack string `json:"pack"`
	// Policy is the gallery's, as the API tells it.
	Policy    json.RawMessage `json:"policy"`
	CreatedAt time.Time       `json:"created_at"`
}

// Totals are what an archive holds.
type Totals struct {
	// Subjects are lines: a person whose faces are in several blocks has several.
	Subjects int `json:"subjects"`
	Faces    int `json:"faces"`
	Photos   int `json:"photos"`
	// LeftOut are faces of the gallery that are not in it, since they are damaged.
	LeftOut []LeftOut `json:"left_out"`
}

// LeftOut names a face that is not in an archive.
type LeftOut struct {
	Subject string `json:"subject"`
	Face    string `json:"face"`
	Why     string `json:"why"`
}

// Subject is a person, with all their faces or some.
type Subject struct {
	ID        string            `json:"id"`
	Metadata  map[string]string `json:"metadata"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	// Before are the ids of the person's faces in the lines before, from which whoever
	// has those knows that this line goes on with the same person.
	Before []string `json:"before,omitempty"`
	Faces  []Face   `json:"faces"`
}

// Face is one of a person's.
type Face struct {
	ID string `json:"id"`
	// Version is that of the pack which made the template, or which it was converted
	// to: templates of different versions do not compare.
	Version string `json:"version"`
	// Dimension is how many numbers of the block's templates are this face's.
	Dimension int            `json:"dimension"`
	Box       face.Box       `json:"box"`
	Landmarks face.Landmarks `json:"landmarks"`
	Rotation  int            `json:"rotation"`
	Quality   face.Quality   `json:"quality"`
	CreatedAt time.Time      `json:"created_at"`
	// AsideAt is when the face was set aside, so that no search finds it; zero is not.
	AsideAt time.Time `json:"aside_at,omitzero"`
	// Photo is the member that is the face's photo; empty where there is none.
	Photo string `json:"photo,omitempty"`

	Template face.Template `json:"-"`
	// Content is the photo, byte for byte as it was enrolled; nil where there is none.
	Content []byte `json:"-"`
}
