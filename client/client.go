package client

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says which server is called, and how.
//
// A call whose answer was that nothing was done is sent again with growing pauses, or
// after what the server asks for. One that may have been done, as after a lost
// connection, is sent again only where doing it twice is doing it once: an enrolment
// is sent with an id, which the client makes where the caller gives none, so that
// nobody is enrolled twice. What is left in doubt is ErrMayBeDone.
type Config struct {
	// URL is the server's, as in http://127.0.0.1:8080.
	URL string
	// Key is an API key, as in ot_….
	Key string
	// HTTP makes the requests; nil is a client of its own without a timeout, which
	// contexts set.
	HTTP *http.Client
	// Attempts is how often a call is sent at most; 0 is 5, and 1 is never again.
	Attempts int
	// Pause is the first wait before a call is sent again; each next one is twice as
	// long. 0 is 200 ms.
	Pause time.Duration
	// MaxPause is the longest wait; a server that asks for a longer one is not asked
	// again. 0 is 30 s.
	MaxPause time.Duration
	// OwnWrites lets searches wait only for what this client was told of, which spares
	// the server a question to its database. They may then miss what others wrote
	// meanwhile. Without it a search sees everything that was answered, to whomever,
	// before it began.
	OwnWrites bool
	// UserAgent is what the server is told of who calls; empty is oneton-client.
	UserAgent string
}

// Client calls a server. It is safe for concurrent use.
type Client struct {
	cfg      Config
	base     string
	position position
}

// New returns a client of the server. A URL that is none, or a key that cannot be
// sent, is ErrConfig. It asks the server nothing.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%w: URL is %q, but must be as in http://127.0.0.1:8080", ErrConfig, cfg.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%w: URL must have no user, query and fragment; the key is sent apart", ErrConfig)
	case strings.ContainsFunc(cfg.Key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fmt.Errorf("%w: the key has blanks or what is not ASCII; it must be as in ot_…", ErrConfig)
	}
	if cfg.Attempts < 0 || cfg.Pause < 0 || cfg.MaxPause < 0 {
		return nil, fmt.Errorf("%w: attempts and pauses must not be negative", ErrConfig)
	}
	if cfg.HTTP == nil {
		transport, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			return nil, fmt.Errorf("%w: HTTP is needed where http.DefaultTransport was replaced", ErrConfig)
		}
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost = idleConnections
		cfg.HTTP = &http.Client{Transport: transport}
	}
	cfg.Attempts = cmp.Or(cfg.Attempts, defaultAttempts)
	cfg.Pause = cmp.Or(cfg.Pause, defaultPause)
	cfg.MaxPause = cmp.Or(cfg.MaxPause, defaultMaxPause)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "oneton-client")
	return &Client{cfg: cfg, base: strings.TrimRight(cfg.URL, "/")}, nil
}

const (
	defaultAttempts = 5
	defaultPause    = 200 * time.Millisecond
	defaultMaxPause = 30 * time.Second
	// idleConnections are kept for callers at once; net/http's default of 2 would have
	// most of them connect anew.
	idleConnections = 64
)

// Close closes connections that wait for a next call.
func (c *Client) Close() { c.cfg.HTTP.CloseIdleConnections() }

// Errors that are no answer of a server.
var (
	// ErrConfig means that a Config cannot be used.
	ErrConfig = errors.New("client: unusable configuration")
	// ErrUnreachable means that no answer came: no connection, or one that was lost.
	ErrUnreachable = errors.New("client: no answer")
	// ErrMayBeDone means that it is not known whether the call was done, and that it
	// was not sent again since that could do it twice. What happened is to be read.
	ErrMayBeDone = errors.New("client: it may have been done")
	// ErrNotModified means that IfNoneMatch names the version that is there.
	ErrNotModified = errors.New("client: not modified")
	// ErrAnswer means that a server answered what oneton does not.
	ErrAnswer = errors.New("client: this is no answer of a oneton server")
	// ErrUsed means that a photo of Reader was sent before.
	ErrUsed = errors.New("client: the reader was read before")
)
