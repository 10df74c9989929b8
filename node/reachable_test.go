package node_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/node"
)

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080",
		"127.0.0.1:8080": "127.0.0.1:8080", "10.0.0.7:80": "10.0.0.7:80", "box:80": "box:80",
	} {
		require.Equal(t, want, node.Reachable(listen))
	}
}
