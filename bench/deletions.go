package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"oneton/face"
	"oneton/store"
	"oneton/store/sqlite"
)

type deletionsCommand struct {
	Faces   int           `help:"Faces in the gallery that is deleted." default:"200000"`
	Photo   int           `help:"Bytes of the kept photo of each face; 0 keeps none." default:"0"`
	Writers int           `help:"Enrolments into another gallery under way at once." default:"4"`
	Rate    int           `help:"Enrolments a second that each writer begins at most." default:"50"`
	Idle    time.Duration `help:"How long enrolments are measured without a deletion." default:"20s"`
	Folder  string        `help:"Folder for the database, on the disk to measure; a temporary one when empty." json:"-"`
	Name    string        `help:"Name of the results." default:"deletions"`
	Out     string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

// deletionsResult is how long enrolments into one gallery take while another
// is deleted.
type deletionsResult struct {
	Idle     enrolments `json:"idle"`
	Deleting enrolments `json:"while_deleting"`
	// AnsweredMS is until the deletion is answered, and RemovedSeconds until
	// nothing of the gallery is left in the files.
	AnsweredMS     float64 `json:"answered_ms"`
	RemovedSeconds float64 `json:"removed_seconds"`
}

type enrolments struct {
	Count     int     `json:"enrolments"`
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	LongestMS float64 `json:"longest_ms"`
}

// Run fills a gallery and deletes it beside enrolments into another one.
func (c *deletionsCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(c.Folder, "bench-deletions-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "oneton.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.CreateTenant(ctx, store.Tenant{ID: "bench"}); err != nil {
		return err
	}
	for _, id := range []string{"deleted", "other"} {
		if err := db.CreateGallery(ctx, store.Gallery{ID: store.GalleryID(id), Tenant: "bench", Name: id, Pack: "default"}); err != nil {
			return err
		}
	}
	if err := c.fill(ctx, db); err != nil {
		return fmt.Errorf("fill gallery: %w", err)
	}
	var r deletionsResult
	if r.Idle, err = c.enrol(ctx, db, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.Idle):
			return nil
		}
	}); err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	if r.Deleting, err = c.enrol(ctx, db, func(ctx context.Context) error {
		begin := time.Now()
		if _, err := db.DeleteGallery(ctx, "bench", "deleted"); err != nil {
			return err
		}
		r.AnsweredMS = milliseconds(time.Since(begin))
		err := db.WaitErased(ctx)
		r.RemovedSeconds = time.Since(begin).Seconds()
		return err
	}); err != nil {
		return fmt.Errorf("enrol while deleting: %w", err)
	}
	return save(c.Out, c.Name, c, r)
}

// fill enrols the faces of the gallery to delete, several to a subject.
func (c *deletionsCommand) fill(ctx context.Context, db *sqlite.Store) error {
	const each, writers = 16, 32
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for done := 0; done < c.Faces && ctx.Err() == nil; done += each {
		g.Go(func() error { return c.enrolOne(ctx, db, "deleted", min(each, c.Faces-done), c.Photo) })
	}
	return g.Wait()
}

// enrol measures enrolments until do returns.
func (c *deletionsCommand) enrol(ctx context.Context, db *sqlite.Store, do func(context.Context) error) (enrolments, error) {
	var mu sync.Mutex
	var took []float64
	enrolling, stop := context.WithCancel(ctx)
	defer stop()
	g, failed := errgroup.WithContext(enrolling)
	for range c.Writers {
		g.Go(func() error {
			beat := time.NewTicker(time.Second / time.Duration(c.Rate))
			defer beat.Stop()
			for {
				select {
				case <-failed.Done():
					return nil
				case <-beat.C:
				}
				begin := time.Now()
				if err := c.enrolOne(context.WithoutCancel(ctx), db, "other", 1, 0); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, milliseconds(time.Since(begin)))
				mu.Unlock()
			}
		})
	}
	err := do(failed)
	stop()
	if err = errors.Join(err, g.Wait()); err != nil || len(took) == 0 {
		return enrolments{}, err
	}
	return enrolments{
		Count: len(took), P50MS: median(took), P99MS: quantile(took, 0.99), LongestMS: quantile(took, 1),
	}, nil
}

func (c *deletionsCommand) enrolOne(ctx context.Context, db *sqlite.Store, gallery store.GalleryID, n, photo int) error {
	faces, photos := make([]store.Face, n), make([]store.Photo, n)
	for i := range faces {
		v := make([]float32, defaultDimension)
		for j := range v {
			v[j] = float32(rand.NormFloat64())
		}
		t, err := face.NewTemplate(v)
		if err != nil {
			return err
		}
		id, err := uuid.NewV7() // as the service names them
		if err != nil {
			return err
		}
		faces[i] = store.Face{ID: store.FaceID(id.String()), Pack: "default", Template: t}
		photos[i] = store.Photo{MediaType: "image/jpeg", Bytes: make([]byte, photo)}
	}
	subject, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = db.Enrol(ctx, store.Subject{Gallery: gallery, ID: store.SubjectID(subject.String())}, faces, photos, true)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
