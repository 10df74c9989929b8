package node

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/index/qdrant/qdranttest"
	"oneton/store"
	"oneton/store/storetest"
)

// lentTurn is a turn that is lost when it is released.
type lentTurn struct {
	once sync.Once
	done chan struct{}
}

func (l *lentTurn) Done() <-chan struct{} { return l.done }
func (l *lentTurn) Release()              { l.once.Do(func() { close(l.done) }) }

// TestLead checks that a process brings the index along as long as it is its
// turn and Qdrant answers, and no longer.
func TestLead(t *testing.T) {
	server, ctx := qdranttest.Start(t), t.Context()
	cfg := config.Default()
	cfg.Data, cfg.Index.Engine = t.TempDir(), "qdrant"
	cfg.Index.Qdrant.Address = server.Address()
	cfg.Index.Qdrant.Timeout, cfg.Index.Qdrant.WriteTimeout = time.Second, time.Second
	truth, err := OpenTruth(ctx, cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	opened, err := openEngine(ctx, cfg, truth, zerolog.Nop())
	require.NoError(t, err)
	e := opened.(*qdrantEngine)
	defer func() { require.NoError(t, e.Close()) }()
	require.NoError(t, truth.Store.CreateGallery(ctx, func() store.Gallery {
		_, err := truth.Access.CreateTenant(ctx, "t", "")
		require.NoError(t, err)
		return store.Gallery{ID: "g", Tenant: "t", Name: "g", Pack: storetest.Pack}
	}()))
	enrol := func(id string) uint64 {
		position, err := truth.Store.Enrol(ctx, store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{storetest.NewFace(id)}, nil, true)
		require.NoError(t, err)
		e.Notify()
		return position
	}
	leads := func() (*lentTurn, <-chan error) {
		turn, ended := &lentTurn{done: make(chan struct{})}, make(chan error, 1)
		go func() { ended <- e.lead(ctx, turn) }()
		return turn, ended
	}

	turn, ended := leads()
	require.NoError(t, e.Wait(ctx, enrol("0198a6de-0000-7000-8000-000000000001")))
	turn.Release()
	require.ErrorIs(t, <-ended, errTurnLost)
	position := enrol("0198a6de-0000-7000-8000-000000000002")
	soon, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, e.Wait(soon, position), context.DeadlineExceeded, "it is another's turn")

	e.patience = 0
	server.Kill(t)
	_, ended = leads()
	require.ErrorIs(t, <-ended, errNoQdrant)
	server.Restart(t)
	turn, ended = leads()
	require.Eventually(t, func() bool { return e.Wait(ctx, position) == nil }, time.Minute, 100*time.Millisecond)
	turn.Release()
	require.ErrorIs(t, <-ended, errTurnLost)
}

// TestTurnOfOneMachine checks that two processes beside SQLite do not both
// bring an index along.
func TestTurnOfOneMachine(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	truth, err := OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	first, err := truth.acquire(t.Context(), "qdrant/a")
	require.NoError(t, err)
	other, err := truth.acquire(t.Context(), "qdrant/b")
	require.NoError(t, err)
	defer other.Release()
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = truth.acquire(soon, "qdrant/a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	first.Release()
	second, err := truth.acquire(t.Context(), "qdrant/a")
	require.NoError(t, err)
	second.Release()
}
