package node

import (
	"slices"

	"oneton/access"
	"oneton/build"
	"oneton/config"
	"oneton/docs"
	"oneton/server"
	"oneton/server/capture"
	"oneton/server/console"
	"oneton/server/facenition"
	"oneton/server/guides"
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
		{scopes: native.Scopes(), open: func(n *Node) (server.API, error) {
			return native.New(native.Rooms{
				Service:  n.Service,
				Webhooks: n.Webhooks,
				Keys:     n.keys,
				Issuer:   n.Truth.Access,
				Sessions: n.Sessions,
				Imports:  n.Imports,
				Jobs:     n.Jobs,
				Attempts: n.KYC,
				Standing: n,

				Evaluations: n.Evaluations,
			}), nil
		}},
		{scopes: uqudo.Scopes(), open: func(n *Node) (server.API, error) {
			return uqudo.New(n.cfg.Uqudo, n.Service, n.FaceSessions, n.Signatures, n.Limiter, n.Truth.Access), nil
		}},
		{open: func(n *Node) (server.API, error) { return capture.New(n.FaceSessions) }},
		{open: func(*Node) (server.API, error) { return guides.New(docs.Files()), nil }},
		{off: func(cfg config.Config) bool { return !cfg.Console.On }, open: func(n *Node) (server.API, error) {
			return console.New(n.Sessions, build.Read().Version, n.demo)
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
		for _, s := range a.scopes {
			// Two APIs may have calls for the same thing.
			if !slices.ContainsFunc(all, func(o access.Scope) bool { return o.Name == s.Name && o.Allows == s.Allows }) {
				all = append(all, s)
			}
		}
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
