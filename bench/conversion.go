package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"oneton/embed/pack"
	"oneton/identify"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
	"oneton/store"
	"oneton/store/sqlite"
)

type conversionCommand struct {
	Rows    int    `help:"Faces in the database." default:"1000000"`
	Version string `help:"Version of pack default that they are of." default:"2"`
	Folder  string `help:"Folder for the database, on the disk to measure; a temporary one when empty." json:"-"`
	Name    string `help:"Name of the results." default:"conversion"`
	Out     string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// conversionResult is what the first start with another version of a pack takes.
type conversionResult struct {
	Seconds      float64 `json:"seconds"`
	FacesASecond float64 `json:"faces_per_second"`
	CPU          float64 `json:"cpu_seconds"`
	// PeakBytes is the most memory that the process had, and FilledBytes the most
	// before it converted.
	PeakBytes     int64 `json:"peak_bytes"`
	FilledBytes   int64 `json:"peak_bytes_before"`
	DatabaseBytes int64 `json:"database_bytes"`
}

// Run fills a database with faces of random templates of the version, and converts
// them as a start does.
func (c *conversionCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	p, err := pack.Open("default", paths.Models)
	if err != nil {
		return err
	}
	e, err := node.LoadModels(node.ModelsConfig{Runtime: onnx.Config{Library: paths.Library}, Workers: pool.Config{Workers: 1}}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	folder, err := os.MkdirTemp(c.Folder, "bench-conversion-")
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
	if err := (&rebuildCommand{Rows: c.Rows}).fill(ctx, path); err != nil {
		return fmt.Errorf("fill database: %w", err)
	}
	if err := truth.PutSpace(ctx, store.Space{Pack: p.Name, Version: c.Version, Plain: c.Version}); err != nil {
		return err
	}
	r := conversionResult{FilledBytes: peakMemory()}
	begin, cpu := time.Now(), processTime()
	var damaged error
	if err := identify.ConvertFaces(ctx, e, truth, func(identify.Conversion) {}, func(f store.Face) { damaged = errors.New(f.Damage) }); err != nil {
		return err
	}
	r.Seconds, r.CPU, r.PeakBytes = time.Since(begin).Seconds(), (processTime() - cpu).Seconds(), peakMemory()
	r.FacesASecond = float64(c.Rows) / r.Seconds
	if damaged != nil {
		return fmt.Errorf("a face was not converted: %w", damaged)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	r.DatabaseBytes = info.Size()
	return save(c.Out, c.Name, c, r)
}

// peakMemory is the most memory that this process had so far.
func peakMemory() int64 {
	const kibibyte = 1 << 10
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // which every Linux has
	return u.Maxrss * kibibyte
}
