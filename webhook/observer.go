package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Observer is told of requests to receivers and of deliveries, for whoever counts them.
type Observer interface {
	// Posted tells what came of a request: taken, redirected, refused (4xx), failed (5xx),
	// timeout, unreachable or not_allowed.
	Posted(outcome string, took time.Duration)
	// Delivered tells how a delivery has ended.
	Delivered(s State)
}

// outcomeOf is what came of a request, in a word.
func outcomeOf(a answer, err error) string {
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case err == nil && a.status < http.StatusMultipleChoices:
		return "taken"
	case err == nil && a.status < http.StatusBadRequest:
		return "redirected"
	case err == nil && a.status < http.StatusInternalServerError:
		return "refused"
	case err == nil:
		return "failed"
	case errors.Is(err, ErrAddress), errors.Is(err, ErrInvalid), errors.Is(err, ErrSealed):
		return "not_allowed"
	case errors.Is(err, context.DeadlineExceeded), ok && timeout.Timeout():
		return "timeout"
	}
	return "unreachable"
}
