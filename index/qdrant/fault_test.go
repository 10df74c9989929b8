package qdrant_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

// faults make some of the calls that change something fail, before or after
// they have taken effect.
type faults struct {
	mu   sync.Mutex
	rng  *rand.Rand
	rate float64
}

func (f *faults) draw() (before, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rng.Float64() >= f.rate {
		return false, false
	}
	before = f.rng.IntN(2) == 0
	return before, !before
}

func (f *faults) option() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		name := method[strings.LastIndex(method, "/")+1:]
		changing := name == "UpdateBatch" || name == "Upsert" || strings.HasPrefix(name, "Create")
		before, after := f.draw()
		if !changing || !before {
			if err := call(ctx, method, req, reply, conn, opts...); err != nil {
				return err
			}
		}
		if changing && (before || after) {
			return status.Error(codes.Unavailable, "a fault of the test")
		}
		return nil
	})
}

// TestFaults applies random changes through a network that loses calls and
// answers, in processes that end at any moment, and compares with index/exact.
func TestFaults(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	address := qdranttest.Address(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0))
			cfg := config(address)
			cfg.Retries = 0
			if seed%2 == 1 {
				cfg.Shards = 2
			}
			f := &faults{rng: rand.New(rand.NewPCG(seed, 1)), rate: 0.2}
			clean := open(t, cfg)
			log, oracle := newLogOf(rng), newExact(t)
			x, err := qdrant.NewWith(t.Context(), cfg, f.option())
			require.NoError(t, err)
			defer func() { require.NoError(t, x.Close()) }()
			for range rounds {
				after := x.Position()
				log.grow(1 + rng.IntN(6))
				for {
					changes, next := log.after(after)
					if err = x.Apply(t.Context(), changes, next); err == nil {
						break
					}
					require.ErrorIs(t, err, index.ErrUnavailable)
					if rng.IntN(3) == 0 {
						log.grow(rng.IntN(3))
					}
					if rng.IntN(3) == 0 {
						require.NoError(t, x.Close())
						x, err = qdrant.NewWith(t.Context(), cfg, f.option())
						require.NoError(t, err)
						require.NoError(t, x.Load(t.Context()))
						require.LessOrEqual(t, x.Position(), log.end())
						after = x.Position()
					}
				}
				changes, next := log.after(oracle.Position())
				require.NoError(t, oracle.Apply(t.Context(), changes, next))
				requireSame(t, oracle, x, log.scopes, log.templates[0], log.templates[1])
			}
			require.NoError(t, clean.Wait(t.Context(), log.end()))
			requireSame(t, oracle, clean, log.scopes, log.templates...)
			st, err := clean.Status(t.Context())
			require.NoError(t, err)
			for _, c := range st.Collections {
				for _, g := range c.Galleries {
					require.Equal(t, g.Counted, g.Faces)
				}
			}
		})
	}
}
