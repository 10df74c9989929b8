package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Format is how messages to an endpoint are written. An endpoint keeps the one that it
// was made with.
type Format string

const (
	// Standard is that of Standard Webhooks: every type of event, signed.
	Standard Format = "standard"
	// Uqudo is that of uqudo's webhooks: results alone, a compact JWS in
	// {"jwsResult":"…"}, with the endpoint's credentials. The signature is the JWS's own.
	Uqudo Format = "uqudo"
)

// result is the data of events of a Type with Result, and the whole message of the
// format Uqudo.
type result struct {
	JWS string `json:"jwsResult"`
}

// resultOf is the result in an event's body.
func resultOf(text []byte) (r result, err error) {
	var event struct {
		Data json.RawMessage `json:"data"`
	}
	if err = json.Unmarshal(text, &event); err == nil {
		err = json.Unmarshal(event.Data, &r)
	}
	return r, err
}

// hasResult tells whether events of a type have one.
func (s *Service) hasResult(kind string) bool {
	return slices.ContainsFunc(s.types, func(t Type) bool { return t.Name == kind && t.Result })
}

// message is what the endpoint is sent; empty when it was erased, and errUnopened when
// the secret that it was sealed under is not here.
func (s *Service) message(d due) ([]byte, error) {
	text := d.body
	if d.result && len(text) > 0 {
		var err error
		if text, err = s.seals.open(d.event, text); err != nil {
			return nil, fmt.Errorf("%w: %w", errUnopened, err)
		}
	}
	return d.Format.message(text)
}

// message is an event's body as an endpoint of the format is sent it; empty when it
// was erased.
func (f Format) message(text []byte) ([]byte, error) {
	if f != Uqudo || len(text) == 0 {
		return text, nil
	}
	r, err := resultOf(text)
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	return json.Marshal(r)
}

// headers are what shows a receiver that a message is the endpoint's: signatures, or
// credentials.
type headers func(id string, at time.Time, body []byte) http.Header

// headers are the endpoint's at a time, or ErrSealed.
func (e endpoint) headers(s seals, now time.Time) (headers, error) {
	if e.Format == Uqudo {
		c, err := e.credentials(s)
		return c.headers, err
	}
	keys, err := e.keys(s, now)
	return signed(keys), err
}

// signed are the headers of Standard Webhooks, as it writes them.
func signed(keys []key) headers {
	return func(id string, at time.Time, body []byte) http.Header {
		return http.Header{"webhook-id": {id}, "webhook-timestamp": {strconv.FormatInt(at.Unix(), 10)}, "webhook-signature": {sign(keys, id, at, body)}}
	}
}
