package clienttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Event is what a webhook told.
type Event struct {
	ID   string
	Type string
	Data map[string]any
}

// Receiver is a real receiver of webhooks: it checks each signature as Standard
// Webhooks has it, answers the test of its URL, and takes an event once, by its id.
type Receiver struct {
	mu     sync.Mutex
	secret string
	seen   map[string]bool
	events []Event
	wrong  []error
}

// SetSecret is for the endpoint's, whsec_ and base64.
func (r *Receiver) SetSecret(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = text
}

// Events are those that came, and what was wrong with others.
func (r *Receiver) Events() ([]Event, []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...), append([]error(nil), r.wrong...)
}

// ServeHTTP takes a delivery.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var message struct {
		Type      string         `json:"type"`
		Challenge string         `json:"challenge"`
		Data      map[string]any `json:"data"`
	}
	if err == nil {
		err = json.Unmarshal(body, &message)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && message.Type == "url_verification" {
		_ = json.NewEncoder(w).Encode(map[string]string{"challenge": message.Challenge})
		return
	}
	id := req.Header.Get("webhook-id")
	if err == nil {
		err = r.verify(id, req.Header.Get("webhook-timestamp"), req.Header.Get("webhook-signature"), body)
	}
	if err != nil {
		r.wrong = append(r.wrong, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	if !r.seen[id] {
		r.seen[id] = true
		r.events = append(r.events, Event{id, message.Type, message.Data})
	}
	w.WriteHeader(http.StatusNoContent)
}

// verify checks a signature (standardwebhooks.com): the base64 of HMAC-SHA256 over
// id.timestamp.body, and a time within five minutes.
func (r *Receiver) verify(id, timestamp, signatures string, body []byte) error {
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || math.Abs(time.Since(time.Unix(at, 0)).Seconds()) > 300 {
		return fmt.Errorf("id %q at %q", id, timestamp)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for signature := range strings.FieldsSeq(signatures) {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return nil
		}
	}
	return fmt.Errorf("no signature of %q is %s", signatures, want)
}
