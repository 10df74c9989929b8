package facesession

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"oneton/store"
)

var imageID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// AuditImage is the picture that a result of the actor's key names, a JPEG; ErrNotFound
// once the result is not valid any more, and for another client's.
func (s *Service) AuditImage(ctx context.Context, by store.Actor, id string) (jpeg []byte, err error) {
	if !imageID.MatchString(id) {
		return nil, ErrNotFound
	}
	err = s.db.Read(ctx, "read picture of a result", func(r store.Reader) error {
		now, err := r.Now()
		if err != nil {
			return err
		}
		jpeg, err = store.OneOf(r, func(row store.Row) (b []byte, err error) {
			err = row.Scan(&b)
			return b, err
		}, `SELECT content FROM face_images WHERE hash = $1 AND tenant = $2 AND client = $3 AND ends_at > $4`, hashOf(id), by.Tenant, by.Key, now)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return s.seals.open(id, sealedImage, 0, jpeg)
}

// Purge removes a session of the actor's key with its pictures and its result's now. An
// id of no session, or of another client's, is no error; one that is no UUID is
// ErrInvalid.
func (s *Service) Purge(ctx context.Context, by store.Actor, id string) error {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != len(parsed.String()) {
		return invalid("sessionId", "must be a UUID")
	}
	hash := hashOf(strings.ToLower(id))
	return s.db.Remove(ctx, "purge face session", func(tx store.Tx) error {
		for _, query := range []string{
			`DELETE FROM face_sessions WHERE hash = $1 AND tenant = $2 AND client = $3`,
			`DELETE FROM face_images WHERE session = $1 AND tenant = $2 AND client = $3`,
		} {
			if _, err := tx.Exec(query, hash, by.Tenant, by.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// swept is how many rows leave in one transaction, so that no writer waits long.
const swept = 100

// Run removes what has ended until ctx ends, and tells failed of what went wrong: it
// tries again.
func (s *Service) Run(ctx context.Context, failed func(error)) error {
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.cfg.SweepEvery):
		}
	}
}

// ending are the tables of what ends, each with its key.
var ending = map[string]string{"face_sessions": "hash", "face_images": "hash", "face_once": "mac"}

// Sweep removes what has ended by the database's time.
func (s *Service) Sweep(ctx context.Context) error {
	var errs []error
	for table, key := range ending {
		errs = append(errs, s.sweep(ctx, table, key))
	}
	return errors.Join(errs...)
}

func (s *Service) sweep(ctx context.Context, table, key string) error {
	some := fmt.Sprintf(`SELECT %s FROM %s WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2`, key, table)
	doing := "remove ended " + strings.ReplaceAll(table, "_", " ")
	for {
		found := false
		if err := s.db.Read(ctx, doing, func(r store.Reader) error { // a removal that finds nothing is not begun
			now, err := r.Now()
			if err != nil {
				return err
			}
			found = false
			return r.Each(func(store.Row) error { found = true; return nil }, some, now, 1)
		}); err != nil || !found {
			return err
		}
		if err := s.db.Remove(ctx, doing, func(tx store.Tx) error {
			now, err := tx.Now()
			if err != nil {
				return err
			}
			_, err = tx.Exec(fmt.Sprintf(`DELETE FROM %s WHERE %s IN (%s)`, table, key, some), now, swept)
			return err
		}); err != nil {
			return err
		}
	}
}
