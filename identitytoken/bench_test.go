package identitytoken_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/identify/identifytest"
	"oneton/identitytoken"
	"oneton/identitytoken/token"
	"oneton/photo"
	"oneton/store"
	"oneton/store/sqlite"
)

// BenchmarkTokens is what tokens cost beside the photos: on SQLite, and without a
// database.
func BenchmarkTokens(b *testing.B) {
	ctx := b.Context()
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(b.TempDir(), "oneton.db")})
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	require.NoError(b, audit.Migrate(ctx, db))
	require.NoError(b, identitytoken.Migrate(ctx, db))
	require.NoError(b, db.CreateTenant(ctx, store.Tenant{ID: "ours"}))
	p := &packs{version: "1", table: identifytest.Table(dimension)}
	s, err := identitytoken.New(identitytoken.Config{}, keys{1}, db, p, p)
	require.NoError(b, err)
	who := portrait(person(), 0.9)
	m := identitytoken.Making{Pack: "scripted", Faces: []photo.Face{who}, Context: "door"}
	i, err := s.Generate(ctx, ours, m)
	require.NoError(b, err)

	b.Run("generate", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Generate(ctx, ours, m)
			require.NoError(b, err)
		}
	})
	b.Run("authenticate", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Authenticate(ctx, ours, attempt(i.Token, who))
			require.NoError(b, err)
		}
	})
	k, err := identitytoken.TenantKeys(keys{1}, "ours")
	require.NoError(b, err)
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			_, err := k.Make(token.Claims{Accuracy: 4, Pack: "scripted", Version: "1"}, "door", token.Kept{Template: who.Template, Photos: 1}, token.NewSalt(), nil)
			require.NoError(b, err)
		}
	})
	b.Run("open and compare", func(b *testing.B) {
		for b.Loop() {
			o, err := k.Open(i.Token, "door")
			require.NoError(b, err)
			_, _, err = o.Compare(who.Probe, nil)
			require.NoError(b, err)
		}
	})
}
