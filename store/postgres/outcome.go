package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// outcomePause lies between questions for a transaction's outcome.
const outcomePause = 50 * time.Millisecond

// errRolledBack is what became of a transaction that is not found.
var errRolledBack = errors.New("the transaction was rolled back")

// outcome finds out what became of the transaction with the mark when the
// answer to its COMMIT was lost with the connection: nil when it was committed,
// store.ErrUncertain when the server does not say within the time that a
// statement has.
//
// The server's own pg_xact_status would not do: a server that has crashed
// gives the number of a lost transaction to another one.
func (s *Store) outcome(mark uuid.UUID) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout+answerGrace)
	defer cancel()
	for {
		committed, err := s.marked(ctx, mark)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return errRolledBack
		}
		if pause(ctx, outcomePause) != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUncertain)
		}
	}
}

// marked tells whether the transaction with the mark was committed. It waits
// for the log's lock: while that transaction has it, both is possible.
func (s *Store) marked(ctx context.Context, mark uuid.UUID) (committed bool, err error) {
	var b pgx.Batch
	b.Queue(`SELECT pg_advisory_xact_lock(`+lockKey+`)`, logLock)
	b.Queue(`SELECT EXISTS (SELECT FROM commits WHERE mark = $1)`, mark).QueryRow(func(row pgx.Row) error {
		return row.Scan(&committed)
	})
	err = pgx.BeginTxFunc(ctx, s.writer, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		return tx.SendBatch(ctx, &b).Close()
	})
	return committed, err
}
