package node

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
)

// panicking is a database whose deletion of expired faces panics once.
type panicking struct {
	Database
	calls int
}

func (p *panicking) DeleteExpired(context.Context, time.Time) (int, error) {
	if p.calls++; p.calls == 1 {
		panic("as told")
	}
	return 0, nil
}

// A panic of background work is logged with its stack, and the work goes on.
func TestRetentionSurvivesAPanic(t *testing.T) {
	var log bytes.Buffer
	db := &panicking{}
	n := &Node{log: zerolog.New(&log), Truth: &Truth{Store: db}}
	c := &clock{path: clockPath(t.TempDir())}
	n.sweep(t.Context(), c, time.Now(), 0)
	require.Contains(t, log.String(), "as told")
	require.Contains(t, log.String(), "DeleteExpired", "the stack")
	require.Contains(t, log.String(), "will be tried again")
	n.sweep(t.Context(), c, time.Now(), time.Minute)
	require.Equal(t, 2, db.calls)
}

func TestGuardedReturnsAPanicAsAnError(t *testing.T) {
	var log bytes.Buffer
	err := guarded(zerolog.New(&log), "follow", func() error { panic("as told") })
	require.ErrorIs(t, err, errPanicked)
	require.ErrorContains(t, err, "follow")
	require.Contains(t, log.String(), "stack")
	require.NoError(t, guarded(zerolog.Nop(), "follow", func() error { return nil }))
}

func TestOthersWhoMayReadAreWarnedOf(t *testing.T) {
	cfg := config.Default()
	cfg.Data = filepath.Join(t.TempDir(), "data")
	truth, err := OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, truth.Close())
	warned := func() string {
		var log bytes.Buffer
		warnOfReaders(cfg, zerolog.New(&log))
		return log.String()
	}
	require.Empty(t, warned(), "what oneton makes is private")
	require.NoError(t, os.Chmod(cfg.Data, 0o755))
	require.Contains(t, warned(), `"path":"`+cfg.Data+`"`)
	require.NoError(t, os.Chmod(secretPath(cfg), 0o644))
	require.Contains(t, warned(), secretPath(cfg))
	require.Contains(t, warned(), "-rw-r--r--")
}
