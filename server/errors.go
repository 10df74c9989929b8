package server

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/identify"
	"oneton/index"
	"oneton/photo"
	"oneton/pool"
	"oneton/server/decode"
	"oneton/store"
)

// These errors are the server's own.
var (
	// ErrConfig means that a limit is missing; every limit must be positive.
	ErrConfig = errors.New("server: limit must be positive")

	// ErrForbidden means that the key lacks the scope; see ScopeError.
	ErrForbidden = errors.New("server: scope missing")

	// ErrEncoding means that a request body is compressed. Inflating would
	// sidestep every limit on its size, and photos gain nothing by it.
	ErrEncoding = errors.New("server: compressed request body")

	// ErrPrecondition means that what was to be changed is no longer, or
	// already, as the request's conditions say.
	ErrPrecondition = errors.New("server: precondition failed")

	// ErrBodies means that the memory for bodies is taken.
	ErrBodies = errors.New("server: no memory for the body")

	// ErrClientGone means that the client closed the connection before it had
	// its answer.
	ErrClientGone = errors.New("server: client gone")

	// ErrCrowded means that there are as many connections as may be.
	ErrCrowded = errors.New("server: too many connections")

	// ErrStopping means that the server is shutting down.
	ErrStopping = errors.New("server: stopping")

	// ErrNotReady means that the service cannot take requests yet.
	ErrNotReady = errors.New("server: not ready")

	errPanic = errors.New("server: panic")
)

// ScopeError is an ErrForbidden with the scope that is missing.
type ScopeError struct {
	Scope string
	// For is the field that asks for the scope; empty when the call does.
	For string
	// Has are the key's scopes.
	Has []string
}

// Error names the scope.
func (e *ScopeError) Error() string { return ErrForbidden.Error() + ": " + e.Scope }

// Unwrap makes errors.Is(err, ErrForbidden) true.
func (e *ScopeError) Unwrap() error { return ErrForbidden }

func (e *ScopeError) detail() string {
	what := "this call"
	if e.For != "" {
		what = e.For
	}
	return what + " needs a key with the scope " + e.Scope + "; this key has " + cmp.Or(strings.Join(e.Has, ", "), "none")
}

// kind is what one cause looks like to a client.
type kind struct {
	status int
	// code is stable: clients branch on it.
	code  string
	title string
}

var internal = kind{fiber.StatusInternalServerError, "internal", "Something went wrong here; the request id finds it in the log"}

// kinds maps every error of the house to its answer; what is not listed is
// internal. The first that matches counts.
var kinds = []struct {
	err error
	kind
}{
	{identify.ErrNoFace, kind{fiber.StatusUnprocessableEntity, "no_face", "The photo shows no face; send another"}},
	{identify.ErrSeveralFaces, kind{fiber.StatusUnprocessableEntity, "several_faces", "The photo shows several faces and none is clearly the subject; send another, or crop it to one of them"}},
	{identify.ErrFaceTooSmall, kind{fiber.StatusUnprocessableEntity, "face_too_small", "The face has too few pixels to be compared; send a photo from nearer"}},
	{identify.ErrLowQuality, kind{fiber.StatusUnprocessableEntity, "low_quality", "The photo is too poor; reasons says why"}},
	{identify.ErrSpoof, kind{fiber.StatusUnprocessableEntity, "spoof_suspected", "The face looks like a picture of a face, not a person"}},
	{identify.ErrLivenessUnknown, kind{fiber.StatusUnprocessableEntity, "liveness_unknown", "The gallery lets only live faces pass, and this photo does not tell"}},
	{identify.ErrTooManyFaces, kind{fiber.StatusConflict, "too_many_faces", "The subject has as many faces as one may have, 1,000; delete some, or enrol another subject"}},
	{identify.ErrInvalid, kind{fiber.StatusBadRequest, "invalid_request", "The request is not valid"}},
	{identify.ErrPositionAhead, kind{fiber.StatusConflict, "position_ahead", "The change log has not come as far as the position"}},
	{identify.ErrPositionNotReached, kind{fiber.StatusServiceUnavailable, "position_not_reached", "The index here has not come as far as the position; try again shortly"}},

	{photo.ErrEmpty, kind{fiber.StatusBadRequest, "invalid_request", "The photo is empty"}},
	{photo.ErrUnsupported, kind{fiber.StatusUnsupportedMediaType, "unsupported_media_type", "The photo must be a still JPEG, PNG, WebP or BMP"}},
	{photo.ErrCorrupt, kind{fiber.StatusUnprocessableEntity, "corrupt_image", "The photo cannot be decoded; send the whole file as it was taken"}},
	{photo.ErrTooLarge, kind{fiber.StatusRequestEntityTooLarge, "image_too_large", "The photo has more bytes or pixels than are allowed; send a smaller one"}},
	{photo.ErrTooComplex, kind{fiber.StatusUnprocessableEntity, "image_too_complex", "Decoding the photo takes more work than photos need; save it anew as a plain JPEG or PNG"}},
	{photo.ErrTooSmall, kind{fiber.StatusUnprocessableEntity, "image_too_small", "The photo has too few pixels to show a face"}},
	{photo.ErrPack, kind{fiber.StatusUnprocessableEntity, "unknown_pack", "The model pack is not loaded"}},
	{pool.ErrBusy, kind{fiber.StatusServiceUnavailable, "busy", "Too many photos are waiting; try again shortly"}},
	{pool.ErrClosed, unavailable},
	{index.ErrUnavailable, unavailable},

	{store.ErrSpace, kind{fiber.StatusServiceUnavailable, "converting", "The faces of the model pack are of another version than is loaded here, or are being converted to it; try again later"}},
	{store.ErrNotFound, kind{fiber.StatusNotFound, "not_found", "What the request names does not exist"}},
	{store.ErrExists, kind{fiber.StatusConflict, "already_exists", "The name or id is taken; choose another"}},
	// These come together with ErrUnavailable.
	{store.ErrFull, kind{fiber.StatusInsufficientStorage, "storage_full", "There is no room to add anything, until the operator has made some; deleting works"}},
	{store.ErrUncertain, kind{fiber.StatusGatewayTimeout, "outcome_unknown", "The database was lost in the middle of a write, which may have been made"}},
	{identify.ErrPolicyDamaged, kind{fiber.StatusInternalServerError, "damaged", "The gallery's policy is damaged, as by a failing disk; PATCH the gallery with all six fields of a policy"}},
	{store.ErrDamaged, kind{fiber.StatusInternalServerError, "damaged", "What is stored of this is damaged, as by a failing disk; restore it from a backup, or delete it and enrol again"}},
	{store.ErrUnavailable, unavailable},
	{store.ErrClosed, unavailable},

	{access.ErrUnauthorized, kind{fiber.StatusUnauthorized, "unauthorized", "A valid key is needed"}},
	{ErrForbidden, kind{fiber.StatusForbidden, "forbidden", "The key lacks a scope that the request needs"}},
	{ErrEncoding, kind{fiber.StatusUnsupportedMediaType, "unsupported_media_type", "Request bodies must not be compressed; send it without Content-Encoding"}},
	{ErrPrecondition, kind{fiber.StatusPreconditionFailed, "precondition_failed", "This is another version than the one that If-Match or If-None-Match asks for; read it again"}},
	// Nobody reads this answer; the log tells it, by the code of many proxies.
	{ErrClientGone, kind{499, "client_gone", "The client closed the connection before it had the answer"}},
	{ErrBodies, kind{fiber.StatusServiceUnavailable, "busy", "Too many bytes of requests are being worked on; try again shortly"}},
	{ErrCrowded, kind{fiber.StatusServiceUnavailable, "busy", "Too many connections are open from here or in all; try again shortly"}},
	{ErrStopping, unavailable},
	{ErrNotReady, unavailable},
	{decode.ErrMediaType, kind{fiber.StatusUnsupportedMediaType, "unsupported_media_type", "The call does not take a body of this type"}},

	{context.DeadlineExceeded, kind{fiber.StatusGatewayTimeout, "timeout", "The answer was not ready in time"}},
	{context.Canceled, unavailable},
}

var unavailable = kind{fiber.StatusServiceUnavailable, "unavailable", "The service cannot answer now; try again later"}

// transport maps what the HTTP layer itself refuses, by status.
var transport = map[int]kind{
	fiber.StatusBadRequest:            {fiber.StatusBadRequest, "invalid_request", "The request is not valid HTTP"},
	fiber.StatusNotFound:              {fiber.StatusNotFound, "not_found", "There is no such route; GET / names the descriptions that list them"},
	fiber.StatusMethodNotAllowed:      {fiber.StatusMethodNotAllowed, "method_not_allowed", "The route does not take this method"},
	fiber.StatusRequestTimeout:        {fiber.StatusRequestTimeout, "request_timeout", "The request did not arrive in time"},
	fiber.StatusRequestEntityTooLarge: {fiber.StatusRequestEntityTooLarge, "body_too_large", "The request body is larger than is allowed"},
	// Fiber's name for a connection that broke.
	fiber.StatusBadGateway:                  {fiber.StatusBadRequest, "invalid_request", "The request ended before it was whole"},
	fiber.StatusRequestHeaderFieldsTooLarge: {fiber.StatusRequestHeaderFieldsTooLarge, "headers_too_large", "The request line and headers are larger than is allowed"},
}

func kindOf(err error) kind {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return internal
}
