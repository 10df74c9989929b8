package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oneton/backup"
	"oneton/config"
	"oneton/secret"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

// These errors say why nothing is restored or copied.
var (
	// ErrNotEmpty means that something is where the restored is to be.
	ErrNotEmpty = errors.New("nothing is overwritten: restore into a folder that is not there or empty, and a database without rows")
	// ErrOlder means that a database of an older program cannot be brought to another
	// engine.
	ErrOlder = errors.New("it is of an older program: bring it to this one's version on its own engine first, which any command that opens it does")
)

// Backup writes all that the database holds as of now, and with it the secret if that
// is wanted. Servers go on meanwhile, and a database of an older program stays as it
// is.
func Backup(ctx context.Context, cfg config.Config, w io.Writer, program string, withSecret bool, progress backup.Progress) (backup.Totals, error) {
	if err := readable(cfg); err != nil {
		return backup.Totals{}, err
	}
	o := backup.Options{Made: time.Now(), Program: program, Progress: progress}
	var totals backup.Totals
	err := snapshot(ctx, cfg, func(s store.Snapshot) (err error) {
		if withSecret {
			if o.Secret, err = ownSecret(ctx, cfg, s); err != nil {
				return err
			}
		}
		totals, err = backup.Write(ctx, w, s, o)
		return err
	})
	return totals, err
}

// readable is ErrNoData where a file is to be read in a folder that has none; a server's
// database is found without one.
func readable(cfg config.Config) error {
	if cfg.Store.Driver == postgres.Engine {
		return nil
	}
	return Begun(cfg)
}

// ownSecret is the file that the settings name, which must be the database's.
func ownSecret(ctx context.Context, cfg config.Config, s store.Snapshot) ([]byte, error) {
	path := secretPath(cfg)
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return file, checkSecret(ctx, path, file, s)
}

// checkSecret is secret.ErrOther when the file is not the secret that the database
// knows.
func checkSecret(ctx context.Context, path string, file []byte, s store.Snapshot) error {
	ring, err := secret.Parse(file)
	if err != nil {
		return fmt.Errorf("read secret: %s has %w", path, err)
	}
	known, err := fingerprint(ctx, s)
	if err == nil && known != nil {
		err = ring.Check(known)
	}
	if err != nil {
		return fmt.Errorf("check secret: %s: %w", path, err)
	}
	return nil
}

// fingerprint is what the database knows of its secret, or nil.
func fingerprint(ctx context.Context, s store.Snapshot) (known []byte, err error) {
	t := store.Table{Name: "secret", Columns: []store.Column{{Name: "fingerprint", Kind: store.Bytes}}}
	if !slices.ContainsFunc(s.Schema().Tables, func(other store.Table) bool { return other.Name == t.Name }) {
		return nil, nil // which older programs did not keep
	}
	for row, err := range s.Rows(ctx, t) {
		if err != nil {
			return nil, err
		}
		known, _ = row[0].([]byte)
	}
	return known, nil
}

// Restored is what came of a restore.
type Restored struct {
	backup.Totals
	// Secret is the file of the secret, and Placed tells whether it is there.
	Secret string
	Placed bool
}

// Restore makes the database that the settings name of a backup, and of its secret if
// it has one. Nothing is overwritten; what fails, or is killed, leaves nothing that a
// server would take for an installation.
func Restore(ctx context.Context, cfg config.Config, b *backup.Reader, progress backup.Progress) (r Restored, err error) {
	parts, err := partsOf(ctx, b.Manifest.Schema, cfg.Store.Driver)
	if err != nil {
		return r, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return r, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(cfg.Data, restoreLock), false)
	if err != nil {
		return r, fmt.Errorf("restore into %s: another restore is at it: %w", cfg.Data, err)
	}
	defer func() { err = errors.Join(err, os.Remove(lock.Name()), lock.Close()) }()
	r.Secret = secretPath(cfg)
	own, err := emptyPlace(cfg, b.Secret)
	if err != nil {
		return r, err
	}
	check := func(l store.Loading) (err error) {
		if r.Totals, err = b.Fill(ctx, l, progress); err != nil || own == nil {
			return err
		}
		return checkSecret(ctx, r.Secret, own, l)
	}
	if err := load(ctx, cfg, parts, check); err != nil {
		return r, err
	}
	// Without its secret no server opens the database, so that comes last.
	if b.Secret != nil {
		if err := secret.Restore(r.Secret, b.Secret); err != nil {
			return r, err
		}
	}
	r.Placed = own != nil
	return r, nil
}

const (
	restoreLock = "restore.lock"
	// partFolder begins the names of folders in which a database is being made.
	partFolder = ".restore-"
)

// emptyPlace is ErrNotEmpty where there is more than the secret's file and what
// restores that were killed have left, which it removes; and the secret that the
// database is to have, from the backup or already in its place.
func emptyPlace(cfg config.Config, fromBackup []byte) (own []byte, err error) {
	entries, err := os.ReadDir(cfg.Data)
	if err != nil {
		return nil, fmt.Errorf("look into data folder: %w", err)
	}
	secretFile := secretPath(cfg)
	for _, e := range entries {
		path := filepath.Join(cfg.Data, e.Name())
		switch {
		case e.Name() == restoreLock, e.Name() == "lost+found", path == secretFile:
		case strings.HasPrefix(e.Name(), partFolder):
			if err := os.RemoveAll(path); err != nil {
				return nil, fmt.Errorf("remove what a killed restore has left: %w", err)
			}
		default:
			return nil, fmt.Errorf("restore into %s: there is %s: %w", cfg.Data, e.Name(), ErrNotEmpty)
		}
	}
	own, err = os.ReadFile(secretFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fromBackup, nil
	case err != nil:
		return nil, fmt.Errorf("read secret: %w", err)
	case fromBackup != nil:
		return nil, fmt.Errorf("restore secret: there is %s: %w", secretFile, ErrNotEmpty)
	}
	return own, nil
}

// snapshot reads the database that the settings name.
func snapshot(ctx context.Context, cfg config.Config, do func(store.Snapshot) error) error {
	if cfg.Store.Driver == postgres.Engine {
		return postgres.Snapshot(ctx, postgres.Config{URL: cfg.Store.URL}, do)
	}
	return sqlite.Snapshot(ctx, databasePath(cfg), do)
}

// load makes the database that the settings name; one in a file gets its name when it
// is whole.
func load(ctx context.Context, cfg config.Config, parts map[string]store.Part, do func(store.Loading) error) (err error) {
	if cfg.Store.Driver == postgres.Engine {
		return postgres.Load(ctx, postgres.Config{URL: cfg.Store.URL}, parts, do)
	}
	folder, err := os.MkdirTemp(cfg.Data, partFolder+"*")
	if err != nil {
		return fmt.Errorf("make database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, filepath.Base(databasePath(cfg)))
	if err := sqlite.Load(ctx, path, parts, do); err != nil {
		return err
	}
	if err := backup.Place(path, databasePath(cfg)); err != nil {
		return fmt.Errorf("make database: %w", err)
	}
	return nil
}

// migrations collects those of the rooms.
type migrations struct {
	store.DB
	of map[string]fs.FS
}

// Migrate implements store.DB, and makes nothing.
func (m migrations) Migrate(_ context.Context, room string, files fs.FS) error {
	m.of[room] = files
	return nil
}

// partsOf are the parts that a database of the engine needs for the rows of another,
// or of a backup, of that schema. store.ErrNewerSchema when this program does not know
// its version.
func partsOf(ctx context.Context, from store.Schema, engine string) (map[string]store.Part, error) {
	known := migrations{of: map[string]fs.FS{}}
	if err := migrateRooms(ctx, known); err != nil {
		return nil, err
	}
	parts := make(map[string]store.Part, len(from.Versions))
	for name, version := range from.Versions {
		p := store.Part{Version: version}
		var newest int64
		var err error
		if name == store.OwnPart {
			newest, p.Version, err = ownVersion(from, engine)
		} else if p.Migrations = known.of[name]; p.Migrations != nil {
			newest, err = store.NewestMigration(p.Migrations, ".")
		}
		if err == nil && version > newest {
			err = fmt.Errorf("%w: tables of %s are of version %d, and this program knows up to %d", store.ErrNewerSchema, name, version, newest)
		}
		if err != nil {
			return nil, fmt.Errorf("make tables: %w", err)
		}
		parts[name] = p
	}
	return parts, nil
}

// ownVersion is the newest version of the part that is the engine's own where the rows
// come from, and that of where they go.
func ownVersion(from store.Schema, engine string) (newest, to int64, err error) {
	newestOf := map[string]func() (int64, error){sqlite.Engine: sqlite.Newest, postgres.Engine: postgres.Newest}
	was, is := newestOf[from.Engine], newestOf[engine]
	if was == nil || is == nil {
		return 0, 0, fmt.Errorf("%w: engine %.32q", store.ErrNewerSchema, from.Engine)
	}
	if newest, err = was(); err != nil || from.Engine == engine {
		return newest, from.Versions[store.OwnPart], err
	}
	if from.Versions[store.OwnPart] < newest {
		return 0, 0, fmt.Errorf("tables of %s are of version %d instead of %d: %w", from.Engine, from.Versions[store.OwnPart], newest, ErrOlder)
	}
	to, err = is()
	return newest, to, err
}

// Copy brings all that one database holds into another, which has no rows, as a whole
// or not at all, and compares. Both are of this program's version. What is written to
// the first meanwhile is not copied.
func Copy(ctx context.Context, from, to config.Config, progress backup.Progress) (totals backup.Totals, err error) {
	if err := readable(from); err != nil {
		return totals, err
	}
	if to.Store.Driver == sqlite.Engine {
		if err := os.MkdirAll(to.Data, 0o700); err != nil {
			return totals, fmt.Errorf("make data folder: %w", err)
		}
		if _, err := emptyPlace(to, nil); err != nil {
			return totals, err
		}
	}
	err = snapshot(ctx, from, func(s store.Snapshot) error {
		parts, err := partsOf(ctx, s.Schema(), to.Store.Driver)
		if err != nil {
			return err
		}
		return load(ctx, to, parts, func(l store.Loading) (err error) {
			totals, err = backup.Copy(ctx, s, l, progress)
			return err
		})
	})
	return totals, err
}
