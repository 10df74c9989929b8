package identify

import (
	"context"
	"embed"

	"oneton/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the room's tables in the database, which must be done before they are
// used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "identify", migrations)
}
