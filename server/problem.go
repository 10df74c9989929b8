package server

import (
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
)

// MediaTypeProblem is the content type of every error answer (RFC 9457).
const MediaTypeProblem = "application/problem+json"

const problemPrefix = "urn:oneton:problem:"

// Problem is the body of an error answer. Handlers may return one as their
// error; any other error becomes one by ProblemOf.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Code is stable and what clients branch on.
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Field is the path of the request's field at fault, when it is one.
	Field string `json:"field,omitempty"`
	// Reasons are the gate's, for low_quality and liveness_unknown.
	Reasons   []string `json:"reasons,omitempty"`
	RequestID string   `json:"request_id"`

	// challenge is the answer's WWW-Authenticate where it is more than Bearer.
	challenge string
}

// Error is the code and the detail.
func (p Problem) Error() string { return p.Code + ": " + p.Detail }

// ProblemOf is what a client is told of an error: the answer that errors.go
// lists for it, and the error's own text only where that is safe to show.
func ProblemOf(err error) Problem {
	var (
		p     Problem
		field *decode.Error
		route *fiber.Error
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &field):
		p = problem(kindOf(identify.ErrInvalid))
		p.Detail, p.Field = field.Error(), field.Field
		return p
	case errors.As(err, &route):
		if k, ok := transport[route.Code]; ok {
			return problem(k)
		}
		return problem(internal)
	}
	p = problem(kindOf(err))
	if p.Status < fiber.StatusInternalServerError {
		p.Field = fieldOf(err)
	}
	if scope, ok := errors.AsType[*ScopeError](err); ok {
		p.challenge = fmt.Sprintf(`Bearer error="insufficient_scope", scope=%q`, scope.Scope)
	}
	p.Detail, p.Reasons = detailOf(err, p.Field), reasonsOf(err)
	return p
}

// Invalid is the problem of a request whose field is at fault.
func Invalid(field, reason string) error {
	return &decode.Error{Field: field, Reason: reason}
}

func problem(k kind) Problem {
	return Problem{Type: problemPrefix + k.code, Title: k.title, Status: k.status, Code: k.code}
}
