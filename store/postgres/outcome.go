package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/store"
)

// outcomePause lies between questions for a transaction's outcome.
const outcomePause = 50 * time.Millisecond

// errRolledBack is what a lost connection has done to a transaction.
var errRolledBack = errors.New("the transaction was rolled back")

// outcome finds out what became of a transaction whose answer to COMMIT was
// lost with the connection: nil when it was committed, store.ErrUncertain when
// the server does not say within the time that a statement has.
func (s *Store) outcome(id uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout+answerGrace)
	defer cancel()
	for {
		var status *string
		err := s.writer.QueryRow(ctx, `SELECT pg_xact_status($1::xid8)`, id).Scan(&status)
		switch {
		case err != nil || status == nil:
		case *status == "committed":
			return nil
		case *status == "aborted":
			return errRolledBack
		}
		if pause(ctx, outcomePause) != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUncertain)
		}
	}
}
