package node

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp/fasthttputil"

	"oneton/access"
	"oneton/config"
	"oneton/store"
)

// LocalKey names in audits whoever acts by a Local's key.
const LocalKey store.KeyID = "command"

// ErrTenant means that it is not told which of several tenants is meant, or that
// there is none.
var ErrTenant = errors.New("no tenant")

// Local is a node that serves its process alone, without a port: on a listener in
// memory and under a key that is nowhere else, and goes with it. It has the data
// folder for itself.
type Local struct {
	// Key is for the tenant's native API, and allows everything.
	Key string
	// Tenant is whose key it is.
	Tenant store.TenantID

	node   *Node
	held   *os.File
	listen memory
	stop   context.CancelFunc
	served chan error
}

// LocalConfig says what a Local is of.
type LocalConfig struct {
	config.Config

	// Tenant is whom it acts for; empty is the only tenant, or else FirstTenant.
	Tenant store.TenantID
	// Begin lets the data folder begin, with FirstTenant, where there is none; without
	// it that is ErrNoData.
	Begin bool
	// Parts are those of the node but Keys.
	Parts Parts
}

// OpenLocal opens the data folder and serves it. A folder that another process has
// open is an *OpenError.
func OpenLocal(ctx context.Context, cfg LocalConfig, log zerolog.Logger) (_ *Local, err error) {
	if err := Begun(cfg.Config); err != nil {
		if !cfg.Begin {
			return nil, err
		}
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
	}
	l := &Local{served: make(chan error, 1), listen: memory{fasthttputil.NewInmemoryListener()}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.held, err = take(cfg.Config); err != nil {
		return nil, err
	}
	cfg.Server.DrainDelay = 0 // nobody has to be told
	keys := &localKeys{}
	cfg.Parts.Keys = keys
	if l.node, err = OpenWith(ctx, cfg.Config, log, cfg.Parts); err != nil {
		return nil, err
	}
	l.node.alone = true
	if cfg.Begin {
		if _, err := l.node.Truth.begin(ctx); err != nil {
			return nil, err
		}
	}
	if l.Tenant, err = l.node.Truth.tenant(ctx, cfg.Tenant); err != nil {
		return nil, err
	}
	l.Key = "ot_" + string(LocalKey) + "_" + rand.Text()
	keys.text, keys.principal = l.Key, access.Principal{Tenant: l.Tenant, KeyID: LocalKey, Scopes: []string{access.All}}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go func() { l.served <- l.node.Serve(serving, l.listen) }()
	return l, nil
}

// Dial connects with the node, whatever address is asked for.
func (l *Local) Dial(context.Context, string, string) (net.Conn, error) { return l.listen.Dial() }

// Close ends what is under way, and closes the node.
func (l *Local) Close() error {
	var errs []error
	if l.stop != nil {
		l.stop()
		errs = append(errs, <-l.served)
	}
	if l.node != nil {
		errs = append(errs, l.node.Close())
	}
	if l.held != nil {
		errs = append(errs, l.held.Close())
	}
	return errors.Join(errs...)
}

// memory is a listener that may be closed again, as those of the network.
type memory struct{ *fasthttputil.InmemoryListener }

func (m memory) Close() error {
	if err := m.InmemoryListener.Close(); !errors.Is(err, fasthttputil.ErrInmemoryListenerClosed) {
		return err
	}
	return nil
}

// localKeys are one key, which is compared in constant time.
type localKeys struct {
	text      string
	principal access.Principal
}

func (k *localKeys) Authenticate(_ context.Context, text string) (access.Principal, error) {
	if subtle.ConstantTimeCompare([]byte(text), []byte(k.text)) != 1 {
		return access.Principal{}, fmt.Errorf("check key: %w", access.ErrUnauthorized)
	}
	return k.principal, nil
}

// tenant is the one that is named, or the one that is meant where none is.
func (t *Truth) tenant(ctx context.Context, named store.TenantID) (store.TenantID, error) {
	if named == "" {
		tenants, err := t.Store.Tenants(ctx, store.Page{Limit: 2})
		if err != nil {
			return "", err
		}
		switch len(tenants) {
		case 0:
			return "", fmt.Errorf("find a tenant: %w: there is none; 'oneton tenant create' makes one", ErrTenant)
		case 1:
			return tenants[0].ID, nil
		}
		named = FirstTenant
	}
	_, err := t.Store.Tenant(ctx, named)
	if errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("find tenant %.64q: %w of that name; say which with --tenant, and 'oneton tenant list' lists them", named, ErrTenant)
	}
	return named, err
}
