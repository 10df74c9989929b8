package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/audit"
	"oneton/store"
)

// State is how far a delivery has come.
type State string

// The states of deliveries.
const (
	// Pending waits for its next try.
	Pending State = "pending"
	// Delivered was taken by the receiver.
	Delivered State = "delivered"
	// Failed was not taken in any of its tries, or its endpoint was disabled: it is a
	// dead letter, which Redeliver sends anew.
	Failed State = "failed"
)

// Delivery is an event on its way to an endpoint.
type Delivery struct {
	ID       string
	Endpoint string
	// Event is the event's id, which receivers know it by, and Type its type.
	Event, Type string
	State       State
	// Attempts is how often it was sent.
	Attempts int
	// Last is the last of them; nil when there is none yet.
	Last *Attempt
	// NextAt is when it is tried again; zero when it has ended.
	NextAt             time.Time
	CreatedAt, EndedAt time.Time
}

// Attempt is one request to a receiver.
type Attempt struct {
	Number int
	At     time.Time
	Took   time.Duration
	// Status is the answer's; 0 when none came.
	Status int
	// Fault says why the receiver has not taken it; empty when it has.
	Fault string
	// Answer is the beginning of what it said, as text; see Config.Answers.
	Answer string
}

const deliveryColumns = `d.id, d.endpoint, d.event, e.type, d.state, d.attempts, d.next_at, d.created_at, d.ended_at`

const deliveries = ` FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event `

func scanDelivery(row store.Row) (d Delivery, err error) {
	var attempts int64
	err = row.Scan(&d.ID, &d.Endpoint, &d.Event, &d.Type, &d.State, &attempts, &d.NextAt, &d.CreatedAt, &d.EndedAt)
	d.Attempts = int(attempts)
	return d, err
}

// Query asks for deliveries of an endpoint, the newest first.
type Query struct {
	Endpoint string
	// State is that of all of them; empty is any.
	State State
	// After is the id of the last of the page before; empty begins with the newest.
	After string
	Limit int
}

// Deliveries lists them. Without such an endpoint it is store.ErrNotFound.
func (s *Service) Deliveries(ctx context.Context, by store.Actor, q Query) (all []Delivery, err error) {
	switch q.State {
	case "", Pending, Delivered, Failed:
	default:
		return nil, invalid("state", "must be %s, %s or %s", Pending, Delivered, Failed)
	}
	err = s.db.Read(ctx, "list webhook deliveries", func(r store.Reader) error {
		all = nil
		if _, err := store.OneOf(r, scanEndpoint, oneEndpoint, q.Endpoint, by.Tenant); err != nil {
			return err
		}
		return r.Each(func(row store.Row) error {
			var last Attempt
			var number, took, status int64
			d, err := scanDelivery(scans{row, []any{&number, &last.At, &took, &status, &last.Fault}})
			if number > 0 {
				last.Number, last.Took, last.Status = int(number), time.Duration(took)*time.Millisecond, int(status)
				d.Last = &last
			}
			all = append(all, d)
			return err
		}, `SELECT `+deliveryColumns+`, coalesce(a.number, 0), a.at, coalesce(a.took, 0), coalesce(a.status, 0), coalesce(a.fault, '')`+deliveries+`
			LEFT JOIN webhook_attempts a ON a.delivery = d.id AND a.number = d.attempts
			WHERE d.endpoint = $1 AND (d.state = $2 OR $3) AND (d.id < $4 OR $5) ORDER BY d.id DESC LIMIT $6`,
			q.Endpoint, q.State, q.State == "", q.After, q.After == "", max(q.Limit, 0))
	})
	return all, err
}

// scans reads more columns behind those that are asked for.
type scans struct {
	row  store.Row
	more []any
}

func (s scans) Scan(dest ...any) error { return s.row.Scan(append(dest, s.more...)...) }

// Delivery is one of an endpoint's, with its attempts, the oldest first, and what is
// sent; empty when that is erased, or cannot be opened.
func (s *Service) Delivery(ctx context.Context, by store.Actor, endpoint, id string) (d Delivery, attempts []Attempt, body []byte, err error) {
	err = s.db.Read(ctx, "read webhook delivery", func(r store.Reader) (err error) {
		if d, err = store.OneOf(r, func(row store.Row) (Delivery, error) { return scanDelivery(scans{row, []any{&body}}) },
			`SELECT `+deliveryColumns+`, e.body`+deliveries+`WHERE d.id = $1 AND d.endpoint = $2 AND d.tenant = $3`, id, endpoint, by.Tenant); err != nil {
			return err
		}
		e, err := store.OneOf(r, scanEndpoint, oneEndpoint, endpoint, by.Tenant)
		if err != nil {
			return err
		}
		if body, err = s.message(due{endpoint: e, event: d.Event, result: s.hasResult(d.Type), body: body}); err != nil && !errors.Is(err, errUnopened) {
			return err
		}
		attempts = nil
		return r.Each(func(row store.Row) error {
			var a Attempt
			var number, took, status int64
			err := row.Scan(&number, &a.At, &took, &status, &a.Fault, &a.Answer)
			a.Number, a.Took, a.Status = int(number), time.Duration(took)*time.Millisecond, int(status)
			attempts = append(attempts, a)
			return err
		}, `SELECT number, at, took, status, fault, answer FROM webhook_attempts WHERE delivery = $1 ORDER BY number`, id)
	})
	if len(attempts) > 0 {
		d.Last = &attempts[len(attempts)-1]
	}
	return d, attempts, body, err
}

// Redeliver sends an event anew, at once and then by the whole schedule, whatever
// became of it: with the same id. ErrDisabled when its endpoint is, and ErrErased when
// what was sent is erased.
func (s *Service) Redeliver(ctx context.Context, by store.Actor, endpoint, id string) (Delivery, error) {
	err := s.db.Update(ctx, "redeliver webhook", func(tx store.Tx) error {
		e, err := enabled(tx, by.Tenant, endpoint)
		if err != nil {
			return err
		}
		size, err := store.OneOf(tx, func(row store.Row) (n int64, err error) {
			err = row.Scan(&n)
			return n, err
		}, `SELECT length(e.body)`+deliveries+`WHERE d.id = $1 AND d.endpoint = $2 AND d.tenant = $3`, id, endpoint, by.Tenant)
		if err != nil {
			return err
		}
		if size == 0 {
			return fmt.Errorf("%w: %s", ErrErased, id)
		}
		if _, err := s.again(tx, e, `id = $3`, id); err != nil {
			return err
		}
		return audit.By(by, audit.WebhookRedelivered, id).Record(tx)
	})
	if err != nil {
		return Delivery{}, err
	}
	d, _, _, err := s.Delivery(ctx, by, endpoint, id)
	return d, err
}

// mostAgain is how many dead letters are sent anew in one transaction, so that no
// writer waits long.
const mostAgain = 500

// RedeliverFailed sends an endpoint's dead letters of events since the time anew, and
// tells how many.
func (s *Service) RedeliverFailed(ctx context.Context, by store.Actor, endpoint string, since time.Time) (sent int, err error) {
	if since.IsZero() {
		since = time.Unix(0, 0)
	}
	for {
		n := 0
		err := s.db.Update(ctx, "redeliver webhooks", func(tx store.Tx) error {
			e, err := enabled(tx, by.Tenant, endpoint)
			if err != nil {
				return err
			}
			if n, err = s.again(tx, e, `state = $3 AND created_at >= $4`, Failed, since); err != nil || n == 0 {
				return err
			}
			return audit.By(by, audit.WebhookRedelivered, endpoint).Record(tx)
		})
		if sent += n; err != nil || n < mostAgain {
			return sent, err
		}
	}
}

// again begins another round of those of an endpoint's deliveries for which the
// condition on $3 and so on holds, and tells how many.
func (s *Service) again(tx store.Tx, e endpoint, condition string, args ...any) (n int, err error) {
	var all []task
	if err := tx.Each(func(row store.Row) error {
		t := task{tenant: e.tenant, endpoint: e.ID}
		err := row.Scan(&t.delivery, &t.round)
		t.round++
		all = append(all, t)
		return err
	}, fmt.Sprintf(`SELECT id, round FROM webhook_deliveries WHERE endpoint = $1 AND tenant = $2 AND %s ORDER BY id LIMIT %d`, condition, mostAgain),
		append([]any{e.ID, e.tenant}, args...)...); err != nil {
		return 0, err
	}
	now := s.now()
	for _, t := range all {
		if _, err := tx.Exec(`UPDATE webhook_deliveries SET state = $2, round = $3, tries = 0, next_at = $4, ended_at = $5 WHERE id = $1`,
			t.delivery, Pending, t.round, now, time.Time{}); err != nil {
			return 0, err
		}
		if err := s.queue(tx, t); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}
