package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"oneton/audit"
	"oneton/job"
	"oneton/store"
)

// Jobs keep deliveries until they are due; job.Queue does.
type Jobs interface {
	Add(tx store.Tx, n job.New) (job.ID, error)
	Handle(kind string, k job.Kind)
}

// kind is the jobs'.
const kind = "webhook"

// patience is how long a delivery may take with all its tries, however long receivers
// ask to be left alone.
const patience = 60 * 24 * time.Hour

// task is what a job is to deliver: one job is for one round of a delivery, from its
// first try to its last.
type task struct {
	tenant             store.TenantID
	endpoint, delivery string
	round              int64
	// hold is job.ErrLost, in a transaction that must then change nothing, when the task
	// is another worker's by now.
	hold func(store.Tx) error
}

type taskInput struct {
	Endpoint string `json:"endpoint"`
	Delivery string `json:"delivery"`
	Round    int64  `json:"round"`
}

// queue adds the job of a task.
func (s *Service) queue(tx store.Tx, t task) error {
	input, err := json.Marshal(taskInput{t.endpoint, t.delivery, t.round})
	if err != nil {
		return fmt.Errorf("write task: %w", err)
	}
	_, err = s.jobs.Add(tx, job.New{Tenant: t.tenant, Kind: kind, Group: t.endpoint, Input: input, Within: patience})
	return err
}

// pause is how long a delivery waits for one of its tenant's places, or up to twice
// that.
const pause = time.Second

// kind is what the service's jobs do. How often they are tried is by the schedule
// alone.
func (s *Service) kind() job.Kind {
	return job.Kind{
		Places: s.cfg.Places, PerGroup: s.cfg.PerEndpoint, Attempts: math.MaxInt32, Keep: time.Minute,
		Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
			var in taskInput
			if err := json.Unmarshal(j.Input, &in); err != nil {
				return nil, fmt.Errorf("read task: %w", err)
			}
			t := task{j.Tenant, in.Endpoint, in.Delivery, in.Round, j.Hold}
			again, err := s.deliver(ctx, t)
			if err == nil && !again.IsZero() {
				err = job.Again(again)
			}
			return nil, err
		},
	}
}

// due is a delivery whose try is to be made.
type due struct {
	endpoint
	event  string
	result bool   // as in its type
	body   []byte // as the database has it
	tries  int64
	nextAt time.Time
}

// deliver makes the next try of a task, and tells when another is to be made; zero is
// never. Whoever does it twice sends the same message twice.
func (s *Service) deliver(ctx context.Context, t task) (again time.Time, err error) {
	if !s.tenants.take(string(t.tenant)) {
		return s.now().Add(pause + rand.N(pause)), nil //nolint:gosec // it is no secret
	}
	defer s.tenants.free(string(t.tenant))
	d, err := s.due(ctx, t)
	if errors.Is(err, store.ErrNotFound) { // removed, delivered, or of another round
		return again, nil
	}
	if err != nil {
		return again, err
	}
	now := s.now()
	// A worker may have died after it wrote down the last try. A time that no schedule
	// has is of a clock that was wrong.
	if left := d.nextAt.Sub(now); left > 0 && left <= mostAsked+mostAsked/10 {
		return d.nextAt, nil
	}
	if d.Disabled != "" || len(d.body) == 0 { // which was erased meanwhile
		return again, s.record(ctx, t, d, nil, again)
	}
	h, err := d.headers(s.seals, now)
	var text []byte
	if err == nil {
		text, err = s.message(d)
	}
	var got answer
	if err == nil {
		asking, end := untilAfterStop(ctx)
		got, err = s.post(asking, d.URL, h, d.event, text)
		end()
		if err != nil && ctx.Err() != nil { // no receiver's fault
			return again, context.Cause(ctx)
		}
	}
	if s.cfg.Observer != nil {
		s.cfg.Observer.Posted(outcomeOf(got, err), s.now().Sub(now))
	}
	made := &Attempt{At: now, Took: s.now().Sub(now), Status: got.status, Fault: fault(got, err), Answer: s.kept(d, got.body)}
	if made.Fault != "" && got.status != http.StatusGone {
		if delay, more := next(int(d.tries)+1, got.after); more {
			again = s.now().Add(delay)
		}
	}
	return again, s.record(ctx, t, d, made, again)
}

// lastAnswers is how long a server that stops waits for the answers of receivers that
// have a message already, which would be sent again otherwise. What is done with them
// is done before package job waits no more.
const lastAnswers = time.Second

// untilAfterStop is a context that ends lastAnswers after ctx where that ends because
// the server stops, and with it otherwise.
func untilAfterStop(ctx context.Context) (longer context.Context, end func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		why := context.Cause(ctx)
		if errors.Is(why, job.ErrStopping) {
			time.AfterFunc(lastAnswers, func() { cancel(why) })
			return
		}
		cancel(why)
	})
	return longer, func() {
		stop()
		cancel(nil)
	}
}

// due reads what a task's next try needs; store.ErrNotFound when there is none.
func (s *Service) due(ctx context.Context, t task) (d due, err error) {
	err = s.db.Read(ctx, "read webhook delivery", func(r store.Reader) error {
		d, err = store.OneOf(r, func(row store.Row) (d due, err error) {
			var kind string
			err = row.Scan(&d.event, &kind, &d.body, &d.tries, &d.nextAt)
			d.result = s.hasResult(kind)
			return d, err
		}, `SELECT d.event, e.type, e.body, d.tries, d.next_at`+deliveries+`WHERE d.id = $1 AND d.endpoint = $2 AND d.tenant = $3 AND d.round = $4 AND d.state = $5`,
			t.delivery, t.endpoint, t.tenant, t.round, Pending)
		if err != nil {
			return err
		}
		d.endpoint, err = store.OneOf(r, scanEndpoint, oneEndpoint, t.endpoint, t.tenant)
		return err
	})
	return d, err
}

// mostAttempts is how many of a delivery's attempts are kept, the last ones.
const mostAttempts = 50

// record writes down an attempt, or that there is none to make, and what follows of
// it. A worker that does the task no more writes nothing, and what another has written
// down meanwhile stays: a delivery ends once in a round.
func (s *Service) record(ctx context.Context, t task, d due, made *Attempt, again time.Time) error {
	// What a receiver has said is written down though the server stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Timeout)
	defer cancel()
	delivered := made != nil && made.Fault == ""
	write := s.db.Update
	if d.result && delivered {
		write = s.db.Remove
	}
	var ended State
	err := write(ctx, "record webhook delivery", func(tx store.Tx) error {
		if err := t.hold(tx); err != nil {
			return err
		}
		if made != nil {
			if err := attempted(tx, t.delivery, *made); err != nil {
				return err
			}
		}
		state, nextAt, endedAt := Failed, time.Time{}, s.now()
		switch {
		case delivered:
			state = Delivered
		case !again.IsZero():
			state, nextAt, endedAt = Pending, again, time.Time{}
		}
		ended = state
		if _, err := tx.Exec(`UPDATE webhook_deliveries SET state = $3, tries = tries + 1, next_at = $4, ended_at = $5
			WHERE id = $1 AND round = $2 AND state = $6 AND tries = $7`, t.delivery, t.round, state, nextAt, endedAt, Pending, d.tries); err != nil {
			return err
		}
		if d.result && delivered {
			return erase(tx, d.event)
		}
		if made == nil || made.Status != http.StatusGone {
			return nil
		}
		n, err := tx.Exec(`UPDATE webhook_endpoints SET disabled = $3, updated_at = $4 WHERE id = $1 AND url = $2 AND disabled = ''`, t.endpoint, d.URL, DisabledGone, s.now())
		if err != nil || n == 0 {
			return err
		}
		return audit.By(store.Actor{Tenant: t.tenant}, audit.WebhookDisabled, t.endpoint).Record(tx)
	})
	if err == nil && ended != Pending && s.cfg.Observer != nil {
		s.cfg.Observer.Delivered(ended)
	}
	return err
}

// erase erases what was sent of an event that all of its receivers have taken.
func erase(tx store.Tx, event string) error {
	_, err := tx.Exec(`UPDATE webhook_events SET body = $2 WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE event = $1 AND state <> $3)`, event, []byte{}, Delivered)
	return err
}

// attempted adds an attempt to a delivery that is still there, and forgets those that
// are too many.
func attempted(tx store.Tx, delivery string, a Attempt) error {
	n, err := tx.Exec(`UPDATE webhook_deliveries SET attempts = attempts + 1 WHERE id = $1`, delivery)
	if err != nil || n == 0 {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO webhook_attempts (delivery, number, at, took, status, fault, answer)
		SELECT id, attempts, $2, $3, $4, $5, $6 FROM webhook_deliveries WHERE id = $1`, delivery, a.At, a.Took.Milliseconds(), a.Status, a.Fault, a.Answer); err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM webhook_attempts WHERE delivery = $1 AND number <= (SELECT attempts FROM webhook_deliveries WHERE id = $1) - $2`, delivery, mostAttempts)
	return err
}
