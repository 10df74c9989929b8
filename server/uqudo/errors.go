package uqudo

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/problem"
)

// The codes of the dialect.
const (
	codeInvalid      = "INVALID_INPUT"
	codeUnauthorized = "UNAUTHORIZED"
	codeForbidden    = "FORBIDDEN"
	codeNotFound     = "NOT_FOUND"
	codeTooLarge     = "PAYLOAD_TOO_LARGE"
	codeMediaType    = "UNSUPPORTED_MEDIA_TYPE"
	codeTooMany      = "TOO_MANY_REQUESTS"
	codeUnexpected   = "UNEXPECTED_ERROR"
)

// ofStatus are the codes that a status has, whatever it is about.
var ofStatus = map[int]string{
	fiber.StatusUnauthorized: codeUnauthorized, fiber.StatusForbidden: codeForbidden, fiber.StatusNotFound: codeNotFound,
	fiber.StatusRequestEntityTooLarge: codeTooLarge, fiber.StatusUnsupportedMediaType: codeMediaType, fiber.StatusTooManyRequests: codeTooMany,
}

// ofPhoto are the codes of a photo that cannot be used; all else is invalid input.
var ofPhoto = map[string]string{
	"no_face": "NO_FACE", "several_faces": "SEVERAL_FACES", "face_too_small": "FACE_TOO_SMALL", "low_quality": "LOW_QUALITY",
	"spoof_suspected": "FACE_LIVENESS_FAILED", "liveness_unknown": "FACE_LIVENESS_FAILED",
}

// codeOf is the dialect's code of a problem.
func codeOf(p server.Problem) string {
	if p.Status >= fiber.StatusInternalServerError {
		return codeUnexpected
	}
	if code := ofStatus[p.Status]; code != "" {
		return code
	}
	if code := ofPhoto[p.Code]; code != "" {
		return code
	}
	return codeInvalid
}

// statusClientGone is of a client that has left, whose answer nobody reads but the log.
const statusClientGone = 499

// statusOf is the status that stands here for another: clients know no fault of
// theirs beyond the dialect's.
func statusOf(status int) int {
	switch {
	case status >= fiber.StatusInternalServerError, status == statusClientGone, ofStatus[status] != "":
		return status
	}
	return fiber.StatusBadRequest
}

// problems are what errors of the dialect's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored)

// limited is a request that is one too many.
var limited = server.Kind{Status: fiber.StatusTooManyRequests, Code: "limited", Title: "Too many requests; Retry-After says in how many seconds to try again"}

func problemOf(err error) (server.Problem, bool) {
	if unrouted, ok := errors.AsType[*fiber.Error](err); ok && unrouted.Code == fiber.StatusMethodNotAllowed {
		return server.Kind{Status: fiber.StatusNotFound, Code: "not_found", Title: "The call does not take this method; Allow says which it takes"}.Problem(), true
	}
	if p, ok := aboutSession(err); ok {
		return p, true
	}
	return problems.Problem(err)
}

// refusal is the body of a refused request: what the dialect's clients read, and the
// members of RFC 9457 behind it.
type refusal struct {
	Error   string `json:"error"`
	Message string `json:"message"`

	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance"`

	// Field is the path of the request's field at fault, and Reasons are a quality
	// gate's.
	Field   string   `json:"field,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
}

// requestPrefix begins an instance: the request is found in the log by what follows.
const requestPrefix = "urn:oneton:request:"

// refuse answers that the request came to a problem. Clients of the original know
// JSON alone, so the type of problems is for those who ask for it.
func refuse(c *fiber.Ctx, p server.Problem) error {
	p.Status = statusOf(p.Status)
	server.Challenge(c, p)
	if err := c.Status(p.Status).JSON(refusal{
		Error: codeOf(p), Message: message(p),
		Type: p.Type, Title: p.Title, Status: p.Status, Detail: p.Detail, Instance: requestPrefix + p.RequestID,
		Field: p.Field, Reasons: p.Reasons,
	}); err != nil {
		return fmt.Errorf("encode refusal: %w", err)
	}
	if asksForProblems(c.Get(fiber.HeaderAccept)) {
		c.Set(fiber.HeaderContentType, server.MediaTypeProblem)
	}
	return nil
}

// message tells a problem in one sentence.
func message(p server.Problem) string {
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if len(p.Reasons) > 0 {
		text += " (" + strings.Join(p.Reasons, ", ") + ")"
	}
	return text
}

// asksForProblems tells whether an Accept header names the media type of problems,
// and does not refuse it.
func asksForProblems(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err == nil && media == server.MediaTypeProblem && (params["q"] == "" || strings.Trim(params["q"], "0.") != "") {
			return true
		}
	}
	return false
}

// renamed calls the field that err is about by this API's name; names are
// pairs of the service's and this one's.
func renamed(err error, names ...string) error {
	p, ok := problemOf(err)
	for i := 0; ok && i < len(names); i += 2 {
		if p.Field == names[i] {
			p.Field = names[i+1]
			return p
		}
	}
	return err
}
