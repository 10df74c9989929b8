package qdrant_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/index/qdrant"
)

func TestConfig(t *testing.T) {
	require.NoError(t, qdrant.Default().Validate())
	for field, change := range map[string]func(*qdrant.Config){
		"address":       func(c *qdrant.Config) { c.Address = "localhost" },
		"ca":            func(c *qdrant.Config) { c.CA = "ca.pem" },
		"prefix":        func(c *qdrant.Config) { c.Prefix = "one_ton" },
		"connections":   func(c *qdrant.Config) { c.Connections = 0 },
		"timeout":       func(c *qdrant.Config) { c.Timeout = 0 },
		"write_timeout": func(c *qdrant.Config) { c.WriteTimeout = -1 },
		"retries":       func(c *qdrant.Config) { c.Retries = -1 },
		"shards":        func(c *qdrant.Config) { c.Shards = 0 },
		"replicas":      func(c *qdrant.Config) { c.Replicas = 0 },
		"search":        func(c *qdrant.Config) { c.Search = "fast" },
		"degree":        func(c *qdrant.Config) { c.Degree = 0 },
		"construct":     func(c *qdrant.Config) { c.Construct = 0 },
		"ef":            func(c *qdrant.Config) { c.EF = 0 },
		"oversampling":  func(c *qdrant.Config) { c.Oversampling = 0.5 },
	} {
		cfg := qdrant.Default()
		change(&cfg)
		require.ErrorContains(t, cfg.Validate(), field)
		_, err := qdrant.New(t.Context(), cfg)
		require.ErrorContains(t, err, field)
	}
	for _, address := range []string{"", ":6334", "host:", "host:0", "host:70000", "host:http", "a:b:c"} {
		cfg := qdrant.Default()
		cfg.Address = address
		require.ErrorContains(t, cfg.Validate(), "address", "%q", address)
	}
	cfg := qdrant.Default()
	cfg.Address = "[::1]:6334"
	require.NoError(t, cfg.Validate())
}
