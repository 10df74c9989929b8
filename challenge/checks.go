// Package challenge tells what frames of a camera show of somebody who was asked to do
// something: whether it was done, by one person, who is the one of the steps before,
// and which frame is best compared with a photo. It is no proof that somebody is before
// the camera: a film of the person who does all of it passes.
package challenge

import (
	"context"
	"fmt"

	"oneton/calibration"
	"oneton/face"
	"oneton/facesession"
	"oneton/gesture"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// Faces finds faces, and tells people apart. *embed.Embedder does it.
type Faces interface {
	// Packs are the names of the loaded packs, the default first.
	Packs() []string
	Calibration(pack string) (*calibration.Table, error)
	Glance(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture) ([]photo.Face, error)
	Recognise(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture, f photo.Face) (photo.Face, bool, error)
	Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error)
}

// strangers is the share of two people's comparisons that may pass for one's: lower
// than an identification takes, since the frames are of one camera and one minute.
const strangers = 0.001

// Checks checks steps. It may be used from any number of goroutines at once.
type Checks struct {
	cfg     Config
	workers *pool.Pool
	faces   Faces
	judge   *gesture.Judge
	pack    string
	// stranger is the cosine below which two templates are of two people.
	stranger float64
}

var _ facesession.Checks = (*Checks)(nil)

// New checks steps with the faces' default pack. Without the models of gestures no
// step can be checked, and Plan is empty.
func New(cfg Config, workers *pool.Pool, faces Faces, judge *gesture.Judge) (*Checks, error) {
	c := &Checks{cfg: cfg, workers: workers, faces: faces, judge: judge, pack: faces.Packs()[0]}
	table, err := faces.Calibration(c.pack)
	if err != nil {
		return nil, fmt.Errorf("check steps: %w", err)
	}
	c.stranger = table.Threshold(strangers)
	return c, nil
}

// same says whether two faces are of one person.
func (c *Checks) same(a, b face.Template) bool {
	cosine, err := a.Cosine(b)
	return err == nil && cosine >= c.stranger
}
