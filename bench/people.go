package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"oneton/calibration"
	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

type peopleCommand struct {
	Subjects int    `help:"Subjects of the gallery." default:"1000000"`
	Limit    int    `help:"Most subjects of a page." default:"50"`
	Pages    int    `help:"Most pages that are read of a list." default:"2000"`
	Postgres string `help:"URL of an empty PostgreSQL database to measure, too." json:"-"`
	Folder   string `help:"Folder for the SQLite database; a temporary one when empty. One that is there is used again." json:"-"`
	Name     string `help:"Name of the results." default:"people"`
	Out      string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// pagesOf is how long the pages of a list took.
type pagesOf struct {
	Pages     int     `json:"pages"`
	Subjects  int     `json:"subjects"`
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	LongestMS float64 `json:"longest_ms"`
	// Seconds is until the end of the list, or of the pages read.
	Seconds float64 `json:"seconds"`
}

type peopleResult struct {
	Lists map[string]pagesOf `json:"lists"`
	// CountMS is how long counting the whole gallery takes.
	CountMS float64 `json:"count_ms"`
}

// Run fills a gallery and lists its people by filters, on each engine.
func (c *peopleCommand) Run(ctx context.Context) (err error) {
	folder := c.Folder
	if folder == "" {
		if folder, err = os.MkdirTemp("", "bench-people-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	path := filepath.Join(folder, "people.db")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		version, err := sqlite.Newest()
		if err != nil {
			return err
		}
		if err := sqlite.Load(ctx, path, map[string]store.Part{store.OwnPart: {Version: version}}, c.fill(ctx)); err != nil {
			return err
		}
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	results := map[string]peopleResult{}
	if results["sqlite"], err = c.measure(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil || c.Postgres == "" {
		return errors.Join(err, save(c.Out, c.Name, c, results))
	}
	version, err := postgres.Newest()
	if err != nil {
		return err
	}
	cfg := postgres.Config{URL: c.Postgres}
	err = postgres.Load(ctx, cfg, map[string]store.Part{store.OwnPart: {Version: version}}, c.fill(ctx))
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	server, err := postgres.Open(ctx, cfg)
	if err != nil {
		return err
	}
	if results["postgres"], err = c.measure(ctx, server); err != nil {
		return errors.Join(err, server.Close())
	}
	return errors.Join(server.Close(), save(c.Out, c.Name, c, results))
}

// fill makes subjects of a face, every tenth of two, of which every second has its first
// face's photo kept; each says of itself what no other does.
func (c *peopleCommand) fill(ctx context.Context) func(store.Loading) error {
	return func(l store.Loading) error {
		tables := map[string]store.Table{}
		for _, t := range l.Schema().Tables {
			tables[t.Name] = t
		}
		put := func(name string, rows iter.Seq[map[string]any]) error {
			t := tables[name]
			return l.Insert(ctx, t, func(yield func([]any, error) bool) {
				for row := range rows {
					cells := make([]any, len(t.Columns))
					for i, column := range t.Columns {
						cells[i] = row[column.Name]
					}
					if !yield(cells, nil) {
						return
					}
				}
			})
		}
		at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		g := store.Gallery{ID: "million", Tenant: "bench", Name: "million", Pack: benchPack, CreatedAt: at}
		const policy = `{"fpir":0.01,"quality":"report","liveness":"off","keep_photos":true,"retention":0}`
		us := at.UnixMicro()
		one := func(row map[string]any) iter.Seq[map[string]any] {
			return slices.Values([]map[string]any{row})
		}
		if err := put("tenants", one(map[string]any{"id": "bench", "name": "bench", "created_at": us})); err != nil {
			return err
		}
		if err := put("galleries", one(map[string]any{
			"id": string(g.ID), "tenant": "bench", "name": g.Name, "pack": benchPack, "policy": policy, "created_at": us, "position": int64(0),
			"checksum": store.GalleryChecksum(g, []byte(policy)),
		})); err != nil {
			return err
		}
		if err := put("subjects", func(yield func(map[string]any) bool) {
			for i := range c.Subjects {
				id, metadata := subjectID(i), fmt.Sprintf(`{"badge":"%d","floor":"%d"}`, i, i%10)
				if !yield(map[string]any{
					"gallery": string(g.ID), "id": string(id), "metadata": metadata, "created_at": us, "updated_at": us,
					"checksum": store.MetadataChecksum(g.ID, id, []byte(metadata)),
				}) {
					return
				}
			}
		}); err != nil {
			return err
		}
		const dimension = 16 // which no list reads
		template, n := make(face.Template, dimension), int64(0)
		rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // they are no secret
		if err := put("faces", func(yield func(map[string]any) bool) {
			for i := range c.Subjects {
				for range 1 + i%10/9 {
					n++
					for d := range template {
						template[d] = rng.Float32()
					}
					f := store.Face{ID: store.FaceID(uuid.NewString()), Gallery: g.ID, Subject: subjectID(i), Pack: benchPack, CreatedAt: at}
					const box, landmarks, quality = `{}`, `[]`, `{}`
					bytes := template.Bytes()
					if !yield(map[string]any{
						"n": n, "id": string(f.ID), "gallery": string(g.ID), "subject": string(f.Subject), "space": benchPack, "template": bytes,
						"checksum": store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, bytes), "box": box, "landmarks": landmarks, "quality": quality,
						"details": store.DetailsChecksum(f, []byte(box), []byte(landmarks), []byte(quality)), "created_at": us,
					}) {
						return
					}
				}
			}
		}); err != nil {
			return err
		}
		return put("photos", func(yield func(map[string]any) bool) {
			n := int64(1)
			for i := range c.Subjects {
				if i%2 == 0 && !yield(map[string]any{"face": n, "media_type": "image/jpeg", "sha256": make([]byte, 32), "bytes": make([]byte, 256)}) {
					return
				}
				n += 1 + int64(i%10/9)
			}
		})
	}
}

func subjectID(i int) store.SubjectID { return store.SubjectID(fmt.Sprintf("person-%07d", i)) }

// measure lists the people by filters of every kind.
func (c *peopleCommand) measure(ctx context.Context, db identify.Store) (r peopleResult, err error) {
	s, err := identify.New(identify.Config{DefaultPack: benchPack, DefaultPolicy: store.Policy{FPIR: 0.01, Quality: store.GateReport, Liveness: store.GateOff}}, noEmbedder{}, nil, nil, db)
	if err != nil {
		return r, err
	}
	by := store.Actor{Tenant: "bench"}
	r.Lists = map[string]pagesOf{}
	for name, f := range map[string]identify.SubjectFilter{
		"all":                   {},
		"prefix":                {Prefix: "person-05"},
		"one in ten, metadata":  {Metadata: map[string][]string{"floor": {"7"}}},
		"the last, by metadata": {Metadata: map[string][]string{"badge": {fmt.Sprint(c.Subjects - 1)}}},
		"nobody, by metadata":   {Metadata: map[string][]string{"badge": {"none"}}},
		"no photo":              {HasPhoto: new(false)},
		"one face":              {MaxFaces: new(1)},
		"nobody, by faces":      {MaxFaces: new(0)},
		"all together":          {Prefix: "person-0", Metadata: map[string][]string{"floor": {"7"}}, HasPhoto: new(false), MaxFaces: new(1)},
	} {
		if r.Lists[name], err = c.list(ctx, s, by, f); err != nil {
			return r, fmt.Errorf("list %s: %w", name, err)
		}
	}
	begun := time.Now()
	_, err = s.Counts(ctx, by, "million")
	r.CountMS = milliseconds(time.Since(begun))
	return r, err
}

func (c *peopleCommand) list(ctx context.Context, s *identify.Service, by store.Actor, f identify.SubjectFilter) (p pagesOf, err error) {
	var took []float64
	begun := time.Now()
	for after := ""; len(took) < c.Pages; {
		at := time.Now()
		found, next, err := s.FindSubjects(ctx, by, "million", f, store.Page{After: after, Limit: c.Limit})
		if err != nil {
			return p, err
		}
		took = append(took, milliseconds(time.Since(at)))
		p.Subjects += len(found)
		if next == "" {
			break
		}
		after = next
	}

	p.Pages, p.Seconds = len(took), time.Since(begun).Seconds()
	p.P50MS, p.P99MS, p.LongestMS = median(took), quantile(took, 0.99), quantile(took, 1)
	return p, nil
}

// noEmbedder is that of a service which reads no photo.
type noEmbedder struct{}

func (noEmbedder) Embed(context.Context, string, []byte, ...photo.Check) (photo.Result, error) {
	return photo.Result{}, photo.ErrPack
}

func (noEmbedder) Calibration(string) (*calibration.Table, error) { return nil, nil }

func (noEmbedder) Version(string) (string, error) { return store.FirstVersion, nil }

func (noEmbedder) Probe(_ string, t face.Template) (face.Template, error) { return t, nil }

func (noEmbedder) JudgesLiveness(string) bool { return false }
