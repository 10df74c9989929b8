package client

import (
	"context"
	"net/http"
)

// Verify is what is compared.
type Verify struct {
	Photo Photo
	// FMR is the wanted false-match rate; nil is 1e-4.
	FMR *float64
	// Detail is fast or full; empty is the gallery's, or fast.
	Detail  string
	Timings bool
}

// Verification is the answer of a comparison.
type Verification struct {
	// Match says whether the cosine reaches the threshold.
	Match  bool    `json:"match"`
	Cosine float64 `json:"cosine"`
	Score  float64 `json:"score"`
	// FMR is the share of pairs of strangers that are this alike or more.
	FMR          float64 `json:"fmr"`
	Threshold    float64 `json:"threshold"`
	Extrapolated bool    `json:"threshold_extrapolated"`
	Probe        Face    `json:"probe"`
	// Reference is the other photo's face, where two photos were compared.
	Reference *Face `json:"reference,omitempty"`
	// Face is the subject's nearest, where a photo was compared with a subject.
	Face    string   `json:"face,omitempty"`
	Timings *Timings `json:"timings,omitempty"`
}

func (v Verify) form() form {
	var f form
	f.number("fmr", v.FMR)
	f.text("detail", v.Detail)
	f.flag("timings", v.Timings)
	f.photos("photo", v.Photo)
	return f
}

// VerifySubject compares a photo with a subject.
func (c *Client) VerifySubject(ctx context.Context, gallery, subject string, v Verify) (Verification, error) {
	var a Verification
	_, err := c.fetch(ctx, call{
		method: http.MethodPost, path: []string{"v1", "galleries", gallery, "subjects", subject, "verify"}, body: v.form().body, reads: true,
	}, &a)
	return a, err
}

// VerifyPhotos compares two photos by the pack, or the default pack where it is empty.
// Nothing is stored.
func (c *Client) VerifyPhotos(ctx context.Context, reference Photo, pack string, v Verify) (Verification, error) {
	f := v.form()
	f.text("pack", pack)
	f.photos("reference", reference)
	var a Verification
	_, err := c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "verify"}, body: f.body, reads: true}, &a)
	return a, err
}

// Detect is what is looked for in a photo.
type Detect struct {
	Photo Photo
	// Pack is the default pack where it is empty.
	Pack string
	// Liveness asks whether each face is of a person before the camera.
	Liveness bool
	// Detail is fast or full; empty is fast.
	Detail  string
	Timings bool
}

// Detection is what a photo shows.
type Detection struct {
	// Width and Height are of the upright photo, in pixels.
	Width    int `json:"width"`
	Height   int `json:"height"`
	Rotation int `json:"rotation"`
	// Faces are the largest first.
	Faces     []Face   `json:"faces"`
	LeftOut   int      `json:"faces_left_out"`
	Truncated bool     `json:"truncated"`
	Timings   *Timings `json:"timings,omitempty"`
}

// Detect finds the faces of a photo. Nothing is stored or compared.
func (c *Client) Detect(ctx context.Context, d Detect) (Detection, error) {
	var f form
	f.text("pack", d.Pack)
	f.flag("liveness", d.Liveness)
	f.text("detail", d.Detail)
	f.flag("timings", d.Timings)
	f.photos("photo", d.Photo)
	var a Detection
	_, err := c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "detect"}, body: f.body, reads: true}, &a)
	return a, err
}
