package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/archive"
	"oneton/backup"
	"oneton/config"
	"oneton/node"
	"oneton/secret"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// databases are settings of a fresh database of each engine.
func databases(t *testing.T) map[string]func() config.Config {
	t.Helper()
	server := postgrestest.Start(t, "fsync=off")
	return map[string]func() config.Config{
		sqlite.Engine: func() config.Config {
			return config.Config{Data: t.TempDir(), Store: config.Store{Driver: sqlite.Engine}}
		},
		postgres.Engine: func() config.Config {
			return config.Config{Data: t.TempDir(), Store: config.Store{Driver: postgres.Engine, URL: server.Database(t)}}
		},
	}
}

// begin makes the tables of this program's version and the secret.
func begin(t *testing.T, cfg config.Config) {
	t.Helper()
	truth, err := node.OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, truth.Close())
}

// snapshot reads the database.
func snapshot(t *testing.T, cfg config.Config, do func(store.Snapshot) error) {
	t.Helper()
	if cfg.Store.Driver == postgres.Engine {
		require.NoError(t, postgres.Snapshot(t.Context(), postgres.Config{URL: cfg.Store.URL}, do))
		return
	}
	require.NoError(t, sqlite.Snapshot(t.Context(), filepath.Join(cfg.Data, "oneton.db"), do))
}

// digests are what is in each table, but the secret's.
func digests(t *testing.T, cfg config.Config) map[string]string {
	t.Helper()
	of := map[string]string{}
	snapshot(t, cfg, func(s store.Snapshot) error {
		for _, table := range s.Schema().Tables {
			var d store.Digest
			for _, err := range d.Over(table, s.Rows(t.Context(), table)) {
				require.NoError(t, err)
			}
			of[table.Name] = fmt.Sprint(d.Rows, " ", d.String())
		}
		return nil
	})
	return of
}

// everyTable is a snapshot with rows in every table that there is: texts are the same
// in all columns of a row, so that it refers to the rows of other tables that have it.
type everyTable struct {
	schema store.Schema
	rows   int
}

func (e everyTable) Schema() store.Schema { return e.schema }

func (e everyTable) Rows(_ context.Context, t store.Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		rows := e.rows
		if t.Name == "secret" {
			rows = 1
		}
		for n := range rows {
			row := make([]any, len(t.Columns))
			for i, c := range t.Columns {
				row[i] = e.cell(t.Name+"."+c.Name, c.Kind, int64(n+1))
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (e everyTable) cell(column string, k store.Kind, n int64) any {
	switch column {
	case "secret.one":
		return int64(1)
	case "changes.kind":
		return n%4 + 1
	case "keys.ends_at", "keys.revoked_at", "webhook_endpoints.former", "jobs.output", "faces.checksum", "face_sessions.nonce":
		if n%2 == 0 {
			return nil
		}
	case "jobs.lease_until":
		return nil
	case "subjects.ends_at": // which is not to come while it is tried
		return 4_000_000_000_123_456 + n
	}
	switch k {
	case store.Text:
		return fmt.Sprintf("ü\u2028\"\\ <%d>", n)
	case store.JSON:
		return fmt.Sprintf(`{"b": 1e-7, "a": [%d, 0.1, 3.4028235e38, "\u00fc<>\\"], "c": null}`, n)
	case store.Bytes:
		return bytes.Repeat([]byte{byte(n), 0, 255, '\n', '"'}, int(n)) //nolint:gosec // small
	case store.Boolean:
		return n%2 == 0
	case store.Time:
		return 1_700_000_000_123_456 + n
	case store.Integer:
		return n
	}
	return nil
}

// populated is a database with rows in every table.
func populated(t *testing.T, fresh func() config.Config, rows int) config.Config {
	t.Helper()
	like, cfg := fresh(), fresh()
	begin(t, like)
	var file bytes.Buffer
	snapshot(t, like, func(s store.Snapshot) error {
		_, err := backup.Write(t.Context(), &file, everyTable{s.Schema(), rows}, backup.Options{})
		return err
	})
	_, err := node.Restore(t.Context(), cfg, reader(t, file.Bytes()), nil)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Data, "secret.key"), make([]byte, secret.Size), 0o600))
	return cfg
}

func reader(t *testing.T, file []byte) *backup.Reader {
	t.Helper()
	r, err := backup.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	return r
}

// TestBackupBesideADeletedGallery restores a backup that was made while a gallery waited
// to be removed of which rooms have rows: nothing of it is in the backup.
func TestBackupBesideADeletedGallery(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			cfg, ctx := fresh(), t.Context()
			truth, err := node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			_, err = truth.Access.CreateTenant(ctx, "acme", "")
			require.NoError(t, err)
			for _, id := range []store.GalleryID{"gone", "there"} {
				require.NoError(t, truth.Store.CreateGallery(ctx, store.Gallery{ID: id, Name: string(id), Tenant: "acme", Pack: storetest.Pack}))
				_, err := truth.Store.Enrol(ctx, store.Subject{Gallery: id, ID: "a"}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
				require.NoError(t, err)
			}
			require.NoError(t, truth.Store.Update(ctx, "fill", func(tx store.Tx) error {
				for _, insert := range []string{
					`INSERT INTO subject_imports (gallery, subject, import) VALUES ($1, 'a', 'i')`,
					`INSERT INTO evaluations (gallery, job) VALUES ($1, 'j')`,
					`INSERT INTO evaluation_findings (gallery, kind, place, subject, face, figures) VALUES ($1, 'unlike', 0, 'a', 'f', '{}')`,
					`INSERT INTO reviews (id, gallery, at, actor, request, figures, decision, decided_by, ends_at) SELECT id, id, created_at, '', '', '{}', '', '', created_at FROM galleries WHERE id = $1`,
					`INSERT INTO review_candidates (review, place, gallery, subject, face, figures, chosen) VALUES ($1, 0, $1, 'a', 'f', '{}', false)`,
					`INSERT INTO review_photos (review, gallery, media_type, bytes) VALUES ($1, $1, 'image/jpeg', 'x')`,
				} {
					for _, id := range []string{"gone", "there"} {
						if _, err := tx.Exec(insert, id); err != nil {
							return err
						}
					}
				}
				_, err := tx.Exec(`UPDATE galleries SET tenant = NULL WHERE id = 'gone'`)
				return err
			}))
			require.NoError(t, truth.Close())
			var file bytes.Buffer
			snapshot(t, cfg, func(s store.Snapshot) error {
				_, err := backup.Write(ctx, &file, s, backup.Options{})
				return err
			})
			require.NotContains(t, file.String(), "gone")
			back := fresh()
			_, err = node.Restore(ctx, back, reader(t, file.Bytes()), nil)
			require.NoError(t, err)
			for table, column := range map[string]string{
				"subject_imports": "gallery", "evaluations": "gallery", "evaluation_findings": "gallery",
				"reviews": "gallery", "review_candidates": "gallery", "review_photos": "review",
			} {
				require.Equal(t, []any{"there"}, cells(t, back, table, column), table)
			}
		})
	}
}

// TestBackupOfEveryTable brings rows of every table that any room has into a backup
// and from there into a database of each engine, and straight from one to the other:
// every cell arrives.
func TestBackupOfEveryTable(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	const rows = 37
	fresh := databases(t)
	for _, from := range slices.Sorted(maps.Keys(fresh)) {
		source := populated(t, fresh[from], rows)
		want := digests(t, source)
		require.Greater(t, len(want), 30)
		for table, digest := range want {
			require.False(t, strings.HasPrefix(digest, "0 "), "no row was put into %s", table)
		}
		var file bytes.Buffer
		totals, err := node.Backup(t.Context(), source, &file, "test", false, nil)
		require.NoError(t, err)
		require.EqualValues(t, rows, totals.Position)
		checked, err := reader(t, file.Bytes()).Check(nil)
		require.NoError(t, err)
		require.Equal(t, totals, checked)
		for _, to := range slices.Sorted(maps.Keys(fresh)) {
			t.Run(from+" to "+to, func(t *testing.T) {
				target := fresh[to]()
				last := map[backup.Step]int64{}
				r, err := node.Restore(t.Context(), target, reader(t, file.Bytes()), func(step backup.Step, table string, rows int64) {
					require.Contains(t, totals.Tables, table)
					require.Equal(t, last[step]+1, rows, "each row is told of")
					last[step] = rows
				})
				require.NoError(t, err)
				require.Equal(t, totals, r.Totals)
				require.Equal(t, map[backup.Step]int64{backup.Written: totals.Rows(), backup.Compared: totals.Rows()}, last)
				require.False(t, r.Placed)
				require.Equal(t, want, digests(t, target))

				_, err = node.Restore(t.Context(), target, reader(t, file.Bytes()), nil)
				require.Error(t, err, "nothing is overwritten")
				require.Equal(t, want, digests(t, target))

				target = fresh[to]()
				copied, err := node.Copy(t.Context(), source, target, nil)
				require.NoError(t, err)
				require.Equal(t, totals, copied)
				require.Equal(t, want, digests(t, target))
				_, err = node.Copy(t.Context(), source, target, nil)
				require.Error(t, err)
				require.Equal(t, want, digests(t, target))
			})
		}
	}
}

// A backup that is not as it was written is refused, wherever it is not, and leaves
// nothing; the place can be used at once.
func TestDamagedBackupRestoresNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			source := populated(t, fresh, 5)
			var file bytes.Buffer
			_, err := node.Backup(t.Context(), source, &file, "test", false, nil)
			require.NoError(t, err)
			target := fresh()
			tries := map[string]int{sqlite.Engine: 12, postgres.Engine: 4}[engine]
			for i := range tries {
				bad := bytes.Clone(file.Bytes())
				at := len(bad) * (2*i + 1) / (2 * tries)
				if i%2 == 0 {
					bad = bad[:at]
				} else {
					for bad[at] == 0 { // padding, which nobody reads
						at--
					}
					bad[at] ^= 4
				}
				r, err := backup.NewReader(bytes.NewReader(bad))
				if err == nil {
					_, err = node.Restore(t.Context(), target, r, nil)
				}
				require.Error(t, err, "byte %d of %d", at, len(bad))
				require.True(t, errors.Is(err, archive.ErrCut) || errors.Is(err, archive.ErrDamaged), "byte %d: %v", at, err)
				require.NoFileExists(t, filepath.Join(target.Data, "oneton.db"))
			}
			_, err = node.Restore(t.Context(), target, reader(t, file.Bytes()), nil)
			require.NoError(t, err)
			entries, err := os.ReadDir(target.Data)
			require.NoError(t, err)
			for _, e := range entries {
				require.Equal(t, "oneton.db", e.Name(), "nothing else is left")
			}
		})
	}
}

// The secret that a database is restored with is its own.
func TestSecretOfARestoredDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			source := fresh()
			begin(t, source)
			kept, err := os.ReadFile(filepath.Join(source.Data, "secret.key"))
			require.NoError(t, err)
			write := func(with bool) []byte {
				var file bytes.Buffer
				_, err := node.Backup(t.Context(), source, &file, "test", with, nil)
				require.NoError(t, err)
				return file.Bytes()
			}
			with, without := write(true), write(false)
			require.Contains(t, string(with), string(kept))
			require.NotContains(t, string(without), string(kept))

			target := fresh()
			r, err := node.Restore(t.Context(), target, reader(t, with), nil)
			require.NoError(t, err)
			require.True(t, r.Placed)
			begin(t, target)

			target = fresh()
			path := filepath.Join(target.Data, "secret.key")
			other := bytes.Repeat([]byte{7}, secret.Size)
			require.NoError(t, os.WriteFile(path, other, 0o600))
			_, err = node.Restore(t.Context(), target, reader(t, with), nil)
			require.ErrorIs(t, err, node.ErrNotEmpty)
			_, err = node.Restore(t.Context(), target, reader(t, without), nil)
			require.ErrorIs(t, err, secret.ErrOther)
			require.NoFileExists(t, filepath.Join(target.Data, "oneton.db"))
			left, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, other, left)
			require.NoError(t, os.WriteFile(path, kept, 0o600))
			r, err = node.Restore(t.Context(), target, reader(t, without), nil)
			require.NoError(t, err)
			require.True(t, r.Placed)
			begin(t, target)

			// A secret that is not the database's goes into no backup.
			require.NoError(t, os.WriteFile(filepath.Join(source.Data, "secret.key"), other, 0o600))
			_, err = node.Backup(t.Context(), source, io.Discard, "test", true, nil)
			require.ErrorIs(t, err, secret.ErrOther)
		})
	}
}

// A backup of a newer program is refused by the part that this one does not know.
func TestBackupOfANewerProgram(t *testing.T) {
	source := config.Config{Data: t.TempDir(), Store: config.Store{Driver: sqlite.Engine}}
	begin(t, source)
	for part, says := range map[string]string{store.OwnPart: store.OwnPart, "kyc": "kyc", "unheardof": "unheardof"} {
		snapshot(t, source, func(s store.Snapshot) error {
			newer := everyTable{schema: s.Schema()}
			newer.schema.Versions = maps.Clone(newer.schema.Versions)
			newer.schema.Versions[part] = 1000
			var file bytes.Buffer
			_, err := backup.Write(t.Context(), &file, newer, backup.Options{})
			require.NoError(t, err)
			target := config.Config{Data: filepath.Join(t.TempDir(), "d"), Store: config.Store{Driver: sqlite.Engine}}
			_, err = node.Restore(t.Context(), target, reader(t, file.Bytes()), nil)
			require.ErrorIs(t, err, store.ErrNewerSchema)
			require.ErrorContains(t, err, says)
			require.NoDirExists(t, target.Data)
			return nil
		})
	}
}
