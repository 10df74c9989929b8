package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"oneton/access"
	"oneton/audit"
	"oneton/changelog"
	"oneton/config"
	"oneton/credential"
	"oneton/evaluation"
	"oneton/facesession"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/imports"
	"oneton/job"
	"oneton/kyc"
	"oneton/limit"
	"oneton/secret"
	"oneton/signature"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
	"oneton/webhook"
)

// Database is all that a store does for a process.
type Database interface {
	identify.Store
	identify.Spaces
	changelog.Log
	access.Database
	secret.Database
	// DeleteExpired deletes faces past their gallery's retention and tells
	// how many.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
	// CompactLog removes what tells no view anything, and tells how many rows.
	CompactLog(ctx context.Context) (int, error)
	// Expired tells what that would be, and deletes nothing.
	Expired(ctx context.Context, now time.Time) ([]store.Expired, error)
	// Damaged are galleries that are not as they were written.
	Damaged(ctx context.Context) ([]store.Damaged, error)
	Close() error
}

// reserve is the least that is kept of the disk for removals; photos of the
// largest size must fit several times.
const (
	reserve       = 64 << 20
	reservePhotos = 4
)

// Truth is what survives the process: the store, and who may use it.
type Truth struct {
	Store  Database
	Access *access.Access
	// data is the folder of this machine's files.
	data   string
	secret secret.Ring
	// adopted is set when the database has just taken the secret for its own,
	// though it had tenants.
	adopted bool
}

// ErrNoData means that the settings name a folder in which nothing was begun.
var ErrNoData = errors.New("there is no database and no secret of oneton; --data names their folder, and 'oneton serve' or 'oneton tenant create' makes one")

// Begun is ErrNoData where the truth has not been opened before, so that a
// mistyped folder is not made and taken for an empty one.
func Begun(cfg config.Config) error {
	if _, err := os.Stat(secretPath(cfg)); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(databasePath(cfg)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look into %s: %w", cfg.Data, ErrNoData)
		}
	}
	return nil
}

// OpenTruth opens the database that the settings name, under this machine's
// secret. It makes the data folder, the database and the secret where nobody
// has used them yet.
func OpenTruth(ctx context.Context, cfg config.Config) (*Truth, error) {
	return openTruth(ctx, cfg, nil)
}

func openTruth(ctx context.Context, cfg config.Config, more []access.Scope) (*Truth, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return truthOf(ctx, cfg, db, more)
}

// truthOf is the truth in the database, which is closed when the secret is not
// its own. Keys may have the scopes of what a node speaks, and more.
func truthOf(ctx context.Context, cfg config.Config, db Database, more []access.Scope) (_ *Truth, err error) {
	t := &Truth{Store: db, data: cfg.Data}
	if err = migrateRooms(ctx, db); err == nil {
		t.secret, t.adopted, err = secret.Open(ctx, db, secretPath(cfg))
	}
	if err == nil {
		var peppers [][]byte
		if peppers, err = t.secret.Keys("API keys"); err == nil {
			t.Access, err = access.New(peppers, db, append(scopes(), more...)...)
		}
	}
	if err == nil {
		t.Access.Bound(cfg.Keys)
		err = errors.Join(access.NewKeyTable(db).FillChecksums(ctx), identify.NewCalibrations(db).FillChecksums(ctx))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return t, nil
}

// migrateRooms brings the tables of every room to this program's version.
func migrateRooms(ctx context.Context, db store.DB) error {
	return errors.Join(audit.Migrate(ctx, db), access.Migrate(ctx, db), identitytoken.Migrate(ctx, db), credential.Migrate(ctx, db), job.Migrate(ctx, db), limit.Migrate(ctx, db), kyc.Migrate(ctx, db), webhook.Migrate(ctx, db), signature.Migrate(ctx, db), facesession.Migrate(ctx, db), identify.Migrate(ctx, db), imports.Migrate(ctx, db), evaluation.Migrate(ctx, db))
}

// AdoptSecret lets the database take this machine's secret for its own, and
// returns the secret's file.
func AdoptSecret(ctx context.Context, cfg config.Config) (path string, err error) {
	path = secretPath(cfg)
	ring, err := secret.Read(path)
	if err != nil {
		return "", err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return "", err
	}
	return path, errors.Join(ring.Adopt(ctx, db), db.Close())
}

// AddSecret puts a new version into this machine's secret, and returns its file
// and how many versions there are.
func AddSecret(cfg config.Config) (path string, versions int, err error) {
	path = secretPath(cfg)
	versions, err = secret.Add(path)
	return path, versions, err
}

func secretPath(cfg config.Config) string {
	if cfg.Secret != "" {
		return cfg.Secret
	}
	return filepath.Join(cfg.Data, "secret.key")
}

func openDatabase(ctx context.Context, cfg config.Config) (Database, error) {
	if cfg.Store.Driver == "postgres" {
		return postgres.Open(ctx, postgres.Config{URL: cfg.Store.URL, Observer: cfg.Store.Observer})
	}
	return sqlite.Open(ctx, sqlite.Config{Path: databasePath(cfg), Reserve: reserveOf(cfg), Observer: cfg.Store.Observer})
}

func reserveOf(cfg config.Config) int64 {
	return max(reserve, reservePhotos*int64(cfg.Embed.Limits.Bytes))
}

// unerased is for how long bytes of something deleted wait in the database's
// files to be erased, as far as this process knows.
func (t *Truth) unerased() time.Duration {
	if db, ok := t.Store.(*sqlite.Store); ok {
		return db.Unerased()
	}
	return 0
}

func databasePath(cfg config.Config) string { return filepath.Join(cfg.Data, "oneton.db") }

// Full tells whether the database takes only removals, for want of room.
func (t *Truth) Full() bool {
	db, ok := t.Store.(*sqlite.Store)
	return ok && db.Full()
}

// Close closes the database.
func (t *Truth) Close() error { return t.Store.Close() }

// FirstTenant is the one that Bootstrap makes.
const FirstTenant = "default"

// Bootstrap makes the first tenant of an empty store and returns its key; a
// store with tenants is left as it is.
func (t *Truth) Bootstrap(ctx context.Context) (key string, err error) {
	made, err := t.begin(ctx)
	if err != nil || !made { // another server that has just made it prints the key
		return "", err
	}
	key, _, err = t.Access.Create(ctx, FirstTenant, "first key", []string{access.All})
	return key, err
}

// begin makes the first tenant of an empty store, and tells whether it did.
func (t *Truth) begin(ctx context.Context) (made bool, err error) {
	tenants, err := t.Store.Tenants(ctx, store.Page{Limit: 1})
	if err != nil || len(tenants) > 0 {
		return false, err
	}
	_, err = t.Access.CreateTenant(ctx, FirstTenant, "")
	if errors.Is(err, store.ErrExists) {
		return false, nil
	}
	return err == nil, err
}

var errNotErased = errors.New("what was deleted cannot be found any more, but bytes of it are still in the database's files: " +
	"much is left to overwrite, or a reader of another process, such as a backup, holds the write-ahead log; the next process that opens the database goes on, and 'oneton erased' waits for it")

// WaitErased returns when nothing that was deleted is left in the files of the
// database, and whether it could tell: PostgreSQL's are its own affair.
func (t *Truth) WaitErased(ctx context.Context) (told bool, err error) {
	db, ok := t.Store.(*sqlite.Store)
	if !ok {
		return false, nil
	}
	err = db.WaitErased(ctx)
	if err != nil && ctx.Err() != nil {
		err = errNotErased
	}
	return true, err
}

// OpenSessions are browsers that signed in with a key.
func (t *Truth) OpenSessions(cfg config.Config) *access.Sessions {
	return access.NewSessions(access.SessionConfig{Idle: cfg.Console.Idle, Most: cfg.Console.Most}, t.Access)
}

// counter counts requests for all processes that share the database; one that has it
// alone counts in memory.
func (t *Truth) counter() limit.Counter {
	if _, shared := t.Store.(store.Listener); shared {
		return limit.NewTable(t.Store)
	}
	return limit.NewMemory()
}
