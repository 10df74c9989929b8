package facesession

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/store"
)

// Progress is how far a session is after a call.
type Progress struct {
	// Step is to be done next; nil where an attempt has failed, or the session is over.
	Step *Step
	// Failed is why an attempt has just failed, NoMatch or LivenessFailed, and Reason
	// more of it, in a word that stays the same. Both are empty where none has.
	Failed Code
	Reason string
	// Attempt is how many have begun.
	Attempt, MaxAttempts int
	// End is set once the session is over.
	End *End
}

// Step is what a person is to do, told when it is due.
type Step struct {
	// Token is to be shown with the step's frames, once.
	Token string
	Kind  StepKind
	// Number is from 1 to Of.
	Attempt, Number, Of int
	// Left is until when the frames must have come.
	Left time.Duration
}

// End is what came of a session.
type End struct {
	// Code is OK, or why there was no match.
	Code Code
	// Result is the client's: a compact JWS; empty where there is none.
	Result string
}

// TooLate is the reason of an attempt of which a step was let run out, and Lost that of
// one whose check the server could not end.
const (
	TooLate = "too_late"
	Lost    = "lost"
)

// progress is how far the session is, but for the step that is due.
func (s *Service) progress(open session) (p Progress, err error) {
	p.Attempt, p.MaxAttempts = open.attempt, open.terms.MaxAttempts
	p.End, err = s.end(open)
	return p, err
}

// end is what came of the session; nil where it is not over.
func (s *Service) end(open session) (*End, error) {
	if open.phase != ended {
		return nil, nil
	}
	e := &End{Code: open.code}
	if open.result != nil {
		compact, err := s.seals.open(open.id, sealedResult, 0, open.result)
		if err != nil {
			return nil, err
		}
		e.Result = string(compact)
	}
	return e, nil
}

// errUnsigned means that a session is to end with a result that is not signed yet.
var errUnsigned = errors.New("facesession: result is not signed")

// change changes a session for its tab, unless it is over. What do returns ends it:
// the result is signed outside of the transaction, since the signer asks the database,
// and then do is called again.
func (s *Service) change(ctx context.Context, doing, id, binding string, do func(store.Tx, *session) (*outcome, error)) (open session, err error) {
	const tries = 4 // somebody else may change the session meanwhile
	var signed result
	for range tries {
		var due *outcome
		err = s.db.Remove(ctx, doing, func(tx store.Tx) (err error) {
			due = nil
			if open, err = hold(tx, id); err != nil {
				return err
			}
			if err := open.opened(binding); err != nil {
				return err
			}
			if open.phase == ended {
				return nil
			}
			if due, err = do(tx, &open); err != nil {
				return err
			}
			if due != nil {
				if !signed.says(*due, open) {
					return errUnsigned
				}
				if err := s.finish(tx, &open, *due, signed); err != nil {
					return err
				}
			}
			return open.keep(tx)
		})
		if !errors.Is(err, errUnsigned) {
			return open, err
		}
		if signed, err = s.sign(ctx, open, *due); err != nil {
			return open, err
		}
	}
	return open, fmt.Errorf("%s: %w", doing, ErrBusy)
}

// fail ends the attempt; the outcome is the session's when it was the last one.
func fail(tx store.Tx, open *session, cause Code, seen *seen) (*outcome, error) {
	if _, err := tx.Exec(`DELETE FROM face_session_pictures WHERE session = $1 AND place > $2`, open.hash, reference); err != nil {
		return nil, err
	}
	open.phase, open.plan, open.step, open.token = waiting, nil, 0, ""
	if open.attempt < open.terms.MaxAttempts {
		return nil, nil
	}
	return &outcome{code: TooManyAttempts, cause: cause, seen: seen}, nil
}

// Cancel ends a session for good, for the page's reason: UserCancel, MediaNotAllowed or
// MediaNotFound. One that is over stays as it is.
func (s *Service) Cancel(ctx context.Context, id, binding string, code Code) (End, error) {
	if code != UserCancel && code != MediaNotAllowed && code != MediaNotFound {
		return End{}, invalid("code", "must be %s, %s or %s", UserCancel, MediaNotAllowed, MediaNotFound)
	}
	if _, err := s.find(ctx, id); err != nil {
		return End{}, err
	}
	open, err := s.change(ctx, "cancel face session", id, binding, func(store.Tx, *session) (*outcome, error) {
		return &outcome{code: code, cause: code}, nil
	})
	if err != nil {
		return End{}, err
	}
	e, err := s.end(open)
	if err != nil {
		return End{}, err
	}
	return *e, nil
}
