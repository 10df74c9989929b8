package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"oneton/store"
)

const (
	// lockKey is the advisory lock of the name $1 in the database's schema.
	lockKey = `hashtextextended(concat('oneton/', current_schema(), '/', $1::text), 0)`
	// logLock is the name of the lock that every writing transaction holds.
	logLock = "log"
	// channel is where the log's growth is notified.
	channel = "oneton_changes"
)

// channelOf is where a room's announcements are notified.
func channelOf(room string) string { return "oneton_room_" + room }

// tx is the writer's connection inside its transaction. Its statements cannot
// be cancelled by a caller: that would roll back other callers' writes.
type tx struct {
	conn    *pgx.Conn
	timeout time.Duration
	// mark is what only this transaction leaves behind.
	mark uuid.UUID
	// position is the log's end as this transaction has it, and start is where
	// it was before.
	start, position uint64
	// begun is the server's time when the transaction had the log's lock.
	begun time.Time
	// announced are the channels to notify.
	announced []string
	queued    *pgx.Batch
}

// begin starts a transaction once no other process writes.
func begin(conn *pgx.Conn, timeout time.Duration) (*tx, error) {
	t := &tx{conn: conn, timeout: timeout, mark: uuid.New(), queued: &pgx.Batch{}}
	t.queue(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`)
	t.queue(`SELECT pg_advisory_xact_lock(`+lockKey+`)`, logLock)
	// A statement of its own sees what was committed before the lock was given.
	t.queue(endOfLog).QueryRow(func(row pgx.Row) error { return row.Scan(&t.position) })
	t.queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&t.begun) })
	err := t.flush()
	t.start = t.position
	return t, err
}

// queue adds a statement to those that the next flush sends together.
func (t *tx) queue(query string, args ...any) *pgx.QueuedQuery {
	return t.queued.Queue(query, args...)
}

// flush runs the queued statements, up to the first that fails.
func (t *tx) flush() error {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout+answerGrace)
	defer cancel()
	batch := t.queued
	t.queued = &pgx.Batch{}
	return t.conn.SendBatch(ctx, batch).Close()
}

// change runs a statement that must find its row.
func (t *tx) change(query string, args ...any) error {
	t.queue(query, args...).Exec(found)
	return t.flush()
}

// found is ErrNotFound for a statement that changed nothing.
func found(tag pgconn.CommandTag) error {
	if tag.RowsAffected() == 0 {
		return store.ErrNotFound
	}
	return nil
}

// log runs a statement that appends to the log, one row for each that it
// affects, from position $1 + 1 on.
func (t *tx) log(query string, args ...any) (rows int64, err error) {
	t.queue(query, append([]any{t.position}, args...)...).Exec(func(tag pgconn.CommandTag) error {
		rows = tag.RowsAffected()
		t.position += uint64(rows) //nolint:gosec // a count
		return nil
	})
	return rows, t.flush()
}

// attempt makes one write or, when it fails, nothing of it; err means that the
// transaction is lost. The first failure that do returns comes of a flush.
func (t *tx) attempt(do func(*tx) error) (failed, err error) {
	before := t.position
	t.queue(`SAVEPOINT one`)
	if failed = store.Guard(func() error { return do(t) }); failed == nil {
		t.queue(`RELEASE one`)
		return nil, nil
	}
	t.position, t.queued = before, &pgx.Batch{}
	t.queue(`ROLLBACK TO one`)
	if err := t.flush(); err != nil {
		return failed, errors.Join(failed, err)
	}
	t.queue(`RELEASE one`)
	return failed, nil
}

// commit ends the transaction, with its mark instead of the one before, and
// wakes the followers when the log has grown.
func (t *tx) commit(before uuid.UUID) error {
	t.queue(`DELETE FROM commits WHERE mark = $1`, before)
	t.queue(`INSERT INTO commits (mark) VALUES ($1)`, t.mark)
	if t.position > t.start {
		t.queue(`NOTIFY ` + channel)
	}
	for _, c := range t.announced {
		t.queue(`SELECT pg_notify($1, '')`, c)
	}
	// A commit that waits for a standby must not be told to stop waiting: it
	// would be acknowledged before the standby has it.
	t.queue(`SET LOCAL statement_timeout = 0`)
	t.queue(`COMMIT`).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errRolledBack
		}
		return nil
	})
	return t.flush()
}
