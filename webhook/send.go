package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"oneton/argument"
)

// What is read of an answer: enough to use the connection again, and for a challenge.
const (
	maxAnswer  = 16 << 10
	maxHeaders = 16 << 10
)

func newGuard(cfg Config) (*guard, error) {
	g := &guard{plain: cfg.Plain, own: net.InterfaceAddrs}
	for _, text := range cfg.Allow {
		p, err := network(text)
		if err != nil {
			return nil, fmt.Errorf("read webhooks.allow: %w", err)
		}
		g.allowed = append(g.allowed, p)
	}
	return g, nil
}

// newClient calls what the guard lets it call, or a proxy.
func newClient(cfg Config, g *guard) *http.Client {
	dialer := &net.Dialer{Control: g.control}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		// A connection is one endpoint's at a time: nobody's stream stalls another's.
		Protocols:              new(http.Protocols),
		MaxIdleConns:           cfg.Places,
		MaxIdleConnsPerHost:    cfg.PerEndpoint,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true,
	}
	transport.Protocols.SetHTTP1(true)
	if u := proxy(cfg.Proxy); u != nil {
		transport.Proxy, dialer.Control = http.ProxyURL(u), nil
	}
	transport.DialContext = dialer.DialContext
	return &http.Client{
		Transport: transport,
		// A redirect leads where no owner has said.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what a receiver said.
type answer struct {
	status int
	// after is what it asks to be left alone for.
	after time.Duration
	body  []byte
}

// post sends a message with the headers. The error says why no answer came, and holds
// nothing of the URL.
func (s *Service) post(ctx context.Context, to string, h headers, id string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if _, err := s.guard.parseURL(to); err != nil { // by the settings of today
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("the URL cannot be called")
	}
	now := s.now()
	req.Header = h(id, now, body)
	req.Header["Content-Type"], req.Header["User-Agent"] = []string{"application/json"}, []string{"oneton-webhooks"}
	got, err := s.client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err
		}
		return answer{}, err
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(got.Body, maxAnswer)) // what is missing changes no status
	return answer{got.StatusCode, retryAfter(got.Header, now), text}, nil
}

// fault says why a receiver has not taken a message, and nothing of what an answer
// holds, nor of addresses within this network; empty when it has.
func fault(a answer, err error) string {
	switch timeout, ok := errors.AsType[net.Error](err); {
	case err == nil && a.status >= 200 && a.status <= 299:
		return ""
	case err == nil && a.status >= 300 && a.status <= 399:
		return "the receiver redirects, which is not followed: change the endpoint's URL"
	case err == nil:
		return "the receiver answered " + strconv.Itoa(a.status)
	case errors.Is(err, ErrAddress):
		return "the URL leads to an address or a port that webhooks are not sent to"
	case errors.Is(err, ErrInvalid):
		return "the URL is one that the settings do not allow"
	case errors.Is(err, errUnopened):
		return "the result was sealed under a secret that the server does not have"
	case errors.Is(err, ErrSealed):
		return "the endpoint's keys or credentials cannot be opened; rotate or set them"
	case errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout():
		return "the receiver did not answer in time"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host's name has no address"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the receiver's certificate is not trusted"
	}
	return "no connection, or none that gave an answer"
}

// asked is how many receivers of a tenant may be asked for a challenge at once.
const asked = 2

// challenge asks what answers at an endpoint's URL to return a challenge.
func (s *Service) challenge(ctx context.Context, e endpoint) error {
	h, err := e.headers(s.seals, s.now())
	if err != nil {
		return err
	}
	if !s.asking.take(string(e.tenant)) {
		return fmt.Errorf("verify url: %w", ErrBusy)
	}
	defer s.asking.free(string(e.tenant))
	const name = "url"
	challenge := uuid.NewString()
	text, err := json.Marshal(struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}{"url_verification", challenge})
	if err != nil {
		return fmt.Errorf("write challenge: %w", err)
	}
	id, err := eventID()
	if err != nil {
		return err
	}
	a, err := s.post(ctx, e.URL, h, id, text)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if why := fault(a, err); why != "" {
		return argument.New(ErrUnverified, name, "did not answer the challenge: %s", why)
	}
	if !returned(a.body, challenge) {
		return argument.New(ErrUnverified, name, `did not return the challenge, as {"challenge":"…"} or as plain text`)
	}
	return nil
}

// returned tells whether an answer is the challenge, by itself or as a member of a
// JSON object.
func returned(body []byte, challenge string) bool {
	var object struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(body, &object); err == nil && object.Challenge == challenge {
		return true
	}
	return strings.Trim(strings.TrimSpace(string(body)), `"`) == challenge
}
