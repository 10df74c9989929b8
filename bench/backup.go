package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"oneton/backup"
	"oneton/config"
	"oneton/node"
	"oneton/store/sqlite"
)

type backupCommand struct {
	Rows   int    `help:"Faces in the database." default:"100000"`
	Folder string `help:"Folder for the databases, on the disk to measure; a temporary one when empty." json:"-"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// backupResult is how long a backup, its check, a restore and a copy take, beside SQLite's
// own copy of the same database in the same run.
type backupResult struct {
	DatabaseBytes int64 `json:"database_bytes"`
	BackupBytes   int64 `json:"backup_bytes"`
	// Vacuum is VACUUM INTO, with a sync of the file: all rows read and written once, and
	// nothing compared.
	Vacuum  float64 `json:"vacuum_into_seconds"`
	Backup  float64 `json:"backup_seconds"`
	Check   float64 `json:"check_seconds"`
	Restore float64 `json:"restore_seconds"`
	Copy    float64 `json:"copy_seconds"`
	// The ratios are to Vacuum.
	BackupRatio  float64 `json:"backup_to_vacuum"`
	RestoreRatio float64 `json:"restore_to_vacuum"`
	RowsASecond  float64 `json:"backup_rows_per_second"`
}

// Run fills a database, and brings it to and fro.
func (c *backupCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(c.Folder, "bench-backup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	at := func(name string) config.Config {
		cfg := config.Default()
		cfg.Data = filepath.Join(folder, name)
		return cfg
	}
	from := at("from")
	path := filepath.Join(from.Data, "oneton.db")
	if err := c.fill(ctx, from.Data, path); err != nil {
		return fmt.Errorf("fill database: %w", err)
	}
	file := filepath.Join(folder, "backup")
	var r backupResult
	var totals backup.Totals
	for _, step := range []struct {
		took *float64
		do   func() error
	}{
		{&r.Vacuum, func() error { return vacuum(ctx, path, filepath.Join(folder, "vacuum.db")) }},
		{&r.Backup, func() error {
			return backup.Create(file, func(w io.Writer) error {
				packed, err := backup.Seal(w)
				if err != nil {
					return err
				}
				if totals, err = node.Backup(ctx, from, packed, "bench", false, nil); err != nil {
					return err
				}
				return packed.Close()
			})
		}},
		{&r.Check, func() error {
			return reading(file, func(b *backup.Reader) error {
				_, err := b.Check(nil)
				return err
			})
		}},
		{&r.Restore, func() error {
			return reading(file, func(b *backup.Reader) error {
				_, err := node.Restore(ctx, at("restored"), b, nil)
				return err
			})
		}},
		{&r.Copy, func() error {
			_, err := node.Copy(ctx, from, at("copied"), nil)
			return err
		}},
	} {
		begin := time.Now()
		if err := step.do(); err != nil {
			return err
		}
		*step.took = time.Since(begin).Seconds()
	}
	for path, size := range map[string]*int64{path: &r.DatabaseBytes, file: &r.BackupBytes} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		*size = info.Size()
	}
	r.BackupRatio, r.RestoreRatio, r.RowsASecond = r.Backup/r.Vacuum, r.Restore/r.Vacuum, float64(totals.Rows())/r.Backup
	return save(c.Out, "backup", c, r)
}

// fill makes a database of as many faces.
func (c *backupCommand) fill(ctx context.Context, folder, path string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	return errors.Join((&rebuildCommand{Rows: c.Rows}).fill(ctx, path), s.Close())
}

// vacuum has SQLite copy a database, and sees the copy onto the disk.
func vacuum(ctx context.Context, from, to string) (err error) {
	db, err := sql.Open("sqlite", "file:"+from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// reading reads a backup's file.
func reading(path string, do func(*backup.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := backup.Open(f)
	if err != nil {
		return err
	}
	defer plain.Close()
	b, err := backup.NewReader(plain)
	if err != nil {
		return err
	}
	return do(b)
}
