package kyc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"oneton/audit"
	"oneton/store"
)

// Status is an attempt's.
type Status string

// The statuses of an attempt: PENDING until its session is closed, then what it was
// closed with, and what a reviewer decided of one in REVIEW. One whose session ended
// without being closed is CANCELLED.
const (
	Pending   Status = "PENDING"
	Success   Status = "SUCCESS"
	Failed    Status = "FAILED"
	InReview  Status = "REVIEW"
	Cancelled Status = "CANCELLED"
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Pending, Success, Failed, InReview, Cancelled} }

// Closings are the statuses that a session is closed with.
func Closings() []Status { return []Status{Success, Failed, InReview} }

// Reviews are those that a review sets.
func Reviews() []Status { return []Status{Cancelled, Failed, Success} }

// Attempt is somebody's try to show who they are.
type Attempt struct {
	ID     string
	Kind   Kind
	Status Status
	// Faces names the face that was checked and is kept for the user to be, if one is:
	// a subject of the Gallery.
	Faces   []string
	Gallery string
	// User is whom it is about, where it is about one who is registered.
	User string
	// Metadata is a JSON object, for the user to be.
	Metadata json.RawMessage
	// Stages are what the checks said, in the order in which they ended.
	Stages []Stage
	// History is who changed the status, oldest first.
	History   []Change
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Change is one of a status. From is empty where the attempt began.
type Change struct {
	At time.Time
	// Key is whose request it was; with a session's token, the key that opened it.
	Key      store.KeyID
	Request  string
	From, To Status
	// Reason is the reviewer's; empty is none.
	Reason string
}

// MaxReason is the most bytes of a review's reason.
const MaxReason = 1000

// Stage is what one check said.
type Stage struct {
	// Name is the step's: fetch_document_data, compare_faces and so on.
	Name string
	// Status says whether it passed.
	Status StageStatus
	// Input is what was asked, without photos; a document's that is kept is Photo.
	Input  map[string]any
	Photo  PhotoRef
	Output map[string]any
	At     time.Time
}

// StageStatus is what became of a check.
type StageStatus string

// The statuses of a stage.
const (
	// Completed means that the check was made and passed.
	Completed StageStatus = "COMPLETED"
	// NotPassed means that it was made and did not pass.
	NotPassed StageStatus = "FAILED"
	// NotMade means that it could not be made, since what it needs is missing or
	// cannot be read.
	NotMade StageStatus = "INVALID"
)

type attemptRow struct {
	Attempt
	face, metadata string
}

const (
	attemptColumns = `SELECT id, kind, status, face, person, metadata, created_at, updated_at FROM kyc_attempts WHERE `
	oneAttempt     = attemptColumns + `id = $1 AND tenant = $2`
)

func scanAttempt(row store.Row) (a attemptRow, err error) {
	err = row.Scan(&a.ID, &a.Kind, &a.Status, &a.face, &a.User, &a.metadata, &a.CreatedAt, &a.UpdatedAt)
	if a.Faces = []string{}; a.face != "" {
		a.Faces = append(a.Faces, a.face)
	}
	return a, err
}

// Attempt is one of the tenant's, or a NotFoundError.
func (s *Service) Attempt(ctx context.Context, by store.Actor, id string) (Attempt, error) {
	row, err := read(ctx, s.db, "attempt", id, scanAttempt, oneAttempt, id, by.Tenant)
	if err != nil {
		return Attempt{}, err
	}
	a := row.Attempt
	a.Gallery, a.Metadata = s.cfg.Gallery, json.RawMessage(cmp.Or(row.metadata, "{}"))
	a.Stages, err = store.List(ctx, s.db, "read stages", scanStage,
		`SELECT name, status, input, output, photo, at FROM kyc_stages WHERE attempt = $1 ORDER BY at, job, place`, id)
	if err != nil {
		return Attempt{}, err
	}
	a.History, err = store.List(ctx, s.db, "read history", func(row store.Row) (c Change, err error) {
		err = row.Scan(&c.At, &c.Key, &c.Request, &c.From, &c.To, &c.Reason)
		return c, err
	}, `SELECT at, actor, request, was, became, reason FROM kyc_changes WHERE attempt = $1 ORDER BY at, id`, id)
	return a, err
}

func scanStage(row store.Row) (st Stage, err error) {
	var input, output string
	if err = row.Scan(&st.Name, &st.Status, &input, &output, &st.Photo, &st.At); err == nil {
		err = errors.Join(json.Unmarshal([]byte(input), &st.Input), json.Unmarshal([]byte(output), &st.Output))
	}
	return st, err
}

// Review decides on an attempt in REVIEW: CANCELLED, FAILED or SUCCESS, for a reason
// that its history keeps; empty is none. Of any other it is ErrNotInReview.
func (s *Service) Review(ctx context.Context, by store.Actor, id string, status Status, reason string) error {
	switch {
	case !slices.Contains(Reviews(), status):
		return invalid("status", "must be CANCELLED, FAILED or SUCCESS")
	case len(reason) > MaxReason || !store.ValidText(reason):
		return invalid("reason", "must be text of at most %d bytes", MaxReason)
	}
	return s.db.Update(ctx, "review attempt", func(tx store.Tx) error {
		if _, err := found(tx, "attempt", id, scanAttempt, oneAttempt, id, by.Tenant); err != nil {
			return err
		}
		return s.move(tx, by, s.now(), change{attempt: id, was: InReview, became: status, reason: reason})
	})
}

// move changes an attempt's status, or is ErrNotInReview where it has another than
// it is to have. What was kept of its face goes where no user can come of it.
func (s *Service) move(tx store.Tx, by store.Actor, now time.Time, c change) error {
	n, err := tx.Exec(`UPDATE kyc_attempts SET status = $1, updated_at = $2 WHERE id = $3 AND status = $4`, c.became, now, c.attempt, c.was)
	if err == nil && n == 0 {
		err = fmt.Errorf("change status to %s: %w", c.became, ErrNotInReview)
	}
	if err != nil {
		return err
	}
	kind, err := store.OneOf(tx, scanText, `SELECT kind FROM kyc_attempts WHERE id = $1`, c.attempt)
	if err != nil {
		return err
	}
	if c.became == Failed || c.became == Cancelled {
		if err := dropFaces(tx, c.attempt, now); err != nil {
			return err
		}
	}
	c.kind = Kind(kind)
	return s.changed(tx, by, now, c)
}

// change is one of an attempt's status.
type change struct {
	attempt string
	kind    Kind
	was     Status
	became  Status
	reason  string
}

// changed leaves what is told of a change: in the attempt's history, in the audit
// record and to the tenant's receivers.
func (s *Service) changed(tx store.Tx, by store.Actor, now time.Time, c change) error {
	if _, err := tx.Exec(`INSERT INTO kyc_changes (id, attempt, at, actor, request, was, became, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(now), c.attempt, now, by.Key, by.Request, c.was, c.became, c.reason); err != nil {
		return err
	}
	verb, kind := audit.AttemptChanged, AttemptChanged
	data := map[string]any{"attempt": c.attempt, "type": c.kind, "status": c.became, "at": now}
	if c.was == "" {
		verb, kind = audit.AttemptCreated, AttemptCreated
	} else {
		data["previous"] = c.was
	}
	if err := audit.By(by, verb, c.attempt).Record(tx); err != nil {
		return err
	}
	return s.rooms.Events.Emit(tx, by.Tenant, kind, data)
}
