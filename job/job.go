// Package job is durable work: a queue in the store's own database, in which a job
// is added by the transaction that causes it, so that neither is there without the
// other.
//
// A job is done at least once, whatever dies, by one worker at a time: a worker holds
// it by a lease of the database's time, and one that has lost its lease can change
// nothing of the job any more. So steps are idempotent, or end the job in the
// transaction of their effects, by Job.Finish: that happens once.
//
// One queue serves all processes that share a database. Whose turn it is depends on
// how many jobs each tenant has at work, whatever it has in the queue. An input, such
// as a photo, is erased when its job ends; its output is after a while.
package job

import (
	"context"
	"time"

	"oneton/store"
)

// MaxInput is the most that an input may have, in bytes.
const MaxInput = 64 << 20

// MaxPriority bounds a priority on both sides of 0.
const MaxPriority = 10

// New is a job to add.
type New struct {
	// Tenant is whose it is; empty is the program's own work.
	Tenant store.TenantID
	// Kind says who does it; see Queue.Handle.
	Kind string
	// Input is what it is about, at most MaxInput. It is erased when the job ends.
	Input []byte
	// Key makes it the only one: while a job of the same tenant, kind and key is kept,
	// no other is added. Empty is none.
	Key string
	// Group is what its Kind's PerGroup is for, such as who is called; empty is none.
	Group string
	// Priority is among the tenant's own jobs, -MaxPriority to MaxPriority. Each step
	// counts as a minute waited, so that none waits for ever.
	Priority int
	// Delay is how long it waits before it may begin.
	Delay time.Duration
	// Within is how long it may take from its addition to its end, waiting, attempts
	// and all. After that it has failed. 0 is Config.Within.
	Within time.Duration
}

// Kind says how jobs of one kind are done.
type Kind struct {
	// Do does a job and returns its output. Its context is the tenant's for package
	// pool, and ends when the work is for nothing or the process stops; context.Cause
	// tells ErrCancelled, ErrLost, ErrExpired or ErrStopping.
	//
	// Without an error the job has Succeeded. With ErrInvalid it is Invalid and with
	// ErrFailed it has Failed, and the output is kept with either. With another error
	// it is tried again, until it has had all its attempts and has failed. A pool that
	// was busy costs no attempt, nor does Again. The error's text is kept and shown with the state.
	Do func(ctx context.Context, j *Job) (output []byte, err error)
	// Attempts is how often a job begins at most, 0 for DefaultAttempts.
	Attempts int
	// Backoff is the time between attempt, from 1, and the next; nil is Backoff.
	Backoff func(attempt int) time.Duration
	// Places is how many jobs of the kind this process does at once, beside all others,
	// for what mostly waits. 0 is for what computes: it shares Config.Workers.
	Places int
	// PerGroup is how many jobs of one group this process does at once; 0 is any number.
	PerGroup int
	// Keep is how long a job is kept after its end, 0 for Config.Keep.
	Keep time.Duration
}

// DefaultAttempts is how often a job begins where its kind does not say.
const DefaultAttempts = 5

// Status is where a job is in its life.
type Status string

// A job is queued or running until it has ended in one of the other ways.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Invalid   Status = "invalid"
	Cancelled Status = "cancelled"
)

// Ended tells whether nothing of the job changes any more.
func (s Status) Ended() bool { return s != Queued && s != Running }

// State is what is known of a job.
type State struct {
	ID     ID
	Tenant store.TenantID
	Kind   string
	Status Status
	Output []byte
	// Error says why it failed, was invalid, or is tried again; of a fault of the server,
	// that there was one.
	Error string
	// Done is how much is done of Of; both are 0 where nobody says.
	Done, Of int64
	// Attempt is how often it has begun.
	Attempt int
	AddedAt time.Time
	// StartedAt is when the latest attempt began, and EndedAt when it ended.
	StartedAt, EndedAt time.Time
}

const stateColumns = `SELECT id, tenant, kind, status, output, error, done, total, attempt, added_at, started_at, ended_at FROM jobs `

func scanState(row store.Row) (s State, err error) {
	err = row.Scan(&s.ID, &s.Tenant, &s.Kind, &s.Status, &s.Output, &s.Error, &s.Done, &s.Of, &s.Attempt, &s.AddedAt, &s.StartedAt, &s.EndedAt)
	return s, err
}

// Job is one attempt at a job, as its Kind's Do has it.
type Job struct {
	ID     ID
	Tenant store.TenantID
	Kind   string
	Input  []byte
	// Attempt counts from 1, and Last is set when there is no other.
	Attempt int
	Last    bool
	AddedAt time.Time

	q *Queue
	r *run
}

// Progress tells how much is done. It is ErrLost when the job is not this worker's
// any more.
func (j *Job) Progress(ctx context.Context, done, of int64) error {
	return j.q.db.Update(ctx, "tell a job's progress", func(tx store.Tx) error {
		return j.r.change(tx, `done = $3, total = $4`, done, of)
	})
}

// Hold is ErrLost when the job is not this worker's any more, in a transaction that
// must then change nothing.
func (j *Job) Hold(tx store.Tx) error { return j.r.change(tx, `claim = claim`) }

// Finish ends the job in a transaction with its effects, as Do would by returning the
// same; err is nil, ErrFailed or ErrInvalid. It is ErrLost when the job is not this
// worker's any more: the transaction must then change nothing. Do returns the
// transaction's error.
func (j *Job) Finish(tx store.Tx, output []byte, err error) error {
	now, terr := j.q.now(tx)
	if terr != nil {
		return terr
	}
	return j.r.end(tx, now, ended(err), output, err)
}
