package node

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/config"
	"oneton/face"
	"oneton/identitytoken"
	"oneton/identitytoken/client"
	"oneton/photo"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
)

// packs are one that a node has loaded, with its own calibration.
type packs struct{ *client.Keys }

func (packs) Version(string) (string, error) { return "3", nil }

func (packs) Converter(string, string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	return nil
}

// Tokens are made and taken by servers while a version of the secret is brought in,
// on one server at once and on several in two steps; keys that were written open and
// compare with those that were made before.
func TestRotateKeys(t *testing.T) {
	pg := postgrestest.Start(t)
	ctx := t.Context()
	noise := make([]float32, 128)
	for i := range noise {
		noise[i] = float32(rand.NormFloat64())
	}
	template, err := face.NewTemplate(noise)
	require.NoError(t, err)
	who := photo.Face{Template: template, Probe: template, Quality: face.Quality{InterEye: 60, Score: 0.9}}

	for name, cfg := range map[string]config.Config{
		"sqlite":   func() config.Config { cfg := config.Default(); cfg.Data = t.TempDir(); return cfg }(),
		"postgres": replicaConfig(t, pg.Database(t)),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := RotateKeys(ctx, cfg, false)
			require.ErrorIs(t, err, ErrNoData)
			with := func(cfg config.Config, do func(*Truth, *identitytoken.Service)) {
				truth, err := OpenTruth(ctx, cfg)
				require.NoError(t, err)
				exported, err := truth.ExportKeys(ctx, cfg, "acme")
				if err != nil {
					require.ErrorIs(t, err, store.ErrNotFound)
					_, err = truth.Access.CreateTenant(ctx, "acme", "")
					require.NoError(t, err)
					exported, err = truth.ExportKeys(ctx, cfg, "acme")
				}
				require.NoError(t, err)
				require.Len(t, exported.Packs, 1)
				require.Equal(t, "5", exported.Packs[0].Version)
				p := packs{exported}
				s, err := identitytoken.New(identitytoken.Config{}, truth.secret, truth.Store, p, tables{exported})
				require.NoError(t, err)
				do(truth, s)
				require.NoError(t, truth.Close())
			}
			by := store.Actor{Tenant: "acme"}
			generate := func(s *identitytoken.Service) string {
				i, err := s.Generate(ctx, by, identitytoken.Making{Pack: "default", Faces: []photo.Face{who}})
				require.NoError(t, err)
				return i.Token
			}
			taken := func(s *identitytoken.Service, token string) error {
				r, err := s.Authenticate(ctx, by, identitytoken.Attempt{Token: token, Pack: "default", Face: who})
				require.Equal(t, err == nil, r.Match)
				return err
			}
			uses := func(truth *Truth) (ids []string, uses []KeyUse) {
				keys, err := truth.Keys()
				require.NoError(t, err)
				for _, k := range keys {
					ids, uses = append(ids, k.ID), append(uses, k.Use)
				}
				return ids, uses
			}

			var old, next string
			var exported *client.Keys
			var first []string
			with(cfg, func(truth *Truth, s *identitytoken.Service) {
				old = generate(s)
				exported, err = truth.ExportKeys(ctx, cfg, "acme")
				require.NoError(t, err)
				first, _ = uses(truth)
			})
			before, err := os.ReadFile(secretPath(cfg))
			require.NoError(t, err)
			_, adopted, err := RotateKeys(ctx, cfg, false)
			require.NoError(t, err)
			require.Equal(t, name == "sqlite", adopted)
			if !adopted {
				with(cfg, func(truth *Truth, s *identitytoken.Service) {
					ids, of := uses(truth)
					require.Equal(t, []KeyUse{KeyNew, KeyWaiting}, of)
					require.Equal(t, first[0], ids[0])
					require.NoError(t, exportedOpens(exported, generate(s)), "it is sealed as before")
				})
				_, _, err = RotateKeys(ctx, cfg, false)
				require.ErrorIs(t, err, ErrNotCopied)
				_, adopted, err = RotateKeys(ctx, cfg, true)
				require.NoError(t, err)
				require.True(t, adopted)
			}
			with(cfg, func(truth *Truth, s *identitytoken.Service) {
				ids, of := uses(truth)
				require.Equal(t, []KeyUse{KeyNew, KeyOld}, of)
				require.Equal(t, first[0], ids[1])
				require.NoError(t, taken(s, old))
				next = generate(s)
				require.NoError(t, taken(s, next))
			})
			require.NoError(t, exportedOpens(exported, old))
			require.ErrorIs(t, exportedOpens(exported, next), identitytoken.ErrKey)

			// The older version is taken away.
			after, err := os.ReadFile(secretPath(cfg))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(secretPath(cfg), after[len(before):], 0o600))
			_, err = AdoptSecret(ctx, cfg)
			require.NoError(t, err)
			with(cfg, func(_ *Truth, s *identitytoken.Service) {
				require.ErrorIs(t, taken(s, old), identitytoken.ErrKey)
				require.NoError(t, taken(s, next))
			})
		})
	}
}

func exportedOpens(k *client.Keys, token string) error {
	_, err := k.Open(token, "", time.Now())
	return err
}

type tables struct{ *client.Keys }

func (t tables) Calibration(context.Context, string) (*calibration.Table, error) {
	return &t.Packs[0].Calibration, nil
}
