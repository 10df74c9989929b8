package node

import (
	"context"
	"errors"
	"fmt"

	"oneton/config"
	"oneton/embed/pack"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/identitytoken/client"
	"oneton/store"
)

// Key is a version of the keys that identity tokens are sealed under.
type Key struct {
	ID string `json:"id"`
	// Use is what it is for.
	Use KeyUse `json:"use"`
}

// KeyUse is what a version is for.
type KeyUse string

// The uses of keys.
const (
	// KeyNew seals new tokens, and opens its own.
	KeyNew KeyUse = "new tokens"
	// KeyOld opens its own tokens.
	KeyOld KeyUse = "older tokens"
	// KeyWaiting seals nothing before it is adopted.
	KeyWaiting KeyUse = "waiting to be adopted"
)

// Keys lists the versions, the one of new tokens first.
func (t *Truth) Keys() ([]Key, error) {
	ids, err := identitytoken.TenantKeys(t.secret, FirstTenant) // the ids are no tenant's
	if err != nil {
		return nil, err
	}
	_, known := t.secret.Versions()
	var keys []Key
	for i, v := range ids.Versions {
		k := Key{ID: v.ID.String(), Use: KeyOld}
		switch {
		case i == 0:
			k.Use = KeyNew
		case i >= known:
			k.Use = KeyWaiting
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// ExportKeys are the keys of a tenant's tokens, and the calibrations of the packs
// that the settings name. store.ErrNotFound when there is no such tenant.
func (t *Truth) ExportKeys(ctx context.Context, cfg config.Config, tenant store.TenantID) (*client.Keys, error) {
	if _, err := t.Store.Tenant(ctx, tenant); err != nil {
		return nil, fmt.Errorf("find tenant %.64q: %w", tenant, err)
	}
	keys, err := identitytoken.TenantKeys(t.secret, tenant)
	if err != nil {
		return nil, err
	}
	out := &client.Keys{Keys: keys}
	for _, name := range cfg.Packs {
		m, err := pack.Read(name)
		if err != nil {
			return nil, err
		}
		space, err := t.Store.Space(ctx, m.Name)
		if err != nil {
			return nil, err
		}
		own, err := identify.NewCalibrations(t.Store).Own(ctx, space.Of(m.Version), &m.Calibration)
		if err != nil {
			return nil, err
		}
		out.Packs = append(out.Packs, client.Pack{Name: m.Name, Version: m.Version, Calibration: own.Table})
	}
	return out, nil
}

// ErrNotCopied means that a new version is to be brought to other servers first.
var ErrNotCopied = errors.New("a new version waits in the secret's file, and several servers may use the database: " +
	"copy the file to every server and restart each, then say so with --copied")

// RotateKeys brings in a new version of the secret, under which new identity tokens
// are sealed once servers are restarted, and everything else that is made under it.
// A database that several servers may use takes two steps: the first adds the
// version to this machine's file, and the second, when copied says that the file is
// with every server, adopts it. It tells whether the version was adopted.
func RotateKeys(ctx context.Context, cfg config.Config, copied bool) (path string, adopted bool, err error) {
	if err := Begun(cfg); err != nil {
		return "", false, err
	}
	t, err := OpenTruth(ctx, cfg)
	if err != nil {
		return "", false, err
	}
	all, known := t.secret.Versions()
	if err := t.Close(); err != nil {
		return "", false, err
	}
	alone, waits := cfg.Store.Driver == "sqlite", all > known
	path = secretPath(cfg)
	switch {
	case waits && !alone && !copied:
		return path, false, ErrNotCopied
	case !waits:
		if path, _, err = AddSecret(cfg); err != nil || !alone {
			return path, false, err
		}
	}
	path, err = AdoptSecret(ctx, cfg)
	return path, err == nil, err
}
