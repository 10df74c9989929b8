package postgres_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// TestKill kills the server during enrolments, again and again, and checks
// that what was acknowledged is there after each restart.
func TestKill(t *testing.T) {
	server := postgrestest.Start(t)
	s := open(t, postgres.Config{URL: server.Database(t), Timeout: patience})
	newGallery(t, s, "g")
	const rounds = 8
	var all []answer
	for range rounds {
		l := startLoad(t, s)
		l.flows(t, 200*time.Millisecond)
		server.Kill(t)
		time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
		server.Restart(t)
		l.flows(t, time.Millisecond)
		all = append(all, l.end()...)
		acknowledged, failed, uncertain := checkAnswers(t, s, all)
		t.Logf("%d acknowledged, %d failed, %d uncertain", acknowledged, failed, uncertain)
		require.Zero(t, uncertain, "the server came back in time to ask")
	}
}

// TestKilledSession kills one process of the server, upon which it ends all
// sessions and recovers.
func TestKilledSession(t *testing.T) {
	server := postgrestest.Start(t)
	s := open(t, postgres.Config{URL: server.Database(t), Timeout: patience})
	newGallery(t, s, "g")
	const rounds = 4
	l := startLoad(t, s)
	for range rounds {
		l.flows(t, 100*time.Millisecond)
		server.KillSession(t)
	}
	l.flows(t, time.Millisecond)
	acknowledged, failed, uncertain := checkAnswers(t, s, l.end())
	t.Logf("%d acknowledged, %d failed, %d uncertain", acknowledged, failed, uncertain)
	require.Zero(t, uncertain)
}
