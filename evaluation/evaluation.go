// Package evaluation measures what a gallery's answers are worth, as durable work, and
// keeps what came of it last: how often people were answered with somebody else, who
// looks most alike, and which faces are unlike their own person. What it names goes
// when the people do.
package evaluation

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"oneton/audit"
	"oneton/identify"
	"oneton/job"
	"oneton/store"
)

// Kind is that of the jobs that evaluate.
const Kind = "evaluation"

// Faces measures; *identify.Service does.
type Faces interface {
	Gallery(ctx context.Context, by store.Actor, name string) (store.Gallery, error)
	Evaluate(ctx context.Context, by store.Actor, req identify.EvaluationRequest) (identify.Evaluation, error)
}

// Jobs does what takes long; *job.Queue does.
type Jobs interface {
	Handle(kind string, k job.Kind)
	Add(tx store.Tx, n job.New) (job.ID, error)
	Get(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
}

// Service is the evaluations of a database. It is safe for concurrent use.
type Service struct {
	db    store.DB
	faces Faces
	jobs  Jobs
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the room's tables in the database, which must be done before they are
// used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "evaluation", migrations)
}

// NewService returns the service of the database, whose jobs it handles.
func NewService(db store.DB, faces Faces, jobs Jobs) *Service {
	s := &Service{db, faces, jobs}
	// It computes for long: in a place of its own it takes none from other work.
	jobs.Handle(Kind, job.Kind{Do: s.do, Places: 1})
	return s
}

// Evaluation is what is known of a gallery's.
type Evaluation struct {
	// Job is the last that was asked for; its State is zero when it ended long ago.
	Job   job.ID
	State job.State
	// Found is what the last that ended well has found; nil where none has.
	Found *identify.Evaluation
}

// order is what a job is about.
type order struct {
	By      store.Actor     `json:"by"`
	ID      store.GalleryID `json:"id"`
	Gallery string          `json:"gallery"`
	Faces   int             `json:"faces"`
}

// Start has the gallery evaluated, by at most so many faces; 0 is the usual number.
// While an evaluation is under way it is that one.
func (s *Service) Start(ctx context.Context, by store.Actor, gallery string, faces int) (Evaluation, error) {
	for {
		e, err := s.start(ctx, by, gallery, faces)
		if !errors.Is(err, store.ErrConflict) {
			return e, err
		}
	}
}

// start is store.ErrConflict when somebody else's has come, or the gallery has gone,
// since it looked.
func (s *Service) start(ctx context.Context, by store.Actor, gallery string, faces int) (Evaluation, error) {
	g, err := s.faces.Gallery(ctx, by, gallery)
	if err != nil {
		return Evaluation{}, err
	}
	if faces < 0 || faces > identify.MaxEvaluated {
		return Evaluation{}, &identify.ArgumentError{Argument: "faces", Err: fmt.Errorf("%w: must be 1 to %d", identify.ErrInvalid, identify.MaxEvaluated)}
	}
	input, err := json.Marshal(order{by, g.ID, gallery, faces})
	if err != nil {
		return Evaluation{}, fmt.Errorf("order evaluation: %w", err)
	}
	was, err := s.job(ctx, g)
	if err != nil {
		return Evaluation{}, err
	}
	if state, err := s.jobs.Get(ctx, g.Tenant, was); err == nil && !state.Status.Ended() {
		return Evaluation{Job: was, State: state}, nil
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Evaluation{}, err
	}
	id, err := s.add(ctx, by, g, was, input)
	if err != nil {
		return Evaluation{}, err
	}
	state, err := s.jobs.Get(ctx, g.Tenant, id)
	return Evaluation{Job: id, State: state}, err
}

// add adds a job in the place of one that has ended.
func (s *Service) add(ctx context.Context, by store.Actor, g store.Gallery, was job.ID, input []byte) (id job.ID, err error) {
	err = s.db.Update(ctx, "order an evaluation", func(tx store.Tx) (err error) {
		if id, err = s.jobs.Add(tx, job.New{Tenant: g.Tenant, Kind: Kind, Input: input}); err != nil {
			return err
		}
		if was == "" {
			n, err := tx.Exec(`INSERT INTO evaluations (gallery, job) SELECT id, $2 FROM galleries WHERE id = $1 AND tenant IS NOT NULL
				ON CONFLICT (gallery) DO NOTHING`, g.ID, id)
			if err == nil && n == 0 {
				err = store.ErrConflict
			}
			if err != nil {
				return err
			}
		} else {
			n, err := tx.Exec(`UPDATE evaluations SET job = $3 WHERE gallery = $1 AND job = $2`, g.ID, was, id)
			if err == nil && n == 0 {
				err = store.ErrConflict
			}
			if err != nil {
				return err
			}
		}
		return audit.By(by, audit.GalleryEvaluated, g.Name).Record(tx)
	})
	return id, err
}

// job is the gallery's last, empty where there is none.
func (s *Service) job(ctx context.Context, g store.Gallery) (job.ID, error) {
	id, err := store.One(ctx, s.db, "read an evaluation's job", func(row store.Row) (id job.ID, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT job FROM evaluations WHERE gallery = $1`, g.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return id, err
}

// Get is what is known of the gallery's evaluation, which is nothing where nobody has
// asked for any.
func (s *Service) Get(ctx context.Context, by store.Actor, gallery string) (Evaluation, error) {
	g, err := s.faces.Gallery(ctx, by, gallery)
	if err != nil {
		return Evaluation{}, err
	}
	e, err := s.read(ctx, g.ID)
	if errors.Is(err, store.ErrNotFound) {
		return Evaluation{}, nil
	}
	if err != nil {
		return Evaluation{}, err
	}
	e.State, err = s.jobs.Get(ctx, g.Tenant, e.Job)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Evaluation{}, err
	}
	return e, nil
}

// do is one attempt at an evaluation.
func (s *Service) do(ctx context.Context, j *job.Job) ([]byte, error) {
	var o order
	if err := json.Unmarshal(j.Input, &o); err != nil {
		return nil, fmt.Errorf("%w: read order: %w", job.ErrFailed, err)
	}
	if g, err := s.faces.Gallery(ctx, o.By, o.Gallery); errors.Is(err, store.ErrNotFound) || err == nil && g.ID != o.ID {
		return nil, fmt.Errorf("%w: the gallery is gone", job.ErrFailed)
	} else if err != nil {
		return nil, err
	}
	told := time.Time{}
	found, err := s.faces.Evaluate(ctx, o.By, identify.EvaluationRequest{Gallery: o.Gallery, Faces: o.Faces, Progress: func(done, of int) error {
		if time.Since(told) < time.Second {
			return nil
		}
		told = time.Now()
		return j.Progress(ctx, int64(done), int64(of))
	}})
	switch {
	case errors.Is(err, identify.ErrInvalid), errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("%w: %w", job.ErrFailed, err)
	case err != nil:
		return nil, err
	}
	return nil, s.keep(ctx, j, found)
}
