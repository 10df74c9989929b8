package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

// steps are migrations of a room that keeps notes: each leaves one, so that one
// that was made twice shows.
func steps(n int) fstest.MapFS {
	all := []string{
		`CREATE TABLE notes (note TEXT NOT NULL); INSERT INTO notes (note) VALUES ('first');`,
		`INSERT INTO notes (note) VALUES ('second');`,
		`ALTER TABLE notes ADD COLUMN page BIGINT; INSERT INTO notes (note, page) VALUES ('third', 3);`,
	}
	files := fstest.MapFS{}
	for i, sql := range all[:n] {
		files["0000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql + "\n")}
	}
	return files
}

func notes(t *testing.T, db store.DB) []string {
	t.Helper()
	all, err := store.List(t.Context(), db, "list notes", func(row store.Row) (note string, err error) {
		err = row.Scan(&note)
		return note, err
	}, `SELECT note FROM notes ORDER BY note`)
	require.NoError(t, err)
	return all
}

func testMigrations(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	require.NoError(t, a.Migrate(ctx, "notes", steps(1)))
	require.NoError(t, a.Migrate(ctx, "notes", steps(1)), "twice")
	require.Equal(t, []string{"first"}, notes(t, b))
	require.NoError(t, b.Migrate(ctx, "others", fstest.MapFS{
		"00001_other.sql": {Data: []byte("-- +goose Up\nCREATE TABLE others (other TEXT NOT NULL);\n")},
	}), "another room's are its own")

	// Those of several processes at once, with more to do.
	var group sync.WaitGroup
	errs := make([]error, 6)
	handles := []truth{a, b}
	for i := range errs {
		group.Go(func() { errs[i] = handles[i%2].Migrate(ctx, "notes", steps(2)) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, []string{"first", "second"}, notes(t, a))

	// A step that fails leaves nothing, and can be made later.
	broken := steps(3)
	broken["00003_step.sql"].Data = append(broken["00003_step.sql"].Data, "INSERT INTO nowhere (note) VALUES ('x');\n"...)
	require.Error(t, a.Migrate(ctx, "notes", broken))
	require.Equal(t, []string{"first", "second"}, notes(t, b))
	require.NoError(t, b.Migrate(ctx, "notes", steps(3)))
	require.Equal(t, []string{"first", "second", "third"}, notes(t, a))

	// A program that knows less leaves the database to those that know more.
	err := a.Migrate(ctx, "notes", steps(2))
	require.ErrorIs(t, err, store.ErrNewerSchema)
	require.ErrorContains(t, err, "notes")
	require.Equal(t, []string{"first", "second", "third"}, notes(t, b))

	require.NoError(t, b.Close())
	require.ErrorIs(t, b.Migrate(ctx, "notes", steps(3)), store.ErrClosed)
	again := opened(t, open)
	require.NoError(t, again.Migrate(ctx, "notes", steps(3)), "a database that was opened again")
	require.Equal(t, []string{"first", "second", "third"}, notes(t, again))
}

// testPartOfAWrite checks that what rooms add to the engine's own writes is made with
// them, and that neither is made without the other.
func testPartOfAWrite(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	require.NoError(t, s.Migrate(ctx, "notes", steps(1)))
	note := func(text string) func(store.Tx) error {
		return func(tx store.Tx) error {
			_, err := tx.Exec(`INSERT INTO notes (note) VALUES ($1)`, text)
			return err
		}
	}
	refused := errors.New("refused")
	refuse := func(store.Tx) error { return refused }
	policy := store.Policy{FPIR: 0.5, Quality: store.GateOff, Liveness: store.GateOff}
	g := store.Gallery{ID: "g", Tenant: "t", Name: "staff", Pack: Pack, CreatedAt: epoch, Policy: policy}
	want := []string{"first"}
	enrolments := 0
	for _, w := range []struct {
		name string
		do   func(also ...func(store.Tx) error) error
	}{
		{"1 tenant", func(also ...func(store.Tx) error) error {
			return s.CreateTenant(ctx, store.Tenant{ID: "t", CreatedAt: epoch}, also...)
		}},
		{"2 gallery", func(also ...func(store.Tx) error) error { return s.CreateGallery(ctx, g, also...) }},
		{"3 policy", func(also ...func(store.Tx) error) error {
			_, err := s.UpdatePolicy(ctx, "t", "staff", func(store.Gallery) (store.Policy, error) { return policy, nil }, also...)
			return err
		}},
		{"4 faces", func(also ...func(store.Tx) error) error {
			enrolments++
			before := position(t, s)
			_, err := s.Enrol(ctx, subject("g", store.SubjectID(fmt.Sprint("p", enrolments))), newFaces(1), nil, true, also...)
			if err != nil {
				require.Equal(t, before, position(t, s))
			}
			return err
		}},
		{"5 subject", func(also ...func(store.Tx) error) error {
			_, err := s.Subject(ctx, "g", "p")
			if errors.Is(err, store.ErrNotFound) {
				_, err = s.Enrol(ctx, subject("g", "p"), newFaces(1), nil, true)
			}
			require.NoError(t, err, "it is there until it is deleted")
			_, err = s.DeleteSubject(ctx, "g", "p", also...)
			return err
		}},
		{"6 no gallery", func(also ...func(store.Tx) error) error {
			_, err := s.DeleteGallery(ctx, "t", "staff", also...)
			return err
		}},
		{"7 no tenant", func(also ...func(store.Tx) error) error {
			_, err := s.DeleteTenant(ctx, "t", also...)
			return err
		}},
	} {
		t.Run(w.name, func(t *testing.T) {
			require.ErrorIs(t, w.do(note("not this"), refuse), refused)
			require.ElementsMatch(t, want, notes(t, s))
			require.NoError(t, w.do(note(w.name), func(store.Tx) error { return nil }), "nothing was done")
			want = append([]string{w.name}, want...)
			require.ElementsMatch(t, want, notes(t, s))
			if w.name != "3 policy" && w.name != "4 faces" && w.name != "5 subject" {
				require.Error(t, w.do(note("not this")), "what fails has no part of it")
				require.ElementsMatch(t, want, notes(t, s))
			}
		})
	}
	RequireReplay(t, s)
}
