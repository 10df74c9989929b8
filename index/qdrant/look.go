package qdrant

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Look is the position that the collections of cfg's prefix have come to, as far
// as that can be told without making any; without collections it is 0. It is
// ErrAway, ErrKey or ErrTLS where Qdrant cannot be asked.
func Look(ctx context.Context, cfg Config) (position uint64, err error) {
	cfg.Retries = 0
	x, err := unloaded(cfg)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	ctx, cancel := bound(ctx, cfg.Timeout)
	defer cancel()
	home, spaces, err := x.find(ctx)
	if err != nil {
		return 0, refused(err)
	}
	if home == nil {
		return 0, nil
	}
	position, err = x.durable(ctx, home, spaces)
	return position, refused(err)
}

// refused adds to err why Qdrant cannot be asked, as far as that is known.
func refused(err error) error {
	var answer interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &answer) {
		return err
	}
	switch s := answer.GRPCStatus(); {
	case s.Code() == codes.Unauthenticated, s.Code() == codes.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrKey, err)
	case strings.Contains(s.Message(), "authentication handshake failed"): // gRPC's words for TLS
		return fmt.Errorf("%w: %w", ErrTLS, err)
	case s.Code() == codes.Unavailable, s.Code() == codes.DeadlineExceeded:
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}
