package node

import (
	"oneton/access"
	"oneton/server"
	"oneton/server/native"
	"oneton/server/uqudo"
)

// api is one that a node speaks: what keys may allow in it, and how it is
// opened.
type api struct {
	scopes []access.Scope
	open   func(n *Node) (server.API, error)
}

// apis are all that a node speaks. Their scopes make the catalogue that keys
// are made by.
func apis() []api {
	return []api{
		{native.Scopes(), func(n *Node) (server.API, error) { return native.New(n.Service, n.Truth.Access), nil }},
		{uqudo.Scopes(), func(n *Node) (server.API, error) {
			tokens, err := n.Truth.secret.Keys("uqudo tokens")
			if err != nil {
				return server.API{}, err
			}
			return uqudo.New(uqudo.Config{TokenKeys: tokens}, n.Service, n.Truth.Access)
		}},
	}
}

// clientScopes are what client tokens allow.
func clientScopes() []access.Scope { return nil }

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
		api, err := a.open(n)
		if err != nil {
			return nil, err
		}
		opened = append(opened, api)
	}
	return opened, nil
}
