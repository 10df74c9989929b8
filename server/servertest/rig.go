// Package servertest runs a node for tests: the real store in a temporary folder,
// the real index, service, keys and server, on a loopback listener. Only the models are scripted: a photo says what it shows. Every
// request and answer of the native API is held against the API's description.
package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/config"
	"oneton/facesession"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/kyc"
	"oneton/node"
	"oneton/server"
	"oneton/server/native"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/webhook"
)

// Rig is a running server.
type Rig struct {
	URL     string
	Server  *server.Server
	Service *identify.Service
	Access  *access.Access
	Tokens  *identitytoken.Service
	// Webhooks may call this machine, by http.
	Webhooks *webhook.Service
	Store    node.Database
	// Node is what runs.
	Node *node.Node
	Log  *Log
	// Secret is what the server's keys are made under.
	Secret []byte
	// Unready, when set, is what readiness answers.
	Unready error

	client   *http.Client
	contract *contract
	embedder embedder
}

// Working is how many photos are at the models.
func (r *Rig) Working() int { return int(r.embedder.working.Load()) }

// Options change how a rig is made.
type Options struct {
	Config func(*server.Config)
	// Settings changes whatever else may be set.
	Settings func(*config.Config)
	// Store is closed with the rig; without one it is SQLite.
	Store node.Database
	// Database has the node open the database that the settings name itself, and Models
	// has the real models look at photos.
	Database, Models bool
	// APIs are served beside the native one, and Scopes are of those that a node
	// does not speak itself.
	APIs   func(r *Rig) []server.API
	Scopes []access.Scope
	// Documents and Clips stand for the models that read documents and judge clips.
	Documents kyc.Documents
	Clips     kyc.Clips
	// Checks stand for what tells what frames of a camera show.
	Checks facesession.Checks
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Rig {
	t.Helper()
	r := &Rig{Log: &Log{}, client: &http.Client{Transport: &http.Transport{}}}
	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(folder, 0o700))
	r.Store = o.Store
	if r.Store == nil && !o.Database {
		db, err := sqlite.Open(context.Background(), sqlite.Config{Path: filepath.Join(folder, "oneton.db")})
		require.NoError(t, err)
		r.Store = db
	}
	cfg := config.Default()
	cfg.Data, cfg.Index.Save = folder, 0
	cfg.Webhooks.Plain, cfg.Webhooks.Allow = true, []string{"127.0.0.1"}
	cfg.Identify.DefaultPolicy.Quality = store.GateEnforce
	if o.Config != nil {
		o.Config(&cfg.Server)
	}
	if o.Settings != nil {
		o.Settings(&cfg)
	}
	var apis []server.API
	parts := node.Parts{
		Store: r.Store, Scopes: o.Scopes, Documents: o.Documents, Clips: o.Clips, Checks: o.Checks,
		Ready: func(context.Context) error { return r.Unready },
		APIs: func(n *node.Node) ([]server.API, error) {
			r.Store = n.Truth.Store
			r.Node, r.Service, r.Access, r.Tokens, r.Webhooks = n, n.Service, n.Truth.Access, n.Tokens, n.Webhooks
			if o.APIs != nil {
				apis = o.APIs(r)
			}
			return append([]server.API{native.New(native.Rooms{
				Service:  r.Service,
				Webhooks: r.Webhooks,
				Keys:     r.Access,
				Issuer:   r.Access,
				Sessions: n.Sessions,
				Imports:  n.Imports,
				Jobs:     n.Jobs,
				Attempts: n.KYC,
				Standing: n,

				Evaluations: n.Evaluations,
			})}, apis...), nil
		},
	}
	if !o.Models {
		parts.Embedder = &r.embedder
	}
	n, err := node.OpenWith(context.Background(), cfg, zerolog.New(r.Log), parts)
	require.NoError(t, err)
	r.Server = n.Server
	r.Secret, err = os.ReadFile(filepath.Join(folder, "secret.key"))
	require.NoError(t, err)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.URL = "http://" + ln.Addr().String()
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		stop()
		require.NoError(t, <-served)
		require.NoError(t, n.Close())
	})
	r.contract = load(t, r, apis)
	return r
}

// Key makes a key of the tenant, and the tenant when it is new.
func (r *Rig) Key(t testing.TB, tenant store.TenantID, scopes ...string) string {
	t.Helper()
	if _, err := r.Store.Tenant(context.Background(), tenant); err != nil {
		_, err := r.Access.CreateTenant(context.Background(), tenant, string(tenant))
		require.NoError(t, err)
	}
	text, _, err := r.Access.Create(context.Background(), tenant, "test", scopes)
	require.NoError(t, err)
	return text
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes a JSON answer of that status.
func (a Answer) Into(t testing.TB, status int, v any) {
	t.Helper()
	require.Equal(t, status, a.Status, "%s", a.Body)
	require.NoError(t, json.Unmarshal(a.Body, v))
}

// Refusal is a problem that came back.
type Refusal server.Problem

// Refused holds that the answer is a problem of that status and code.
func (a Answer) Refused(t testing.TB, status int, code string) Refusal {
	t.Helper()
	require.Equal(t, status, a.Status, "%s", a.Body)
	require.Equal(t, server.MediaTypeProblem, a.Header.Get("Content-Type"))
	var p Refusal
	require.NoError(t, json.Unmarshal(a.Body, &p))
	require.Equal(t, code, p.Code, "%s", a.Body)
	require.Equal(t, status, p.Status)
	require.Equal(t, a.Header.Get(server.HeaderRequestID), p.RequestID)
	return p
}

// JSON sends a value as JSON; nil sends no body.
func (r *Rig) JSON(t testing.TB, key, method, path string, v any) Answer {
	t.Helper()
	if v == nil {
		return r.Do(t, key, method, path, "", nil)
	}
	body, err := json.Marshal(v)
	require.NoError(t, err)
	return r.Do(t, key, method, path, "application/json", body)
}

// Do sends a request with the key, if any, and the headers, given as
// "Name: value", and holds both sides against the API's description.
func (r *Rig) Do(t testing.TB, key, method, path, contentType string, body []byte, headers ...string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, r.URL+path, bytes.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return r.Send(t, req, body)
}

// Send sends a request as it is; body is what it carries, for the contract.
func (r *Rig) Send(t testing.TB, req *http.Request, body []byte) Answer {
	t.Helper()
	res, err := r.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := Answer{Status: res.StatusCode, Header: res.Header, Body: content}
	require.NoError(t, r.contract.check(req, body, a))
	return a
}

// Log keeps what the server logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
