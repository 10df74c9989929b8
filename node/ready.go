package node

import (
	"cmp"
	"context"
	"slices"

	"oneton/server"
)

// ready tells whether requests should come here.
func (n *Node) ready(ctx context.Context) error {
	position, err := n.Truth.Store.Position(ctx)
	if err != nil {
		return err
	}
	if err := n.settled(ctx); err != nil {
		return err
	}
	if err := n.engine.ready(ctx, position); err != nil {
		return err
	}
	aside, _ := n.engine.aside()
	unconverted := n.conversions.setAsideIDs()
	damaged, err := n.damages.kinds(ctx, n.Truth.Store, n.log)
	if err != nil {
		return err
	}
	if len(aside) == 0 && len(unconverted) == 0 && len(damaged) == 0 {
		return nil
	}
	const named = 10
	faces := make([]string, 0, len(aside)+len(unconverted))
	for _, c := range aside {
		faces = append(faces, string(c.Face))
	}
	for _, id := range unconverted {
		if !slices.Contains(faces, id) {
			faces = append(faces, id)
		}
	}
	d := &server.Degraded{SetAside: len(faces), Damaged: damaged}
	for _, id := range faces[:min(named, len(faces))] {
		d.Faces = append(d.Faces, cmp.Or(id, "unknown"))
	}
	return d
}
