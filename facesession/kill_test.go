package facesession_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/store"
	"oneton/store/storetest"
)

const (
	// killEnv names the database to a process that is killed, and markEnv what each of its
	// photos and frames has in it.
	killEnv, markEnv = "ONETON_TEST_FACESESSION_DATABASE", "ONETON_TEST_FACESESSION_MARK"
	killRounds       = 4
	killVisitors     = 4
)

func TestMain(m *testing.M) {
	if to := os.Getenv(killEnv); to != "" {
		if err := visitUntilKilled(to, os.Getenv(markEnv)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// visitUntilKilled is a process that TestKill kills: it takes people through sessions, and
// says what it was told.
func visitUntilKilled(to, mark string) error {
	ctx := context.Background()
	db, err := storetest.OpenNamed(ctx, to)
	if err != nil {
		return err
	}
	r, run, err := assemble(ctx, db, options{})
	if err != nil {
		return err
	}
	r.checks.plan = []facesession.StepKind{facesession.Look}
	go run()
	var group sync.WaitGroup
	for n := range killVisitors {
		group.Go(func() {
			for i := 0; ; i++ {
				// The database may be killed, too; what was told is what counts.
				_ = visitOnce(ctx, r, fmt.Sprint(mark, " ", n, " ", i))
			}
		})
	}
	group.Wait()
	return nil
}

func visitOnce(ctx context.Context, r *rig, mark string) error {
	id, err := r.Open(ctx, by, facesession.New{Photo: shot{Person: "ada", Take: 1, Salt: mark + strings.Repeat(mark, 2000)}.bytes(), Nonce: mark})
	if err != nil {
		return err
	}
	say("opened", id)
	tab, err := r.Bind(ctx, id, "", "")
	if err != nil {
		return err
	}
	say("bound", id, tab.Binding)
	p, err := r.Begin(ctx, id, tab.Binding)
	if err != nil {
		return err
	}
	say("begun", id, tab.Binding)
	time.Sleep(1100 * time.Millisecond) // as long as the film is
	frames := film("ada", facesession.Look)
	for i := range frames {
		frames[i].JPEG = shot{Person: "ada", Take: 2, Does: facesession.Look, Salt: fmt.Sprint(mark, " frame ", i, strings.Repeat(mark, 20))}.bytes()
	}
	if p, err = r.Step(ctx, id, tab.Binding, p.Step.Token, frames); err != nil {
		return err
	}
	say("ended", id, tab.Binding, p.End.Result)
	return nil
}

func say(words ...string) {
	if _, err := os.Stdout.WriteString(strings.Join(words, " ") + "\n"); err != nil {
		panic(err)
	}
}

// Processes are killed in the middle of sessions, and the database's with them: what was
// acknowledged holds, no attempt is had for nothing, nothing can be read in the files,
// and nothing is left in them when the time is over.
func TestKill(t *testing.T) {
	disks(t, func(t *testing.T, d disk) {
		for range storetest.KillRounds(killRounds) {
			// Each ends with the database closed: to read its files lets go of the locks that
			// a process has on them, on which the next one relies.
			t.Run("round", func(t *testing.T) { killed(t, d) })
		}
	})
}

func killed(t *testing.T, d disk) {
	db := d.open(t)
	require.NoError(t, prepare(t.Context(), db))
	require.NoError(t, db.Close())
	mark := random(48)
	said := visitAndDie(t, d, mark)
	d.kill()
	require.Empty(t, d.found(t, map[string][]byte{"mark": []byte(mark)}), "a photo, a frame or a nonce can be read")

	r, ctx := start(t, d.open, options{}), t.Context()
	there := sealed(t, r.db)
	for id, words := range said {
		binding := ""
		if len(words) > 2 {
			binding = words[2]
		}
		tab, err := r.Bind(ctx, id, binding, "")
		if words[0] == "opened" && err != nil {
			require.ErrorIs(t, err, facesession.ErrElsewhere, "it may have been bound, and is there")
			continue
		}
		require.NoError(t, err, "%v", words)
		switch words[0] {
		case "bound":
			require.LessOrEqual(t, tab.Attempt, 1)
		case "begun":
			require.Equal(t, 1, tab.Attempt)
		case "ended":
			require.Equal(t, 1, tab.Attempt)
			require.NotNil(t, tab.End)
			require.Equal(t, words[3], tab.End.Result)
			require.Contains(t, r.rows(t, `SELECT body FROM emitted`), `{"jwsResult":"`+words[3]+`"}`)
		}
		if tab.End == nil && !tab.Checking && words[0] == "begun" {
			p, err := r.Begin(ctx, id, binding)
			require.NoError(t, err)
			require.Equal(t, 1, p.Step.Attempt, "the same step goes on")
		}
	}
	t.Logf("%d sessions, %d sealed values", len(said), len(there))
	require.NotEmpty(t, there)

	r.passes(t, facesession.Life+facesession.ResultLife)
	require.NoError(t, r.Sweep(ctx))
	d.erased(t, r.db)
	require.Empty(t, d.found(t, there), "sealed bytes are in the files")
	require.Empty(t, d.found(t, map[string][]byte{"mark": []byte(mark)}))
	require.NoError(t, r.db.Update(ctx, "forget events", func(tx store.Tx) error {
		_, err := tx.Exec(`DELETE FROM emitted`)
		return err
	}))
}

// visitAndDie runs one life of the visiting process, and returns what it said last of
// each session.
func visitAndDie(t *testing.T, d disk, mark string) map[string][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // by when a session is open
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0]) //nolint:gosec // it is this program
	c.Env = append(os.Environ(), killEnv+"="+d.name, markEnv+"="+mark)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	said := map[string][]string{}
	die := sync.OnceFunc(func() {
		time.AfterFunc(rand.N(3*time.Second), func() { _ = c.Process.Kill() }) //nolint:gosec // it is no secret
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) > 1 && (words[0] != "ended" || len(words) == 4 && strings.Count(words[3], ".") == 2) {
			said[words[1]] = words
			die() // soon, for there is something to lose
		}
	}
	require.Error(t, c.Wait())
	status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGKILL, status.Signal(), "it did not end by itself")
	return said
}
