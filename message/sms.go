package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// gateway sends text messages by an HTTP call for each.
type gateway struct {
	cfg    SMS
	client *http.Client
	header http.Header
}

const (
	// maxGatewayAnswer is how much of an answer is read, so that the connection can be
	// used again; nothing of it is kept.
	maxGatewayAnswer = 64 << 10
	maxIdle          = 4
)

func newGateway(cfg SMS) (*gateway, error) {
	secured, err := trusting(cfg.CA)
	if err != nil {
		return nil, fmt.Errorf("read sms.ca: %w", err)
	}
	g := &gateway{cfg: cfg, header: http.Header{"Content-Type": {cfg.mediaType()}}}
	for _, line := range cfg.Headers {
		name, value, _ := strings.Cut(line, ":")
		g.header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if cfg.TokenFile != "" {
		token, err := secretIn(cfg.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("read sms.token_file: %w", err)
		}
		g.header.Set("Authorization", "Bearer "+token)
	}
	g.client = &http.Client{
		// A redirect would hand number and code, and what may be asked in this
		// network, to whom no setting names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: secured, ForceAttemptHTTP2: true, MaxIdleConns: maxIdle, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: maxGatewayAnswer,
		},
	}
	return g, nil
}

// send hands a text message over to the gateway.
func (g *gateway) send(ctx context.Context, number, text string) error {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.Timeout)
	defer cancel()
	where, body := g.cfg.request(number, text)
	req, err := http.NewRequestWithContext(ctx, g.cfg.Method, where, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("send text message: %w: its request cannot be written", ErrRefused)
	}
	req.Header = g.header.Clone()
	answer, err := g.client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which may hold number and code
		}
		return fmt.Errorf("send text message: %w: %w", ErrRefused, err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxGatewayAnswer)
	if answer.StatusCode != g.cfg.Status {
		return fmt.Errorf("send text message: %w: the gateway answered %d, and %d is wanted", ErrRefused, answer.StatusCode, g.cfg.Status)
	}
	return nil
}

// request is the URL and the body for a message.
func (c SMS) request(number, text string) (where, body string) {
	filled := func(template string, escape func(string) string) string {
		return strings.NewReplacer("{to}", escape(number), "{text}", escape(text)).Replace(template)
	}
	if c.Format == JSON {
		return filled(c.URL, url.QueryEscape), filled(c.Body, inJSON)
	}
	return filled(c.URL, url.QueryEscape), filled(c.Body, url.QueryEscape)
}

// inJSON is a text as it stands between the quotes of JSON.
func inJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return "" // no text is refused
	}
	return string(quoted[1 : len(quoted)-1])
}

func (c SMS) mediaType() string {
	if c.Format == JSON {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}
