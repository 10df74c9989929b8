package node

import (
	"context"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"oneton/access"
	"oneton/identify"
	"oneton/store"
)

// Damaged are galleries, keys and calibrations that are not as they were written.
func (t *Truth) Damaged(ctx context.Context) ([]store.Damaged, error) {
	return findDamaged(ctx, t.Store)
}

func findDamaged(ctx context.Context, db Database) (damaged []store.Damaged, err error) {
	for _, look := range []func(context.Context) ([]store.Damaged, error){
		db.Damaged, access.NewKeyTable(db).Damaged, identify.NewCalibrations(db).Damaged,
	} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		damaged = append(damaged, found...)
	}
	return damaged, nil
}

// damages are what is damaged in the database beside faces, which an index meets
// by itself.
type damages struct {
	mu    sync.Mutex
	known []store.Damaged
}

// look reads all that may be damaged, and logs what was not known to be.
func (d *damages) look(ctx context.Context, db Database, log zerolog.Logger) error {
	found, err := findDamaged(ctx, db)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range found {
		if !slices.Contains(d.known, f) {
			log.Error().Str("what", f.What).Str("tenant", string(f.Tenant)).Str("name", f.Name).Msg("something is damaged in the database and is not relied on")
		}
	}
	d.known = found
	return nil
}

// kinds counts what is known to be damaged, after a look whether it still is.
func (d *damages) kinds(ctx context.Context, db Database, log zerolog.Logger) (map[string]int, error) {
	d.mu.Lock()
	some := len(d.known) > 0
	d.mu.Unlock()
	if !some {
		return nil, nil
	}
	if err := d.look(ctx, db, log); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	kinds := make(map[string]int)
	for _, f := range d.known {
		kinds[f.What]++
	}
	return kinds, nil
}
