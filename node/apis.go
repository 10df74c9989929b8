package node

import (
	"oneton/access"
	"oneton/config"
	"oneton/server"
	"oneton/server/facenition"
	"oneton/server/native"
	"oneton/server/twoface"
	"oneton/server/uqudo"
)

// api is one that a node speaks: what keys may allow in it, and how it is
// opened.
type api struct {
	scopes []access.Scope
	open   func(n *Node) (server.API, error)
	// off tells whether the settings leave it out; nil is never.
	off func(cfg config.Config) bool
}

// apis are all that a node speaks. Their scopes make the catalogue that keys
// are made by.
func apis() []api {
	return []api{
		{scopes: native.Scopes(), open: func(n *Node) (server.API, error) { return native.New(n.Service, n.Webhooks, n.Truth.Access), nil }},
		{scopes: uqudo.Scopes(), open: func(n *Node) (server.API, error) {
			tokens, err := n.Truth.secret.Keys("uqudo tokens")
			if err != nil {
				return server.API{}, err
			}
			return uqudo.New(uqudo.Config{TokenKeys: tokens}, n.Service, n.Truth.Access)
		}},
		{scopes: facenition.Scopes(), off: func(cfg config.Config) bool { return !cfg.Facenition.On() }, open: func(n *Node) (server.API, error) {
			return facenition.New(n.cfg.Facenition, n.embedder.Packs(), n.Service, n.Tokens, n.Credentials, n.Truth.Access), nil
		}},
		{scopes: twoface.Scopes(), off: func(cfg config.Config) bool { return !cfg.Twoface.On() }, open: func(n *Node) (server.API, error) {
			links, err := n.Truth.secret.Keys("addresses of photos")
			if err != nil {
				return server.API{}, err
			}
			return twoface.New(n.cfg.Twoface, links, n.cfg.KYC.Uses, n.KYC, n.Limiter, n.Truth.Access), nil
		}},
	}
}

// clientScopes are what client tokens allow.
func clientScopes() []access.Scope { return facenition.Scopes() }

func scopes() []access.Scope {
	var all []access.Scope
	for _, a := range apis() {
		all = append(all, a.scopes...)
	}
	return all
}

func (n *Node) openAPIs() ([]server.API, error) {
	var opened []server.API
	for _, a := range apis() {
		if a.off != nil && a.off(n.cfg) {
			continue
		}
		api, err := a.open(n)
		if err != nil {
			return nil, err
		}
		opened = append(opened, api)
	}
	return opened, nil
}
