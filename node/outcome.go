package node

import (
	"context"
	"errors"
	"slices"

	"oneton/facesession"
	"oneton/identify"
	"oneton/index"
	"oneton/job"
	"oneton/kyc"
	"oneton/photo"
	"oneton/pool"
	"oneton/server"
	"oneton/store"
)

// refusals are errors that speak of what was sent, and of no fault here.
var refusals = []error{
	photo.ErrEmpty, photo.ErrUnsupported, photo.ErrCorrupt, photo.ErrTooLarge, photo.ErrTooComplex, photo.ErrTooSmall, photo.ErrPack,
	identify.ErrInvalid, identify.ErrTooManyFaces, identify.ErrNoFace, identify.ErrSeveralFaces, identify.ErrFaceTooSmall,
	identify.ErrLowQuality, identify.ErrSpoof, identify.ErrLivenessUnknown, identify.ErrPositionAhead,
	store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrInvalid, store.ErrSpace,
	index.ErrQuery, job.ErrInvalid, kyc.ErrInvalid, facesession.ErrInvalid,
}

// outcome is what an error comes to, as metrics and traces tell it.
func outcome(err error) string {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case err == nil:
		return "ok"
	case is(pool.ErrBusy):
		return "busy"
	case is(context.Canceled), is(server.ErrClientGone), is(job.ErrStopping), is(job.ErrCancelled), is(job.ErrLost):
		return "cancelled"
	case is(context.DeadlineExceeded), is(identify.ErrPositionNotReached), is(job.ErrExpired):
		return "timeout"
	}
	if slices.ContainsFunc(refusals, is) {
		return "refused"
	}
	return "failed"
}
