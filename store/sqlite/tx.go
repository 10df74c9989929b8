package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"oneton/changelog"
	"oneton/store"
)

// tx is the writer's connection inside its transaction. Its statements cannot
// be cancelled: an interrupted one would roll back other callers' writes.
type tx struct{ conn *statements[*sql.Conn] }

func (t tx) exec(query string, args ...any) (sql.Result, error) {
	return t.conn.ExecContext(context.Background(), query, args...)
}

func (t tx) row(query string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(context.Background(), query, args...)
}

// rows is how many rows a statement changes.
func (t tx) rows(query string, args ...any) (int64, error) {
	r, err := t.exec(query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// change is exec for a statement that must find its row.
func (t tx) change(query string, args ...any) error {
	n, err := t.rows(query, args...)
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return err
}

// log appends a deletion to the change log.
func (t tx) log(kind changelog.Kind, tenant store.TenantID, gallery store.GalleryID, face store.FaceID) error {
	_, err := t.exec(`INSERT INTO changes (kind, tenant, gallery, face) VALUES (?, ?, ?, ?)`,
		kind, tenant, gallery, face)
	return err
}

// position is the log's end as this transaction sees it.
func (t tx) position() (position uint64, err error) {
	err = t.row(`SELECT coalesce(max(seq), 0) FROM changes`).Scan(&position)
	return position, err
}

// transact runs do in a transaction and commits it, or leaves nothing of it.
func (t tx) transact(do func() error) (err error) {
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// SQLite has rolled back already after the gravest errors.
			_, _ = t.exec(`ROLLBACK`)
		}
	}()
	if err := do(); err != nil {
		return err
	}
	_, err = t.exec(`COMMIT`)
	return err
}

// attempt makes one write inside the transaction or, when it fails, nothing of
// it; err means that the transaction is lost.
func (t tx) attempt(do func(tx) error) (failed, err error) {
	if _, err := t.exec(`SAVEPOINT one`); err != nil {
		return nil, err
	}
	if failed = store.Guard(func() error { return do(t) }); failed != nil {
		if _, err := t.exec(`ROLLBACK TO one`); err != nil {
			return failed, errors.Join(failed, err)
		}
	}
	_, err = t.exec(`RELEASE one`)
	return failed, err
}

// truncateLog moves the write-ahead log's pages into the file and empties it.
// A reader that still needs the log is errHeld.
func (t tx) truncateLog() error {
	if _, err := t.exec(fmt.Sprintf(`PRAGMA busy_timeout(%d)`, checkpointWait.Milliseconds())); err != nil {
		return err
	}
	var busy, logged, moved int
	err := t.row(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved)
	_, rerr := t.exec(fmt.Sprintf(`PRAGMA busy_timeout(%d)`, busyTimeout.Milliseconds()))
	if err = errors.Join(err, rerr); err == nil && busy != 0 {
		err = errHeld
	}
	return err
}
