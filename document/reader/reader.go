// Package reader reads identity documents in photos: it finds the text, the
// machine-readable zone and the faces, and package document says what they make.
package reader

import (
	"context"
	"math"
	"sync"
	"time"

	"oneton/document"
	"oneton/document/barcode"
	"oneton/document/ocr"
	"oneton/document/zone"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// Text finds and reads lines; see ocr.Reader.
type Text interface {
	Find(ctx context.Context, p *picture.Picture) ([]ocr.Region, error)
	Upright(ctx context.Context, p *picture.Picture, found []ocr.Region) (lines []ocr.Region, turn int, err error)
	Texts(ctx context.Context, strips []ocr.Strip) ([]ocr.Text, error)
}

// Faces finds faces and makes their templates; see embed.Embedder.
type Faces interface {
	Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error)
}

// Zones finds and reads machine-readable zones; see zone.Reader.
type Zones interface {
	Read(ctx context.Context, p *picture.Picture, regions []ocr.Region, now time.Time) (zone.Zone, error)
}

// Config bounds the photos and chooses the templates.
type Config struct {
	// Pack is the model pack that makes portraits' templates.
	Pack string
	// Limits bound the photos.
	Limits picture.Limits
}

// Reader reads documents. It may be used from any number of goroutines at once.
type Reader struct {
	cfg     Config
	workers *pool.Pool
	text    Text
	zones   Zones
	faces   Faces
}

// New puts a reader together. The workers decode; text, zones and faces take theirs
// from the same pool.
func New(cfg Config, workers *pool.Pool, text Text, zones Zones, faces Faces) *Reader {
	return &Reader{cfg: cfg, workers: workers, text: text, zones: zones, faces: faces}
}

// Read says what the photo shows, however it is turned. A photo of something else is a
// document of an unknown type. Nothing is kept. Its errors are what package picture
// says of a photo that cannot be read, document.ErrTooSmall, and those of the pool,
// of what reads text, of what finds faces, and of the context.
func (r *Reader) Read(ctx context.Context, content []byte) (document.Document, error) {
	p, err := r.decode(ctx, content)
	if err != nil {
		return document.Document{}, err
	}
	var s sheet
	var found photo.Result
	err = together(ctx,
		func(ctx context.Context) (err error) { s, err = r.sheet(ctx, p); return err },
		func(ctx context.Context) (err error) {
			found, err = r.faces.Embed(ctx, r.cfg.Pack, content)
			return err
		},
	)
	if err != nil {
		return document.Document{}, err
	}
	page := s.page()
	page.Faces = s.faces(found, p)
	d := document.Examine(page)
	if d.Faceless { // a small portrait is found when the photo is looked at in full detail
		if found, err = r.faces.Embed(ctx, r.cfg.Pack, content, photo.CheckSmall); err != nil {
			return document.Document{}, err
		}
		page.Faces = s.faces(found, p)
		d = document.Examine(page)
	}
	if d.Numberless {
		if page.Codes, err = r.codes(ctx, p, s); err != nil {
			return document.Document{}, err
		}
		d = document.Examine(page)
	}
	if d.Type == document.Unknown && s.small() {
		return d, document.ErrTooSmall
	}
	return d, nil
}

// codes are what barcodes along the lines or across them say.
func (r *Reader) codes(ctx context.Context, p *picture.Picture, s sheet) ([]string, error) {
	w, err := r.workers.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer r.workers.Release(w)
	return barcode.Read(ctx, p, math.Atan2(s.across.Y, s.across.X))
}

func (r *Reader) decode(ctx context.Context, content []byte) (*picture.Picture, error) {
	w, err := r.workers.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer r.workers.Release(w)
	return picture.Decode(ctx, content, r.cfg.Limits)
}

// together does things at once and returns when all have ended, with the first error,
// which ends the others.
func together(ctx context.Context, things ...func(context.Context) error) error {
	shared, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for _, do := range things {
		group.Go(func() {
			if err := do(shared); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Cause(shared)
}
