package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Subject is a person in a gallery.
type Subject struct {
	// ID is the owner's.
	ID        string            `json:"id"`
	Metadata  map[string]string `json:"metadata"`
	FaceCount int               `json:"face_count"`
	// PhotoCount is how many of the faces' photos are kept.
	PhotoCount int       `json:"photo_count"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	// DeleteAt is when the subject will be deleted, unless that is taken back; zero is
	// never.
	DeleteAt time.Time `json:"delete_at,omitzero"`
	// Damaged says that the metadata cannot be read, and are shown as none.
	Damaged bool `json:"damaged,omitempty"`
	// ETag is the version's, where one subject was read or changed.
	ETag string `json:"-"`
}

// SubjectFaces is a subject with its faces, in the order of their enrolment.
type SubjectFaces struct {
	Subject

	Faces []EnrolledFace `json:"faces"`
}

// NewSubject is somebody to enrol.
type NewSubject struct {
	// ID is the owner's; where it is empty the client makes one, so that a request
	// whose answer was lost can be sent again.
	ID       string
	Metadata map[string]string
	// Photos are 1 to 16 of the person; each adds a face.
	Photos []Photo
	// Detail is fast or full; empty is the gallery's.
	Detail  string
	Timings bool
}

// Enrolment is what was enrolled.
type Enrolment struct {
	Subject Subject `json:"subject"`
	// Faces are those that were added, one a photo, in the photos' order.
	Faces []EnrolledFace `json:"faces"`
	// Present are the ids of the faces whose photos NewFaces.Once left out.
	Present []string `json:"present,omitempty"`
	Timings *Timings `json:"timings,omitempty"`
}

// Enrol enrols a new subject; AlreadyExists where the id is taken. Once it returns,
// every search sees the faces.
func (c *Client) Enrol(ctx context.Context, gallery string, n NewSubject) (Enrolment, error) {
	if n.ID == "" {
		n.ID = newID(time.Now())
	}
	var f form
	f.text("id", n.ID)
	if err := f.metadata(n.Metadata); err != nil {
		return Enrolment{}, err
	}
	f.text("detail", n.Detail)
	f.flag("timings", n.Timings)
	f.photos("photo", n.Photos...)
	var e Enrolment
	_, err := c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "subjects"}, body: f.body}, &e)
	var doubt doubtful
	if errors.Is(err, AlreadyExists) && errors.As(err, &doubt) {
		return c.enrolled(ctx, gallery, n, err)
	}
	return e, err
}

// enrolled is the enrolment that an attempt has made whose answer was lost, if it is
// that and not somebody else's of the same id.
func (c *Client) enrolled(ctx context.Context, gallery string, n NewSubject, err error) (Enrolment, error) {
	c.position.forget() // the enrolment's is not known
	is, rerr := c.Subject(ctx, gallery, n.ID)
	if rerr != nil || len(is.Faces) != len(n.Photos) || !maps.Equal(is.Metadata, n.Metadata) {
		return Enrolment{}, errors.Join(fmt.Errorf("%w: %w", ErrMayBeDone, err), rerr)
	}
	return Enrolment{Subject: is.Subject, Faces: is.Faces}, nil
}

// NewFaces are photos of a subject.
type NewFaces struct {
	// Photos are 1 to 16; each adds a face.
	Photos []Photo
	// Create makes the subject, with the Metadata, where there is none; else it must be
	// there. One that is there keeps its own.
	Create   bool
	Metadata map[string]string
	// Once leaves out photos that were added to the subject with Once before, byte for
	// byte. The call can then be sent any number of times.
	Once bool
	// Import is a name of the caller's: faces are added to no subject but those that
	// calls with the same name made. Others are AlreadyExists.
	Import string
	// DryRun does everything but store.
	DryRun bool
	// Detail is fast or full; empty is the gallery's.
	Detail  string
	Timings bool
}

// AddFaces adds faces to a subject. Unless it is with Once it is not sent again where
// it may have been done.
func (c *Client) AddFaces(ctx context.Context, gallery, subject string, n NewFaces) (Enrolment, error) {
	var f form
	f.flag("create", n.Create)
	if err := f.metadata(n.Metadata); err != nil {
		return Enrolment{}, err
	}
	f.flag("once", n.Once)
	f.text("import", n.Import)
	f.flag("dry_run", n.DryRun)
	f.text("detail", n.Detail)
	f.flag("timings", n.Timings)
	f.photos("photo", n.Photos...)
	var e Enrolment
	_, err := c.fetch(ctx, call{
		method: http.MethodPost, path: []string{"v1", "galleries", gallery, "subjects", subject, "faces"}, body: f.body, once: !n.Once, reads: n.DryRun,
	}, &e)
	return e, err
}

// Subjects lists a gallery's subjects by id.
func (c *Client) Subjects(ctx context.Context, gallery string) iter.Seq2[Subject, error] {
	return c.subjects(ctx, gallery, nil)
}

func (c *Client) subjects(ctx context.Context, gallery string, query url.Values) iter.Seq2[Subject, error] {
	return list[Subject](ctx, c, "subjects", query, "v1", "galleries", gallery, "subjects")
}

// Subject reads a subject with all of its faces.
func (c *Client) Subject(ctx context.Context, gallery, subject string, only ...Condition) (SubjectFaces, error) {
	call := get("v1", "galleries", gallery, "subjects", subject)
	call.header = conditional(only)
	call.query = url.Values{"limit": {strconv.Itoa(pageRows)}}
	var all SubjectFaces
	for {
		var p struct {
			SubjectFaces
			Next string `json:"next"`
		}
		h, err := c.fetch(ctx, call, &p)
		if err != nil {
			return SubjectFaces{}, err
		}
		all.Subject, all.Faces = p.Subject, append(all.Faces, p.Faces...)
		all.ETag = h.Get("ETag")
		if p.Next == "" {
			return all, nil
		}
		call.query.Set("after", p.Next)
	}
}

// ChangeSubject replaces a subject's metadata, all of it.
func (c *Client) ChangeSubject(ctx context.Context, gallery, subject string, metadata map[string]string, only ...Condition) (Subject, error) {
	if metadata == nil {
		metadata = map[string]string{}
	}
	body, err := jsonBody(map[string]any{"metadata": metadata})
	if err != nil {
		return Subject{}, err
	}
	return c.changed(ctx, call{
		method: http.MethodPatch, path: []string{"v1", "galleries", gallery, "subjects", subject}, header: conditional(only), body: body, once: len(only) > 0,
	})
}

// DeleteSubject deletes a subject with its faces and photos.
func (c *Client) DeleteSubject(ctx context.Context, gallery, subject string) error {
	return c.remove(ctx, "v1", "galleries", gallery, "subjects", subject)
}

// DeleteFace deletes one face with its photo; the subject stays.
func (c *Client) DeleteFace(ctx context.Context, gallery, subject, face string) error {
	return c.remove(ctx, "v1", "galleries", gallery, "subjects", subject, "faces", face)
}

// SetFaceAside takes a face out of searches and comparisons and deletes nothing of it.
func (c *Client) SetFaceAside(ctx context.Context, gallery, subject, face string) error {
	_, err := c.fetch(ctx, call{method: http.MethodPut, path: []string{"v1", "galleries", gallery, "subjects", subject, "faces", face, "aside"}}, nil)
	return err
}

// BringFaceBack brings a face back that was set aside.
func (c *Client) BringFaceBack(ctx context.Context, gallery, subject, face string) error {
	_, err := c.fetch(ctx, call{method: http.MethodDelete, path: []string{"v1", "galleries", gallery, "subjects", subject, "faces", face, "aside"}}, nil)
	return err
}

// FaceAside is a face that was set aside.
type FaceAside struct {
	Subject string    `json:"subject"`
	Face    string    `json:"face"`
	AsideAt time.Time `json:"aside_at"`
}

// FacesAside lists the faces that were set aside.
func (c *Client) FacesAside(ctx context.Context, gallery string) iter.Seq2[FaceAside, error] {
	return list[FaceAside](ctx, c, "faces", nil, "v1", "galleries", gallery, "aside")
}

// DeletePhotos deletes the kept photos of a subject; its faces stay searchable.
func (c *Client) DeletePhotos(ctx context.Context, gallery, subject string) error {
	return c.remove(ctx, "v1", "galleries", gallery, "subjects", subject, "photos")
}

// StoredPhoto is a kept photo, to be read and closed.
type StoredPhoto struct {
	io.ReadCloser

	// Type is as in image/jpeg, and Size -1 where it is not known.
	Type string
	Size int64
}

// Photo reads a kept photo, byte for byte as it was sent; NotFound where none was kept.
func (c *Client) Photo(ctx context.Context, gallery, subject, face string) (StoredPhoto, error) {
	return c.stored(ctx, get("v1", "galleries", gallery, "subjects", subject, "faces", face, "photo"))
}

func (c *Client) stored(ctx context.Context, call call) (StoredPhoto, error) {
	res, err := c.do(ctx, call, func(*http.Response) error { return nil }) //nolint:bodyclose // the caller closes it
	if err != nil {
		return StoredPhoto{}, err
	}
	return StoredPhoto{res.Body, res.Header.Get("Content-Type"), res.ContentLength}, nil
}
