package node

import (
	"oneton/server"
	"oneton/server/native"
	"oneton/server/uqudo"
)

// apis are all that the node speaks.
func (n *Node) apis() ([]server.API, error) {
	tokens, err := n.Truth.secret.Keys("uqudo tokens")
	if err != nil {
		return nil, err
	}
	uqudo, err := uqudo.New(uqudo.Config{TokenKeys: tokens}, n.Service, n.Truth.Access)
	if err != nil {
		return nil, err
	}
	return []server.API{native.New(n.Service, n.Truth.Access), uqudo}, nil
}
