package kyc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"oneton/job"
	"oneton/store"
)

// Job is a check or a workflow that was started.
type Job struct {
	ID string
	// Status is Queued, Running, Succeeded when all that it checks has passed, DidFail
	// when something has not, or Invalid when its checks could not begin.
	Status int
	// Value is what an endpoint's check says, as JSON: a number, true or false. It is
	// nil for a workflow, and until the job has ended.
	Value json.RawMessage
	// Output is an object with what else is told.
	Output json.RawMessage
	// Refused is set when the status is Invalid.
	Refused *RefusedError
}

// result is what is kept of a job that has ended.
type result struct {
	Value  any            `json:"value"`
	Output map[string]any `json:"output"`
}

// Begin starts an endpoint's check, and takes one of its uses. Whatever cannot be
// started takes none: it is an argument.Error, ErrUses or ErrSession.
func (s *Service) Begin(ctx context.Context, by store.Actor, open Session, e Endpoint, in Input) (id string, left Uses, err error) {
	w, ok := s.workflows[string(e)]
	if !ok {
		return "", Uses{}, &NotFoundError{Kind: "workflow", ID: string(e)}
	}
	take := func(tx store.Tx) (err error) {
		left, err = s.use(tx, open, e)
		return err
	}
	id, err = s.start(ctx, by, open, w, in, take)
	return id, left, err
}

// Start starts a workflow.
func (s *Service) Start(ctx context.Context, by store.Actor, open Session, workflow string, in Input) (id string, err error) {
	w, err := s.Workflow(workflow)
	if err != nil {
		return "", err
	}
	return s.start(ctx, by, open, w, in)
}

// start adds a job, and whatever else belongs to it, as one.
func (s *Service) start(ctx context.Context, by store.Actor, open Session, w Workflow, in Input, also ...func(store.Tx) error) (string, error) {
	taken, err := w.take(in)
	if err != nil {
		return "", err
	}
	content, err := commission{
		Input: taken, Attempt: open.ID, Kind: open.Kind, Workflow: w.Name, Key: by.Key, Request: by.Request,
	}.encode()
	if err != nil {
		return "", fmt.Errorf("write job: %w", err)
	}
	var id job.ID
	now := s.now()
	err = s.db.Update(ctx, "start check", func(tx store.Tx) error {
		if err := held(tx, open, now); err != nil {
			return err
		}
		if err := store.Run(tx, also); err != nil {
			return err
		}
		var err error
		if id, err = s.rooms.Jobs.Add(tx, job.New{Tenant: open.Tenant, Kind: jobKind, Input: content, Within: s.cfg.Within}); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO kyc_jobs (id, attempt, workflow, started_at, ended_at, status, result) VALUES ($1, $2, $3, $4, $5, $6, '')`,
			id, open.ID, w.Name, now, time.Time{}, Queued)
		return err
	})
	return string(id), err
}

// Job is one of the tenant's, or a NotFoundError.
func (s *Service) Job(ctx context.Context, by store.Actor, id string) (Job, error) {
	j, ended, err := s.job(ctx, by.Tenant, id)
	if err != nil || ended {
		return j, err
	}
	state, err := s.rooms.Jobs.Get(ctx, by.Tenant, job.ID(id))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Job{}, err
	}
	return s.unended(ctx, by.Tenant, id, state, err == nil)
}

// Await is Job once it has ended, on whichever process; or the error of ctx.
func (s *Service) Await(ctx context.Context, tenant store.TenantID, id string) (Job, error) {
	j, ended, err := s.job(ctx, tenant, id)
	if err != nil || ended {
		return j, err
	}
	state, err := s.rooms.Jobs.Wait(ctx, tenant, job.ID(id))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Job{}, fmt.Errorf("wait for job %s: %w", id, err)
	}
	return s.unended(ctx, tenant, id, state, err == nil)
}

// unended is a job that had not ended before the queue was asked: it may have since,
// and where the queue gave it up it has.
func (s *Service) unended(ctx context.Context, tenant store.TenantID, id string, state job.State, known bool) (Job, error) {
	j, ended, err := s.job(ctx, tenant, id)
	if err != nil || ended {
		return j, err
	}
	switch {
	case known && state.Status == job.Running:
		j.Status = Running
	case !known || state.Status.Ended():
		j.Status = DidFail
		j.Output, err = json.Marshal(gaveUp)
	}
	return j, err
}

// job is what is kept of one, and whether it has ended.
func (s *Service) job(ctx context.Context, tenant store.TenantID, id string) (j Job, ended bool, err error) {
	var kept string
	j, err = read(ctx, s.db, "job", id, func(row store.Row) (j Job, err error) {
		var status int64
		err = row.Scan(&j.ID, &status, &kept)
		j.Status = int(status)
		return j, err
	}, `SELECT j.id, j.status, j.result FROM kyc_jobs j JOIN kyc_attempts a ON a.id = j.attempt WHERE j.id = $1 AND a.tenant = $2`, id, tenant)
	j.Output = json.RawMessage(`{}`)
	if err != nil || kept == "" {
		return j, false, err
	}
	var r struct{ Value, Output json.RawMessage }
	if err := json.Unmarshal([]byte(kept), &r); err != nil {
		return Job{}, false, fmt.Errorf("read job: %w: %w", store.ErrDamaged, err)
	}
	j.Output = r.Output
	if string(r.Value) != "null" {
		j.Value = r.Value
	}
	if j.Status == Invalid {
		j.Refused = new(RefusedError)
		if err := json.Unmarshal(r.Output, j.Refused); err != nil {
			return Job{}, false, fmt.Errorf("read job: %w: %w", store.ErrDamaged, err)
		}
	}
	return j, true, nil
}
