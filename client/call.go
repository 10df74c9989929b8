package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is a request, as often as it has to be sent.
type call struct {
	method string
	// path is of segments, which are escaped.
	path   []string
	query  url.Values
	header http.Header
	body   body
	// reads says that nothing is changed, whatever the method is.
	reads bool
	// once says that doing it twice is not doing it once.
	once bool
	// located sends the position that the client has come to, if it is to wait for no
	// more.
	located bool
}

// fetch makes the call, decodes the answer and returns its header.
func (c *Client) fetch(ctx context.Context, call call, into any) (http.Header, error) {
	res, err := c.do(ctx, call, func(res *http.Response) error { //nolint:bodyclose // closed where it is read
		defer res.Body.Close()
		if into == nil {
			_, err := io.Copy(io.Discard, res.Body)
			return err
		}
		return json.NewDecoder(res.Body).Decode(into)
	})
	if err != nil {
		return nil, err
	}
	return res.Header, nil
}

// doubtful is an error after which the call, sent earlier, may have been done.
type doubtful struct{ error }

func (d doubtful) Unwrap() error { return d.error }

// do sends the call until it is answered for good, and the answer read. An error that
// follows on an attempt that may have been done is doubtful.
func (c *Client) do(ctx context.Context, call call, read func(*http.Response) error) (*http.Response, error) {
	doubt := false
	var before error
	for attempt := 1; ; attempt++ {
		res, err := c.send(ctx, call, read)
		if errors.Is(err, ErrUsed) && before != nil {
			return nil, call.uncertain(doubt, before) // which cannot be sent again
		}
		if err == nil {
			c.position.raise(res.Header)
			return res, nil
		}
		v := judge(err, attempt)
		if v.forget {
			c.position.forget()
		}
		if !v.again {
			if doubt && !v.doubt {
				return nil, doubtful{err}
			}
			return nil, call.uncertain(v.doubt, err)
		}
		doubt = doubt || v.doubt
		pause := c.pause(attempt, v.pause)
		if attempt >= c.cfg.Attempts || v.doubt && call.once || pause > c.cfg.MaxPause || !sleep(ctx, pause) {
			return nil, call.uncertain(doubt, err)
		}
		before = err
	}
}

// uncertain is the error of a call of which it is in doubt whether it was done.
func (call call) uncertain(doubt bool, err error) error {
	if !doubt || call.reads {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMayBeDone, err)
}

// send sends the call once.
func (c *Client) send(ctx context.Context, call call, read func(*http.Response) error) (*http.Response, error) {
	var path strings.Builder
	path.WriteString(c.base)
	for _, segment := range call.path {
		path.WriteByte('/')
		path.WriteString(url.PathEscape(segment))
	}
	if len(call.query) > 0 {
		path.WriteByte('?')
		path.WriteString(call.query.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, call.method, path.String(), nil)
	if err != nil {
		return nil, unsent{fmt.Errorf("client: make request: %w", err)}
	}
	maps.Copy(req.Header, call.header)
	if at := c.position.get(); call.located && c.cfg.OwnWrites && at > 0 {
		req.Header.Set(headerPosition, strconv.FormatUint(at, 10))
	}
	if c.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Key)
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if call.body != nil {
		content, err := call.body()
		if err != nil {
			return nil, unsent{err}
		}
		req.Body, req.ContentLength = content, content.length
		req.Header.Set("Content-Type", content.kind)
	}
	res, err := c.cfg.HTTP.Do(req)
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return nil, err
	}
	switch {
	case res.StatusCode == http.StatusNotModified:
		_ = res.Body.Close()
		return nil, ErrNotModified
	case res.StatusCode/100 != 2:
		defer res.Body.Close()
		return nil, errorOf(res)
	}
	return res, received(ctx, read(res))
}

// received is the error of reading an answer.
func received(ctx context.Context, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil, ctx.Err() != nil:
		return err
	case errors.As(err, &syntax), errors.As(err, &kind):
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	default:
		return fmt.Errorf("%w: read the answer: %w", ErrUnreachable, err)
	}
}

// unsent is an error before anything was sent.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

// verdict is what follows from an error.
type verdict struct {
	// again says that it helps to send the call again.
	again bool
	// doubt says that the call may have been done.
	doubt bool
	// forget says that the position is of no use.
	forget bool
	// pause is what the server asks for.
	pause time.Duration
}

// judge says what follows from the error of an attempt, by the table of codes in
// docs/api.md.
func judge(err error, attempt int) verdict {
	var before unsent
	var e *Error
	var dial *net.OpError
	switch {
	case errors.As(err, &before), errors.Is(err, ErrNotModified):
		return verdict{}
	case !errors.As(err, &e):
		if errors.As(err, &dial) && dial.Op == "dial" {
			return verdict{again: errors.Is(err, ErrUnreachable)}
		}
		return verdict{again: errors.Is(err, ErrUnreachable), doubt: true}
	}
	switch e.Code {
	case Busy, Converting, PositionNotReached, RequestTimeout:
		return verdict{again: true, pause: e.RetryAfter}
	case PositionAhead:
		return verdict{again: attempt == 1, forget: true}
	case Unavailable, Timeout, OutcomeUnknown:
		return verdict{again: true, doubt: true, pause: e.RetryAfter}
	case Internal:
		return verdict{again: attempt == 1, doubt: true, pause: e.RetryAfter}
	case "":
		switch e.Status {
		case http.StatusTooManyRequests:
			return verdict{again: true, pause: e.RetryAfter}
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return verdict{again: true, doubt: true, pause: e.RetryAfter}
		}
		return verdict{doubt: e.Status >= http.StatusInternalServerError}
	default:
		return verdict{again: e.Status == http.StatusTooManyRequests, pause: e.RetryAfter}
	}
}
