package node

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/credential"
	"oneton/message"
)

// In production nothing is written instead of being sent: who asks for codes is told
// that they cannot be.
func TestUnsentCodes(t *testing.T) {
	for mode, want := range map[string]error{config.Development: nil, config.Production: message.ErrNone} {
		cfg, ctx := config.Default(), t.Context()
		cfg.Data, cfg.Mode = t.TempDir(), mode
		truth, err := OpenTruth(ctx, cfg)
		require.NoError(t, err)
		post, err := openPost(cfg)
		require.NoError(t, err)
		s, err := truth.OpenCredentials(cfg, post)
		require.NoError(t, err)
		err = s.Begin(ctx, credential.Caller{Source: "192.0.2.1/32"}, "ada@example.org", "+41791234567")
		require.ErrorIs(t, err, want)
		if want != nil {
			require.ErrorIs(t, err, credential.ErrDelivery)
			require.NoDirExists(t, cfg.Data+"/outbox")
		} else {
			require.DirExists(t, cfg.Data+"/outbox")
		}
		require.NoError(t, truth.Close())
	}
}
