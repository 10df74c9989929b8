package native_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/identify"
	"oneton/index"
	"oneton/photo"
	"oneton/pool"
	"oneton/server"
	"oneton/server/decode"
	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/store"
)

// told starts a server that answers what an error comes to.
func told(t *testing.T) func(err error) servertest.Answer {
	t.Helper()
	var cause error
	r := servertest.Start(t, servertest.Options{APIs: func(*servertest.Rig) []server.API {
		return []server.API{{
			Prefixes: []string{"/cause"}, Problem: native.New(native.Rooms{}).Problem, Description: server.Description{Path: "/openapi/cause.yaml"},
			Routes: func(r fiber.Router) { r.Get("/cause", func(*fiber.Ctx) error { return cause }) },
		}}
	}})
	return func(err error) servertest.Answer {
		cause = err
		return r.Do(t, "", "GET", "/cause", "", nil)
	}
}

// Status and code of every cause are what clients build on; a change here
// breaks them.
func TestProblems(t *testing.T) {
	tell := told(t)
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"no face":                 {identify.ErrNoFace, 422, "no_face"},
		"several faces":           {identify.ErrSeveralFaces, 422, "several_faces"},
		"face too small":          {identify.ErrFaceTooSmall, 422, "face_too_small"},
		"low quality":             {&identify.QualityError{Reasons: []string{"blurred"}}, 422, "low_quality"},
		"spoof":                   {identify.ErrSpoof, 422, "spoof_suspected"},
		"liveness unknown":        {&identify.LivenessError{Reason: "cut_off"}, 422, "liveness_unknown"},
		"invalid argument":        {identify.ErrInvalid, 400, "invalid_request"},
		"empty image":             {photo.ErrEmpty, 400, "invalid_request"},
		"unsupported image":       {photo.ErrUnsupported, 415, "unsupported_media_type"},
		"corrupt image":           {photo.ErrCorrupt, 422, "corrupt_image"},
		"image too large":         {photo.ErrTooLarge, 413, "image_too_large"},
		"image too complex":       {photo.ErrTooComplex, 422, "image_too_complex"},
		"image too small":         {photo.ErrTooSmall, 422, "image_too_small"},
		"unknown pack":            {photo.ErrPack, 422, "unknown_pack"},
		"queue full":              {pool.ErrBusy, 503, "busy"},
		"embedder closed":         {pool.ErrClosed, 503, "unavailable"},
		"index unavailable":       {index.ErrUnavailable, 503, "unavailable"},
		"malformed query":         {index.ErrQuery, 500, "internal"},
		"not found":               {store.ErrNotFound, 404, "not_found"},
		"taken":                   {store.ErrExists, 409, "already_exists"},
		"store unavailable":       {store.ErrUnavailable, 503, "unavailable"},
		"full disk":               {fmt.Errorf("%w: %w", store.ErrFull, store.ErrUnavailable), 507, "storage_full"},
		"lost commit":             {fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUncertain), 504, "outcome_unknown"},
		"index is behind":         {identify.ErrPositionNotReached, 503, "position_not_reached"},
		"position of another log": {identify.ErrPositionAhead, 409, "position_ahead"},
		"store closed":            {store.ErrClosed, 503, "unavailable"},
		"no valid key":            {access.ErrUnauthorized, 401, "unauthorized"},
		"scope missing":           {server.ErrForbidden, 403, "forbidden"},
		"compressed body":         {server.ErrEncoding, 415, "unsupported_media_type"},
		"another version":         {native.ErrPrecondition, 412, "precondition_failed"},
		"stopping":                {server.ErrStopping, 503, "unavailable"},
		"not ready":               {server.ErrNotReady, 503, "unavailable"},
		"unknown content type":    {decode.ErrMediaType, 415, "unsupported_media_type"},
		"malformed field":         {&decode.Error{Field: "k", Reason: "must be a number"}, 400, "invalid_request"},
		"out of time":             {context.DeadlineExceeded, 504, "timeout"},
		"cancelled":               {context.Canceled, 503, "unavailable"},
		"malformed HTTP":          {fiber.ErrBadRequest, 400, "invalid_request"},
		"unknown route":           {fiber.ErrNotFound, 404, "not_found"},
		"wrong method":            {fiber.ErrMethodNotAllowed, 405, "method_not_allowed"},
		"slow request":            {fiber.ErrRequestTimeout, 408, "request_timeout"},
		"broken connection":       {fiber.ErrBadGateway, 400, "invalid_request"},
		"body too large":          {fiber.ErrRequestEntityTooLarge, 413, "body_too_large"},
		"headers too large":       {fiber.ErrRequestHeaderFieldsTooLarge, 431, "headers_too_large"},
		"another HTTP error":      {fiber.ErrTeapot, 500, "internal"},
		"what nobody thought of":  {errors.New("secret detail"), 500, "internal"},
		"a problem of a handler":  {server.Problem{Status: 400, Code: "no_face"}, 400, "no_face"},
		"a database that is busy": {fmt.Errorf("%w: disk I/O error", store.ErrUnavailable), 503, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			p := tell(fmt.Errorf("do something: %w", c.err)).Refused(t, c.status, c.code)
			require.NotContains(t, p.Title+p.Detail, "secret detail")
			require.NotContains(t, p.Title+p.Detail, "disk")
		})
	}
}

func TestProblemsSayWhatIsSafe(t *testing.T) {
	tell := told(t)
	p := tell(fmt.Errorf("enrol: %w", fmt.Errorf("%w: k must be 1 to 100", identify.ErrInvalid))).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "k must be 1 to 100", p.Detail)

	p = tell(fmt.Errorf("read photo: %w", &identify.QualityError{Reasons: []string{"blurred", "dark"}})).Refused(t, http.StatusUnprocessableEntity, "low_quality")
	require.Equal(t, []string{"blurred", "dark"}, p.Reasons)

	p = tell(&decode.Error{Field: "policy.fpir", Reason: "must be a number"}).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "policy.fpir", p.Field)
	require.Equal(t, "policy.fpir must be a number", p.Detail)
}

// Of several photos the one at fault is named, unless the fault is ours.
func TestProblemsNameThePhoto(t *testing.T) {
	tell := told(t)
	for name, c := range map[string]struct {
		err    identify.ArgumentError
		status int
		code   string
		field  string
	}{
		"one of several": {identify.ArgumentError{Argument: "photo[2]", Err: identify.ErrNoFace}, 422, "no_face", "photo[2]"},
		"the only one":   {identify.ArgumentError{Argument: "photo", Err: identify.ErrNoFace}, 422, "no_face", "photo"},
		"our fault":      {identify.ArgumentError{Argument: "photo[2]", Err: pool.ErrBusy}, 503, "busy", ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.field, tell(fmt.Errorf("enrol: %w", &c.err)).Refused(t, c.status, c.code).Field)
		})
	}
}

// A key whose scopes cannot be read has none, and is told so.
func TestScopeOfAKeyWithoutAny(t *testing.T) {
	require.Contains(t, told(t)(&server.ScopeError{Scope: "search"}).Refused(t, http.StatusForbidden, "forbidden").Detail, "this key has none")
}
