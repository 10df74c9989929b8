package facesession_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// disk is a database with its files.
type disk struct {
	name   string // for storetest.OpenNamed
	folder string
	// erased returns when what the room has removed has left the files, by what the
	// engine or its operator does for it.
	erased func(t *testing.T, db storetest.Store)
	kill   func()
}

func (d disk) open(t *testing.T) storetest.Store {
	t.Helper()
	db, err := storetest.OpenNamed(t.Context(), d.name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func disks(t *testing.T, run func(t *testing.T, d disk)) {
	t.Run("sqlite", func(t *testing.T) {
		folder := t.TempDir()
		run(t, disk{"sqlite " + filepath.Join(folder, "oneton.db"), folder, func(t *testing.T, db storetest.Store) {
			require.NoError(t, db.(*sqlite.Store).WaitErased(t.Context()))
		}, func() {}})
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.Start(t, "wal_recycle=off", "autovacuum=off", "fsync=off")
		url := server.Database(t)
		run(t, disk{"postgres " + url, filepath.Dir(server.Dir()), func(t *testing.T, _ storetest.Store) {
			c, err := pgx.Connect(t.Context(), url)
			require.NoError(t, err)
			defer c.Close(context.Background())
			// A vacuum leaves what others see that began before the rows were removed.
			require.Eventually(t, func() bool {
				var others bool
				err := c.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
					WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL)`).Scan(&others)
				return err == nil && !others
			}, time.Minute, time.Millisecond)
			for _, q := range []string{
				`VACUUM FULL face_sessions`, `VACUUM FULL face_session_pictures`, `VACUUM FULL face_images`,
				`SELECT pg_switch_wal()`, `CHECKPOINT`, `SELECT pg_switch_wal()`, `CHECKPOINT`,
			} {
				_, err := c.Exec(t.Context(), q)
				require.NoError(t, err, q)
			}
		}, func() {
			server.Kill(t)
			server.Restart(t)
		}})
	})
}

// window is how many bytes of a value must not be found together.
const window = 16

// found are the values of which any aligned window is in any file of the folder.
func (d disk) found(t *testing.T, values map[string][]byte) (names []string) {
	t.Helper()
	windows := map[string]string{}
	for name, v := range values {
		for i := 0; i+window <= len(v); i += window {
			windows[string(v[i:i+window])] = name
		}
	}
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir(d.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // it has just gone
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // likewise
		}
		for i := 0; i+window <= len(data); i++ {
			if name, ok := windows[string(data[i:i+window])]; ok && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
		return nil
	}))
	return names
}

// sealed are the bytes that the database has of what is a person's.
func sealed(t *testing.T, db storetest.Store) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, column := range []string{"content FROM face_session_pictures", "content FROM face_images", "result FROM face_sessions", "nonce FROM face_sessions"} {
		rows, err := store.List(t.Context(), db, "look", func(row store.Row) (b []byte, err error) {
			err = row.Scan(&b)
			return b, err
		}, `SELECT `+column)
		require.NoError(t, err)
		for _, b := range rows {
			if len(b) >= 2*window {
				all[column+" "+hex.EncodeToString(b[:8])] = b
			}
		}
	}
	return all
}

func random(n int) string {
	b := make([]byte, n/2)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Nothing of a photo, a frame, a nonce or a picture is ever in a file so that it can be
// read, and what is there sealed leaves the files with the end, whichever it is.
func TestNothingIsLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	disks(t, func(t *testing.T, d disk) {
		r, ctx := start(t, d.open, options{}), t.Context()
		plain := map[string][]byte{}
		photo := func(size int) []byte {
			b := shot{Person: "ada", Take: 1, Salt: random(size)}.bytes()
			plain["photo "+random(8)] = bytes.Clone(b)
			return b
		}
		frames := func(kind facesession.StepKind) []facesession.Frame {
			all := film("ada", kind)
			for i := range all {
				all[i].JPEG = shot{Person: "ada", Take: 2, Does: kind, Salt: random(4000)}.bytes()
				plain["frame "+random(8)] = bytes.Clone(all[i].JPEG)
			}
			return all
		}
		nonce := func() string {
			n := random(64)
			plain["nonce "+n] = []byte(n)
			return n
		}
		sessions := map[string]visit{}
		for _, name := range []string{"open", "stepping", "matched", "cancelled", "failed", "purged"} {
			v := r.visit(t, facesession.New{Photo: photo(100_000), Nonce: nonce(), MaxAttempts: new(1), ReturnIncomplete: new(true)})
			sessions[name] = v
			if name == "open" {
				continue
			}
			s := v.begin(t)
			p := v.sends(t, s, frames(s.Kind))
			p = v.sends(t, *p.Step, frames(p.Step.Kind))
			switch name {
			case "matched":
				require.NotEmpty(t, v.sends(t, *p.Step, frames(p.Step.Kind)).End.Result)
			case "failed":
				require.Equal(t, facesession.TooManyAttempts, v.sends(t, *p.Step, frames("nothing")).End.Code)
			case "cancelled":
				_, err := v.Cancel(ctx, v.id, v.binding, facesession.UserCancel)
				require.NoError(t, err)
			case "purged":
				before := sealed(t, r.db)
				require.NoError(t, r.Purge(ctx, by, v.id))
				after := sealed(t, r.db)
				gone := map[string][]byte{}
				for name, b := range before {
					if after[name] == nil {
						gone[name] = b
					}
				}
				require.Len(t, gone, 4, "the photo, two frames and the nonce")
				d.erased(t, r.db)
				require.Empty(t, d.found(t, gone))
			}
		}
		there := sealed(t, r.db)
		// Two photos, two frames; the others' are gone. A picture, three results, five nonces.
		require.Len(t, there, 2+2+1+3+5)
		d.erased(t, r.db)
		require.Len(t, d.found(t, there), len(there), "the search finds what is there")
		require.Empty(t, d.found(t, plain))

		require.NoError(t, r.Sweep(ctx))
		require.Len(t, sealed(t, r.db), len(there), "nothing goes before its time")
		r.passes(t, facesession.Life+facesession.ResultLife)
		for _, v := range sessions {
			_, err := v.Bind(ctx, v.id, v.binding, "")
			require.ErrorIs(t, err, facesession.ErrGone, "also before it is swept")
		}
		work, stop := context.WithCancel(ctx)
		defer stop()
		go func() { _ = r.Run(work, func(err error) { t.Log(err) }) }()
		for _, table := range []string{"face_sessions", "face_session_pictures", "face_images", "face_once"} {
			require.Eventually(t, func() bool {
				return r.rows(t, `SELECT CAST(count(*) AS TEXT) FROM `+table)[0] == "0"
			}, time.Minute, 50*time.Millisecond, table)
		}
		d.erased(t, r.db)
		require.Empty(t, d.found(t, there), "sealed bytes are in the files")
		require.Empty(t, d.found(t, plain))
	})
}

// A session is there as long as it is told, and the picture of its result as long as
// that is valid; nothing waits for its sweep to be gone.
func TestLife(t *testing.T) {
	disks(t, func(t *testing.T, d disk) {
		const life, resultLife, margin = time.Hour, 30 * time.Minute, 15 * time.Minute
		r, ctx := start(t, d.open, options{cfg: facesession.Config{Life: life, ResultLife: resultLife}}), t.Context()
		r.checks.plan = []facesession.StepKind{facesession.Look}
		v := r.visit(t, facesession.New{})
		end := v.does(t, "ada").End
		image := faceOf(r.claims(t, end.Result))["auditTrailImageId"].(string)
		there := func(session, picture error) {
			t.Helper()
			_, err := r.Embedding(ctx, v.id)
			require.ErrorIs(t, err, session)
			tab, err := r.Bind(ctx, v.id, v.binding, "")
			require.ErrorIs(t, err, session)
			if session == nil {
				require.Equal(t, end, tab.End)
			}
			_, err = r.AuditImage(ctx, by, image)
			require.ErrorIs(t, err, picture)
		}
		r.passes(t, resultLife-margin)
		there(nil, nil)
		r.passes(t, margin)
		there(nil, facesession.ErrNotFound)
		r.passes(t, life-resultLife-margin)
		there(nil, facesession.ErrNotFound)
		r.passes(t, margin)
		there(facesession.ErrGone, facesession.ErrNotFound)
		require.NotEmpty(t, sealed(t, r.db), "it is there yet, unswept")
		require.NoError(t, r.Sweep(ctx))
		require.Equal(t, []string{"0"}, r.rows(t, `SELECT CAST(count(*) AS TEXT) FROM face_sessions`))
	})
}
