package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"oneton/changelog"
	"oneton/store"
)

const (
	// maxBatch bounds how many writes share one commit.
	maxBatch = 64
	// eraseDelay is how long erased bytes may stay in the write-ahead log,
	// and the pause between attempts while a reader still needs it.
	eraseDelay = time.Second
	// checkpointWait is how long writers are held up by an attempt.
	checkpointWait = 200 * time.Millisecond
)

// write is one caller's change, made by do inside the shared transaction.
type write struct {
	do     func(tx) error
	erases bool
	err    chan error
}

// write commits do, alone or together with other callers' writes, and returns
// after the disk has it. It gives up when ctx ends before do has begun; once
// begun, the outcome is reported whatever ctx says, so that an error always
// means that nothing was changed.
func (s *Store) write(ctx context.Context, doing string, do func(tx) error) error {
	return s.submit(ctx, doing, &write{do: do, err: make(chan error, 1)})
}

// erase is write for a change that removes what must not be found again.
func (s *Store) erase(ctx context.Context, doing string, do func(tx) error) error {
	return s.submit(ctx, doing, &write{do: do, erases: true, err: make(chan error, 1)})
}

func (s *Store) submit(ctx context.Context, doing string, w *write) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case s.writes <- w:
	}
	if err := <-w.err; err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}

// commitAll is the only writer: it owns the connection, until Close.
func (s *Store) commitAll(t tx) {
	defer close(s.stopped)
	defer t.conn.Close()
	// A crash may have left erased bytes in the log.
	erase := time.After(0)
	for {
		select {
		case <-s.closing:
			return
		case <-erase:
			erase = nil
			if !t.truncateLog() {
				erase = time.After(eraseDelay)
			}
		case w := <-s.writes:
			if t.commit(s.gather(w)) && erase == nil {
				erase = time.After(eraseDelay)
			}
		}
	}
}

// gather adds to first the writes whose callers are waiting already.
func (s *Store) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case w := <-s.writes:
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

// tx is the writer's connection inside its transaction. Its statements cannot
// be cancelled: an interrupted one would roll back other callers' writes.
type tx struct{ conn *sql.Conn }

func (t tx) exec(query string, args ...any) (sql.Result, error) {
	return t.conn.ExecContext(context.Background(), query, args...)
}

func (t tx) row(query string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(context.Background(), query, args...)
}

// change is exec for a statement that must find its row.
func (t tx) change(query string, args ...any) error {
	r, err := t.exec(query, args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return store.ErrNotFound
}

// log appends a deletion to the change log.
func (t tx) log(kind changelog.Kind, tenant, gallery, face string) error {
	_, err := t.exec(`INSERT INTO changes (kind, tenant, gallery, face) VALUES (?, ?, ?, ?)`,
		kind, tenant, gallery, face)
	return err
}

// position is the log's end as this transaction sees it.
func (t tx) position() (position uint64, err error) {
	err = t.row(`SELECT coalesce(max(seq), 0) FROM changes`).Scan(&position)
	return position, err
}

// commit makes each write of the batch, or nothing of it, and answers its
// caller. It tells whether anything was erased.
func (t tx) commit(batch []*write) (erased bool) {
	errs := make([]error, len(batch))
	err := t.commitEach(batch, errs)
	for i, w := range batch {
		if err != nil {
			errs[i] = err
		}
		erased = erased || w.erases && errs[i] == nil
		w.err <- errs[i]
	}
	return erased
}

// commitEach runs the batch in one transaction, a savepoint for each write. An
// error of one write goes to errs; a returned error is everyone's.
func (t tx) commitEach(batch []*write, errs []error) (err error) {
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// SQLite has rolled back already after the gravest errors.
			_, _ = t.exec(`ROLLBACK`)
		}
	}()
	for i, w := range batch {
		if _, err := t.exec(`SAVEPOINT one`); err != nil {
			return err
		}
		if errs[i] = w.do(t); errs[i] != nil {
			if _, err := t.exec(`ROLLBACK TO one`); err != nil {
				return errors.Join(errs[i], err)
			}
		}
		if _, err := t.exec(`RELEASE one`); err != nil {
			return err
		}
	}
	_, err = t.exec(`COMMIT`)
	return err
}

// truncateLog moves the write-ahead log's pages into the file and empties it;
// false means that a reader stood in the way.
func (t tx) truncateLog() bool {
	if _, err := t.exec(fmt.Sprintf(`PRAGMA busy_timeout(%d)`, checkpointWait.Milliseconds())); err != nil {
		return false
	}
	var busy, logged, moved int
	err := t.row(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved)
	_, rerr := t.exec(fmt.Sprintf(`PRAGMA busy_timeout(%d)`, busyTimeout.Milliseconds()))
	return err == nil && rerr == nil && busy == 0
}
