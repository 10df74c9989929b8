package server

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"
)

// MediaTypeProblem is the content type of a problem (RFC 9457).
const MediaTypeProblem = "application/problem+json"

const problemPrefix = "urn:oneton:problem:"

// retryAfter is when a client that was turned away may come back, in seconds.
const retryAfter = "1"

// Problem is what is told of an error: the answer's body where an API answers
// with problems (RFC 9457), and what other bodies are made of. Handlers may
// return one as their error.
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

	// Challenge is the answer's WWW-Authenticate where it is more than Bearer.
	Challenge string `json:"-"`
}

// Error is the code and the detail.
func (p Problem) Error() string { return p.Code + ": " + p.Detail }

// Kind is what one cause looks like to a client.
type Kind struct {
	Status int
	// Code is stable: clients branch on it.
	Code  string
	Title string
}

// Problem is one of the kind.
func (k Kind) Problem() Problem {
	return Problem{Type: problemPrefix + k.Code, Title: k.Title, Status: k.Status, Code: k.Code}
}

// problemOf is what an error comes to here. The error's own text is told only
// where that is safe to show.
func (p *place) problemOf(err error) Problem {
	if problem, ok := errors.AsType[Problem](err); ok {
		return problem
	}
	if p.Problem != nil {
		if problem, ok := p.Problem(err); ok {
			return problem
		}
	}
	return ownProblem(err)
}

// refuse answers with a problem in the shape that is usual here.
func (p *place) refuse(c *fiber.Ctx, problem Problem) error {
	if problem.Status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	if p.Refuse != nil {
		return p.Refuse(c, problem)
	}
	return SendProblem(c, problem)
}

// Challenge says how to authenticate where the problem is that a request lacks it (RFC
// 6750, section 3).
func Challenge(c *fiber.Ctx, p Problem) {
	if p.Status == fiber.StatusUnauthorized || p.Status == fiber.StatusForbidden {
		c.Set(fiber.HeaderWWWAuthenticate, cmp.Or(p.Challenge, "Bearer"))
	}
}

// SendProblem answers with a problem as RFC 9457 has it, and where a key is
// wanted with a challenge of RFC 6750.
func SendProblem(c *fiber.Ctx, p Problem) error {
	Challenge(c, p)
	if err := c.Status(p.Status).JSON(p); err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	c.Set(fiber.HeaderContentType, MediaTypeProblem)
	return nil
}
