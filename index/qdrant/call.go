package qdrant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"oneton/index"
)

const (
	// maxMessage is the most bytes of one answer: the rows of a search among
	// very many that tie.
	maxMessage = 1 << 28
	// reconnectPause bounds the pause after which a Qdrant that was away is
	// noticed to be back.
	reconnectPause = 2 * time.Second
	retryPause     = 50 * time.Millisecond
)

// dial returns a client; it connects with the first call.
func dial(cfg Config, options ...grpc.DialOption) (*api.Client, error) {
	host, port, err := cfg.endpoint()
	if err != nil {
		return nil, err
	}
	trust, err := trusted(cfg)
	if err != nil {
		return nil, err
	}
	pause := backoff.DefaultConfig
	pause.BaseDelay, pause.MaxDelay = retryPause, reconnectPause
	headers := make(map[string]string)
	if cfg.APIKey != "" {
		headers["api-key"] = cfg.APIKey
	}
	return api.NewClient(&api.Config{
		Host: host, Port: port, Headers: headers,
		UseTLS: cfg.TLS, TLSConfig: trust,
		PoolSize:               uint(cfg.Connections),
		SkipCompatibilityCheck: true,
		RetryConfig:            &api.RetryConfig{MaxRetries: uint(cfg.Retries), BaseBackoff: retryPause},
		GrpcOptions: append([]grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: pause, MinConnectTimeout: reconnectPause}),
			grpc.WithChainUnaryInterceptor(deadline(cfg.WriteTimeout)),
			// The name's servers are not asked how to call it.
			grpc.WithDisableServiceConfig(),
		}, options...),
	})
}

// deadline bounds every call.
func deadline(d time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return call(ctx, method, req, reply, conn, opts...)
	}
}

func trusted(cfg Config) (*tls.Config, error) {
	if cfg.CA == "" {
		return nil, nil //nolint:nilnil // the client has its own default
	}
	text, err := os.ReadFile(cfg.CA)
	if err != nil {
		return nil, fmt.Errorf("read ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read ca: %s has no certificate", cfg.CA)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, nil
}

// errSlow is why a context of bound has ended, unless its parent has.
var errSlow = errors.New("qdrant took too long")

func bound(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errSlow)
}

// failed says what a call of the client came to: ctx's error when the caller
// gave up, otherwise that the index cannot answer. What Qdrant does not know
// any more is looked for again before the next call.
func (x *Index) failed(ctx context.Context, verb string, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow) {
		return ctx.Err()
	}
	if status.Code(err) == codes.NotFound {
		x.forget()
	}
	return fmt.Errorf("%w: %s: %w", index.ErrUnavailable, verb, err)
}
