package node

import (
	"context"

	"oneton/config"
	"oneton/signature"
)

// OpenSignatures is what tokens and results are signed by.
func (t *Truth) OpenSignatures(cfg config.Config) (*signature.Service, error) {
	return signature.New(cfg.Signing, t.secret, t.Store)
}

// tendSigningKeys makes the next key to sign with when it is time, and erases those
// that have ended.
func (n *Node) tendSigningKeys(ctx context.Context) {
	t, err := n.Signatures.Tend(ctx)
	if err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("signing keys were not looked after; it will be tried again")
	}
	if t.Made != "" {
		n.log.Info().Str("key", t.Made).Msg("made the next signing key, which is published before it signs")
	}
	if t.Removed > 0 {
		n.log.Info().Int("keys", t.Removed).Msg("erased signing keys that have ended")
	}
}
