package node

import "net"

// announce logs what an operator should know of a server that begins to serve.
func (n *Node) announce(address net.Addr) {
	n.log.Info().Stringer("address", address).Strs("packs", n.embedder.Packs()).Msg("serving")
	if n.admin != nil {
		n.log.Info().Stringer("address", n.admin.Addr()).Msg("serving metrics and profiles to the operator")
	}
	warnOfReaders(n.cfg, n.log)
	if n.cfg.Facenition.On() {
		for kind, folder := range n.post.Unsent() {
			if folder == "" {
				n.log.Warn().Str("kind", kind).Msg("nothing is set that sends codes of this kind: who asks for client tokens of version 2 is answered 502")
				continue
			}
			n.log.Warn().Str("kind", kind).Str("outbox", folder).Msg("codes of this kind are not sent: they are written to files of the outbox, for development")
		}
	}
	if n.Truth.adopted {
		n.log.Info().Msg("the database now knows this server's secret, and servers with another are refused")
	}
	for _, pack := range n.embedder.Packs() {
		if !n.embedder.JudgesLiveness(pack) {
			n.log.Info().Str("pack", pack).Msg("no liveness model: galleries that ask for liveness are told unknown; for a built-in pack, 'oneton setup --with liveness' fetches it")
		}
	}
}
