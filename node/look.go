package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"oneton/config"
	"oneton/index/exact"
	"oneton/index/qdrant"
	"oneton/secret"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

// Sight is the database as it is found, only looked at: nothing in it or beside
// it is changed, whether or not a process has it open.
type Sight struct {
	db interface {
		secret.Database
		Position(ctx context.Context) (uint64, error)
		Close() error
	}
	cfg config.Config
}

// Look opens the database that the settings name only to look at it. It is
// fs.ErrNotExist where none was begun, store.ErrNewerSchema where a newer version of
// the program has used it, and store.ErrOlderSchema where an older one has, whose
// tables the next start brings to this version.
func Look(ctx context.Context, cfg config.Config) (*Sight, error) {
	s := &Sight{cfg: cfg}
	var err error
	if cfg.Store.Driver == "postgres" {
		s.db, err = postgres.Look(ctx, postgres.Config{URL: cfg.Store.URL})
	} else {
		s.db, err = sqlite.Look(ctx, databasePath(cfg))
	}
	if err != nil {
		return nil, err
	}
	if err := migrateRooms(ctx, s.db); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the look.
func (s *Sight) Close() error { return s.db.Close() }

// CheckSecret is what a start would refuse of this machine's secret; see
// secret.CheckFile.
func (s *Sight) CheckSecret(ctx context.Context) error {
	return secret.CheckFile(ctx, s.db, secretPath(s.cfg))
}

// Position is the end of the log.
func (s *Sight) Position(ctx context.Context) (uint64, error) { return s.db.Position(ctx) }

// Now is the database's time.
func (s *Sight) Now(ctx context.Context) (now time.Time, err error) {
	err = s.db.Read(ctx, "read the time", func(r store.Reader) error {
		now, err = r.Now()
		return err
	})
	return now, err
}

// SecretFile is where the settings have this machine's secret.
func SecretFile(cfg config.Config) string { return secretPath(cfg) }

// LookAtIndex tells how far the index has come that the settings name, and
// whether a process has its files, without changing any.
func LookAtIndex(ctx context.Context, cfg config.Config) (position uint64, used bool, err error) {
	if cfg.Index.Engine == "qdrant" {
		position, err = qdrant.Look(ctx, cfg.Index.Qdrant)
		return position, false, err
	}
	if cfg.Index.Save == 0 {
		return 0, false, nil
	}
	return exact.Look(filepath.Join(cfg.Data, "index"))
}

// ErrClock means that this machine's time cannot be what it says.
var ErrClock = errors.New("this machine's clock is off")

// ErrClockAhead means that the time has leapt since a server kept it, or that no
// server has run for long; retention waits until a server has run for a day, or the
// owner vouches for the clock.
var ErrClockAhead = errors.New("the time is well after what a server last kept of it")

// CheckClock compares the time with what servers on the data folder kept of it.
func CheckClock(cfg config.Config, now time.Time) error {
	kept, err := readClock(clockPath(cfg.Data))
	if err != nil {
		return err
	}
	ahead := now.Sub(kept.time)
	switch {
	case kept.time.IsZero():
		return nil
	case ahead < -jumpBound:
		return fmt.Errorf("%w: it says %s, and a server has been told %s before", ErrClock, stamp(now), stamp(kept.time))
	case ahead > stopBound:
		return fmt.Errorf("%w: it is %s now and was %s then", ErrClockAhead, stamp(now), stamp(kept.time))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// MissingReserve is how many bytes of the disk the next start takes for removals
// on a full disk, beside what it has taken before; without them nothing is added.
func MissingReserve(cfg config.Config) int64 {
	if cfg.Store.Driver == "postgres" {
		return 0
	}
	wanted := reserveOf(cfg)
	if info, err := os.Stat(databasePath(cfg) + sqlite.ReserveSuffix); err == nil {
		wanted -= info.Size()
	}
	return max(0, wanted)
}
