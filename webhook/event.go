package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"oneton/store"
)

// MaxBody is the largest body of an event, in bytes, as Standard Webhooks advises.
const MaxBody = 20_000

// body is what an event is sent as.
type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// Emit writes an event of a declared type, whose data JSON can hold, in the
// transaction that causes it, for each of the tenant's endpoints that takes it; where
// there is none, it writes nothing. Whoever rolls the transaction back has emitted
// nothing. Errors are ErrType, also of data without the result that its type says, and
// ErrTooLarge.
func (s *Service) Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error {
	at := slices.IndexFunc(s.types, func(t Type) bool { return t.Name == kind })
	if at < 0 {
		return fmt.Errorf("emit %.64q: %w", kind, ErrType)
	}
	t := s.types[at]
	var to []string
	if err := tx.Each(func(row store.Row) error {
		e, err := scanEndpoint(row)
		if err == nil && e.takes(t) {
			to = append(to, e.ID)
		}
		return err
	}, `SELECT `+endpointColumns+` FROM webhook_endpoints WHERE tenant = $1 AND disabled = '' ORDER BY id`, tenant); err != nil {
		return fmt.Errorf("emit %s: %w", kind, err)
	}
	_, err := s.send(tx, tenant, t, data, to)
	return err
}

// send writes an event for the endpoints, if any, and returns its last delivery.
func (s *Service) send(tx store.Tx, tenant store.TenantID, t Type, data any, to []string) (delivery string, err error) {
	failed := func(err error) (string, error) { return "", fmt.Errorf("emit %s: %w", t.Name, err) }
	now := s.now()
	text, err := json.Marshal(body{t.Name, now, data})
	if err != nil {
		return failed(err)
	}
	if r, err := resultOf(text); t.Result && (err != nil || r.JWS == "") {
		return failed(fmt.Errorf("%w: it has no jwsResult", ErrType))
	}
	if len(text) > MaxBody {
		return failed(fmt.Errorf("%w: it has %d bytes of at most %d", ErrTooLarge, len(text), MaxBody))
	}
	if len(to) == 0 {
		return "", nil
	}
	event, err := eventID()
	if err != nil {
		return failed(err)
	}
	if t.Result {
		text = s.seals.seal(event, text)
	}
	if _, err := tx.Exec(`INSERT INTO webhook_events (id, tenant, type, body) VALUES ($1, $2, $3, $4)`, event, tenant, t.Name, text); err != nil {
		return failed(err)
	}
	for _, endpoint := range to {
		id, err := uuid.NewV7()
		if err != nil {
			return failed(err)
		}
		delivery = id.String()
		if _, err := tx.Exec(`INSERT INTO webhook_deliveries (id, tenant, endpoint, event, state, round, tries, attempts, next_at, created_at)
			VALUES ($1, $2, $3, $4, $5, 1, 0, 0, $6, $7)`, delivery, tenant, endpoint, event, Pending, now, now); err != nil {
			return failed(err)
		}
		if err := s.queue(tx, task{tenant: tenant, endpoint: endpoint, delivery: delivery, round: 1}); err != nil {
			return failed(err)
		}
	}
	return delivery, nil
}

// Test is the type of events that are sent at their owner's wish, to try a receiver.
var Test = Type{Name: "webhook.test", Means: "somebody asked for a test of the receiver"}

// Test sends an event of type webhook.test to an endpoint, whatever types it takes.
// ErrDisabled when it is.
func (s *Service) Test(ctx context.Context, by store.Actor, endpoint string) (Delivery, error) {
	var id string
	if err := s.db.Update(ctx, "test webhook", func(tx store.Tx) (err error) {
		if _, err := enabled(tx, by.Tenant, endpoint); err != nil {
			return err
		}
		id, err = s.send(tx, by.Tenant, Test, struct{}{}, []string{endpoint})
		return err
	}); err != nil {
		return Delivery{}, err
	}
	d, _, _, err := s.Delivery(ctx, by, endpoint, id)
	return d, err
}

// enabled is an endpoint to which something can be sent.
func enabled(tx store.Tx, tenant store.TenantID, id string) (endpoint, error) {
	e, err := store.OneOf(tx, scanEndpoint, oneEndpoint, id, tenant)
	if err == nil && e.Disabled != "" {
		err = fmt.Errorf("%w: %s", ErrDisabled, id)
	}
	return e, err
}

// eventID is an event's, which rises with time, and has no full stop, with which a
// signature's parts are joined.
func eventID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name event: %w", err)
	}
	return "msg_" + strings.ReplaceAll(id.String(), "-", ""), nil
}
