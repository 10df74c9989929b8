package qdrant

import (
	"context"

	"google.golang.org/grpc"
)

// NewWith returns an index whose calls have the options too.
func NewWith(ctx context.Context, cfg Config, options ...grpc.DialOption) (*Index, error) {
	return newIndex(ctx, cfg, options...)
}

// DropCollection deletes the collection of a pack, or with none that of the
// position.
func (x *Index) DropCollection(ctx context.Context, pack string) error {
	if pack == "" {
		return x.client.DeleteCollection(ctx, x.cfg.Prefix)
	}
	return x.client.DeleteCollection(ctx, x.collectionName(pack))
}
