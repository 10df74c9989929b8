package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/sqlite"
)

type rebuildCommand struct {
	Rows   int    `help:"Faces in the database." default:"1000000"`
	Folder string `help:"Folder for the database, on the disk to measure; a temporary one when empty." json:"-"`
	Name   string `help:"Name of the results." default:"rebuild"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// rebuildResult is how long the exact index takes to become ready.
type rebuildResult struct {
	DatabaseBytes int64 `json:"database_bytes"`
	// RebuildSeconds is from an empty index, following the log of a database
	// to its end, with the database in the page cache; RebuildColdSeconds
	// is without.
	RebuildSeconds     float64 `json:"rebuild_seconds"`
	RebuildColdSeconds float64 `json:"rebuild_cold_seconds"`
	FacesASecond       float64 `json:"faces_per_second"`
	SaveSeconds        float64 `json:"save_seconds"`
	// RestartSeconds is from opening the saved index to the log's end.
	RestartSeconds float64 `json:"restart_seconds"`
}

// Run fills a database, builds the index from its log, saves the index and
// opens it again.
func (c *rebuildCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(c.Folder, "bench-rebuild-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "oneton.db")
	truth, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, truth.Close()) }()
	if err := c.fill(ctx, path); err != nil {
		return fmt.Errorf("fill database: %w", err)
	}
	var r rebuildResult
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	r.DatabaseBytes = info.Size()

	if err := forgetPages(folder); err != nil {
		return err
	}
	if r.RebuildColdSeconds, _, err = ready(ctx, truth, filepath.Join(folder, "first")); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	saved := filepath.Join(folder, "index")
	if r.RebuildSeconds, r.SaveSeconds, err = ready(ctx, truth, saved); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	if r.RestartSeconds, _, err = ready(ctx, truth, saved); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	r.FacesASecond = float64(c.Rows) / r.RebuildSeconds
	return save(c.Out, c.Name, c, r)
}

// ready returns how long an index in the folder takes to come to the end of
// the log, and then to be saved.
func ready(ctx context.Context, log changelog.Log, folder string) (took, saving float64, err error) {
	end, err := log.Position(ctx)
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	x, err := exact.New(exact.Config{Dir: folder})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	follower := changelog.NewFollower(log, x, changelog.FollowerConfig{})
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- follower.Run(following) }()
	err = follower.Wait(ctx, end)
	took = time.Since(begin).Seconds()
	stop()
	if ran := <-ended; !errors.Is(ran, context.Canceled) {
		err = errors.Join(err, ran)
	}
	if err != nil {
		return took, 0, err
	}
	begin = time.Now()
	err = x.Save(ctx)
	return took, time.Since(begin).Seconds(), err
}

// fill writes what as many enrolments of one face each would have left, without
// an enrolment's waiting for the disk.
func (c *rebuildCommand) fill(ctx context.Context, path string) (err error) {
	draw, err := newFaces(defaultDimension)
	if err != nil {
		return err
	}
	rows, _ := draw.gallery(c.Rows, 0, 0)
	db, err := sql.Open("sqlite", path+"?_pragma=synchronous(OFF)&_pragma=journal_mode(WAL)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	gallery := uuid.NewString()
	if _, err := tx.ExecContext(ctx, `INSERT INTO tenants VALUES ('bench', 'bench', 0)`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO galleries (id, tenant, name, pack, policy, created_at) VALUES (?, 'bench', 'staff', 'default', '{}', 0)`, gallery); err != nil {
		return err
	}
	const (
		box       = `{"X":123.4,"Y":55.1,"Width":210.3,"Height":260.9}`
		landmarks = `[{"X":152.1,"Y":121.3},{"X":231.4,"Y":118.2},{"X":190.2,"Y":160.4},{"X":161.3,"Y":210.5},{"X":224.6,"Y":208.1}]`
		quality   = `{"Score":0.93,"Sharpness":0.5,"Yaw":3.1}`
	)
	var vector []byte
	for i, row := range rows {
		vector = vector[:0]
		if vector, err = binary.Append(vector, binary.LittleEndian, row); err != nil {
			return err
		}
		n := i + 1
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		f := store.Face{ID: store.FaceID(id.String()), Gallery: store.GalleryID(gallery), Subject: store.SubjectID(uuid.NewString()), Pack: "default", CreatedAt: time.UnixMicro(int64(n))}
		metadata := fmt.Sprintf(`{"site":"%d"}`, i%10)
		for _, q := range []struct {
			text string
			args []any
		}{
			{
				`INSERT INTO subjects (gallery, id, metadata, created_at, updated_at, checksum) VALUES (?, ?, ?, ?, ?, ?)`,
				[]any{gallery, f.Subject, metadata, n, n, store.MetadataChecksum(store.GalleryID(gallery), f.Subject, []byte(metadata))},
			},
			{
				`INSERT INTO faces (n, id, gallery, subject, space, template, box, landmarks, quality, created_at, checksum, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				[]any{
					n, f.ID, gallery, f.Subject, f.Pack, vector, box, landmarks, quality, n,
					store.Checksum(f.ID, store.GalleryID(gallery), f.Subject, f.Pack, vector),
					store.DetailsChecksum(f, []byte(box), []byte(landmarks), []byte(quality)),
				},
			},
			{`INSERT INTO changes (kind, n) VALUES (1, ?)`, []any{n}},
		} {
			if _, err := tx.ExecContext(ctx, q.text, q.args...); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
