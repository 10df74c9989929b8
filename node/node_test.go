package node

import (
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/store/sqlite"
)

// closable counts how often a store is closed.
type closable struct {
	Database
	closed int
}

func (c *closable) Close() error {
	c.closed++
	return c.Database.Close()
}

// TestPartsAreClosed gives a store to nodes that cannot open: it is closed once.
func TestPartsAreClosed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Config, *Parts)
		says   string
	}{
		"without models": {func(cfg *config.Config, _ *Parts) { cfg.Packs = []string{"none"} }, "none"},
		"without a secret": {func(cfg *config.Config, p *Parts) {
			cfg.Secret, p.Embedder = cfg.Data, versioned{version: "1"}
		}, "directory"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config.Default()
			cfg.Data = t.TempDir()
			db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(cfg.Data, "oneton.db")})
			require.NoError(t, err)
			given := &closable{Database: db}
			parts := Parts{Store: given}
			c.change(&cfg, &parts)
			_, err = OpenWith(t.Context(), cfg, zerolog.Nop(), parts)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, 1, given.closed)
		})
	}
}
