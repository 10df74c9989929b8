package twoface

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/argument"
	"oneton/kyc"
	"oneton/server"
	"oneton/server/problem"
	"oneton/store"
)

// errUnfinished means that a check's job came to nothing, which is no client's fault.
var errUnfinished = errors.New("twoface: job without a value")

// These refusals are the API's own.
var (
	agentless = server.Kind{Status: fiber.StatusForbidden, Code: "user_agent", Title: "A User-Agent header is required, which says what sends the request."}
	tokenless = server.Kind{Status: fiber.StatusForbidden, Code: "invalid_token", Title: "Invalid token."}
	linkless  = server.Kind{Status: fiber.StatusForbidden, Code: "invalid_link", Title: "The address of the photo is wrong or has ended; GET /attempts/:id gives another."}
	fileless  = server.Kind{Status: fiber.StatusBadRequest, Code: "file_required", Title: "A file is required for this operation."}
	limited   = server.Kind{Status: fiber.StatusTooManyRequests, Code: "limited", Title: "Too many requests; Retry-After says in how many seconds to try again."}
)

// problems are what errors of the dialect's calls come to.
var problems = slices.Concat(problem.Table{
	problem.For(access.ErrUnauthorized, tokenless.Status, tokenless.Code, tokenless.Title),
	problem.For(kyc.ErrSession, tokenless.Status, tokenless.Code, tokenless.Title),
	problem.For(kyc.ErrUses, fiber.StatusTooManyRequests, "attempts_used", "No attempts are left for this operation; a new session has new ones."),
	problem.For(kyc.ErrNotInReview, fiber.StatusBadRequest, "not_in_review", "Only an attempt in REVIEW can be reviewed."),
	problem.For(kyc.ErrNotRegistrable, fiber.StatusBadRequest, "not_registrable", "Only the attempt of a SIGNUP that is SUCCESS can be registered."),
	problem.For(kyc.ErrRegistered, fiber.StatusConflict, "registered", "A user with another document was registered from this attempt."),
	problem.For(kyc.ErrDocumentTaken, fiber.StatusConflict, "document_taken", "Another user has this document."),
	problem.For(store.ErrEnding, fiber.StatusConflict, "being_deleted", "The user's face is to be deleted soon; try again when it is, or take that back."),
}, problem.Request, problem.Photo, problem.Stored)

// refused are what the codes of inputs that cannot be used come to.
var refused = map[kyc.Code]int{
	kyc.PhotoUnsupported: fiber.StatusUnsupportedMediaType, kyc.PhotoTooLarge: fiber.StatusRequestEntityTooLarge,
	kyc.ClipUnsupported: fiber.StatusUnsupportedMediaType, kyc.ClipTooLarge: fiber.StatusRequestEntityTooLarge, kyc.ClipTooLong: fiber.StatusRequestEntityTooLarge,
	kyc.VideoOff: fiber.StatusUnsupportedMediaType, kyc.DocumentsOff: fiber.StatusNotImplemented, kyc.GesturesOff: fiber.StatusNotImplemented,
}

// problemOf is what an error of this API comes to.
func problemOf(err error) (server.Problem, bool) {
	if about, ok := errors.AsType[*argument.Error](err); ok {
		return invalid(about.Told()), true
	}
	if r, ok := errors.AsType[*kyc.RefusedError](err); ok {
		status := fiber.StatusUnprocessableEntity
		if other, ok := refused[r.Code]; ok {
			status = other
		}
		p := server.Kind{Status: status, Code: string(r.Code), Title: r.Reason}.Problem()
		p.Field = r.Argument
		return p, true
	}
	if unknown, ok := errors.AsType[*kyc.NotFoundError](err); ok {
		text := "No entity found by ID: "
		if unknown.Kind == "workflow" {
			text = "No workflow found by name: "
		}
		return server.Kind{Status: fiber.StatusNotFound, Code: "not_found", Title: text + unknown.ID}.Problem(), true
	}
	if scope, ok := errors.AsType[*server.ScopeError](err); ok {
		return server.Kind{Status: fiber.StatusForbidden, Code: "forbidden", Title: "The key lacks the scope " + scope.Scope + ", which this call needs."}.Problem(), true
	}
	if transport, ok := errors.AsType[*fiber.Error](err); ok {
		switch transport.Code {
		case fiber.StatusNotFound:
			return server.Kind{Status: transport.Code, Code: "not_found", Title: "There is no such call."}.Problem(), true
		case fiber.StatusRequestEntityTooLarge:
			return server.Kind{Status: transport.Code, Code: "body_too_large", Title: "A file may have 10 MB, and the rest of a request 128 KB."}.Problem(), true
		}
	}
	return problems.Problem(err)
}

// invalid is a request that is not as its call takes it.
func invalid(detail string) server.Problem {
	p := server.Kind{Status: fiber.StatusBadRequest, Code: "invalid_request", Title: "The request is not valid"}.Problem()
	p.Detail = detail
	return p
}

// late is an answer that takes longer than is waited: it names the job, so that no
// client takes its id for a value.
func late(job string) server.Problem {
	return server.Kind{
		Status: fiber.StatusGatewayTimeout, Code: "timeout",
		Title: fmt.Sprintf("The result was not ready in time; GET /jobs/%s tells it.", job),
	}.Problem()
}
