package node

import (
	"context"
	"embed"
	"io/fs"
	"os"

	"oneton/index"
	"oneton/setup"
	"oneton/store"
)

// Positions are how far the change log and the index here have come.
func (n *Node) Positions(ctx context.Context) (log, index uint64, err error) {
	index = n.engine.Position() // before the log's, which grows
	log, err = n.Truth.Store.Position(ctx)
	return log, index, err
}

// Packs are the loaded model packs, the default first.
func (n *Node) Packs() []string { return n.embedder.Packs() }

// Enrolled is how many faces of a gallery of the actor's tenant searches look at here.
func (n *Node) Enrolled(ctx context.Context, by store.Actor, g store.Gallery) (int, error) {
	space, err := n.Truth.Store.Space(ctx, g.Pack)
	if err != nil {
		return 0, err
	}
	return n.engine.Faces(ctx, index.Scope{Tenant: by.Tenant, Gallery: g.ID, Pack: space.Name()})
}

// demo is the folder of the photos that set-up fetches to try the server with, whatever
// is in it.
func (n *Node) demo() fs.FS {
	paths, err := setup.Find(n.cfg.Setup)
	if err != nil || paths.Photos == "" {
		return embed.FS{}
	}
	return os.DirFS(paths.Photos)
}
