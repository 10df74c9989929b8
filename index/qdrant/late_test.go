package qdrant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

// held keeps a change of a collection, once, until it is released.
type held struct {
	arrived, released chan struct{}
	// lose answers the change with an error after it was made.
	lose bool
}

func (h *held) option() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if !strings.HasSuffix(method, "/UpdateBatch") {
			return call(ctx, method, req, reply, conn, opts...)
		}
		select {
		case <-h.released:
			return call(ctx, method, req, reply, conn, opts...)
		default:
		}
		close(h.arrived)
		<-h.released
		err := call(context.WithoutCancel(ctx), method, req, reply, conn, opts...)
		if err == nil && h.lose {
			return status.Error(codes.Canceled, "a fault of the test")
		}
		return err
	})
}

// TestLateProcess lets a process make its changes only after another one has
// taken its place and gone further: it ends then, or goes on to its end.
func TestLateProcess(t *testing.T) {
	t.Parallel()
	address := qdranttest.Address(t)
	for seed := range uint64(3) {
		for name, lose := range map[string]bool{"ends": true, "goes on": false} {
			t.Run(fmt.Sprintf("%s/seed=%d", name, seed), func(t *testing.T) {
				ctx, log, cfg := t.Context(), newLogOf(newRand(20+seed)), config(address)
				cfg.Retries, cfg.Shards = 0, 1+int(seed%2)
				b := open(t, cfg)
				log.grow(60)
				changes, end := log.after(0)
				require.NoError(t, b.Apply(ctx, changes, end))

				h := &held{arrived: make(chan struct{}), released: make(chan struct{}), lose: lose}
				late, err := qdrant.NewWith(ctx, cfg, h.option())
				require.NoError(t, err)
				log.grow(10)
				some, middle := log.after(end)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = late.Apply(ctx, some, middle)
				}()
				<-h.arrived
				log.grow(30)
				changes, all := log.after(end)
				require.NoError(t, b.Apply(ctx, changes, all))
				close(h.released)
				<-ended
				require.NoError(t, late.Close())

				follow(t, log, b)
				requireFollowed(t, log, b)
			})
		}
	}
}
