package capture

import (
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/argument"
	"oneton/facesession"
	"oneton/photo"
	"oneton/pool"
	"oneton/server"
	"oneton/server/decode"
	"oneton/server/problem"
)

// The codes of the page's calls that are of no result.
const (
	codeElsewhere = "SESSION_OPEN_ELSEWHERE"
	codeStep      = "STEP_NOT_EXPECTED"
	codeNonce     = "NONCE_USED"
	codeBusy      = "BUSY"
	codeForeign   = "FORBIDDEN"
)

var foreign = server.Kind{Status: fiber.StatusForbidden, Code: codeForeign, Title: "Only the server's own page may call this"}

// problems are what errors of the calls come to.
var problems = slices.Concat(problem.Table{
	problem.For(facesession.ErrGone, fiber.StatusNotFound, string(facesession.ExpiredOrUnknown), "The session has expired, or there is none"),
	problem.For(facesession.ErrUnauthorized, fiber.StatusForbidden, string(facesession.Unauthorized), "The client that opened the session may not call any more"),
	problem.For(facesession.ErrElsewhere, fiber.StatusConflict, codeElsewhere, "The session is open in another tab"),
	problem.For(facesession.ErrStep, fiber.StatusConflict, codeStep, "No such step is due; begin again"),
	problem.For(facesession.ErrNonceUsed, fiber.StatusConflict, codeNonce, "The nonce was used before, or the session has another"),
	problem.For(facesession.ErrFrames, fiber.StatusBadRequest, string(facesession.Invalid), "The frames are not what a camera sees while the step is done; the step is due yet"),
	problem.For(facesession.ErrInvalid, fiber.StatusBadRequest, string(facesession.Invalid), "The request is not valid"),
	problem.For(facesession.ErrBusy, fiber.StatusTooManyRequests, codeBusy, "Something of the session is being looked at; try again shortly"),
	problem.For(facesession.ErrOff, fiber.StatusNotImplemented, string(facesession.Unexpected), "This server has no models that check steps"),
	problem.For(pool.ErrBusy, fiber.StatusServiceUnavailable, codeBusy, "Too many photos are waiting; try again shortly"),
}, photoProblems(), problem.Table{
	problem.For(decode.ErrMediaType, fiber.StatusUnsupportedMediaType, string(facesession.Invalid), "The call does not take a body of this type"),
})

// photoProblems are of frames that cannot be read.
func photoProblems() (rows problem.Table) {
	for _, err := range []error{photo.ErrEmpty, photo.ErrUnsupported, photo.ErrCorrupt, photo.ErrTooLarge, photo.ErrTooComplex, photo.ErrTooSmall} {
		rows = append(rows, problem.For(err, fiber.StatusBadRequest, string(facesession.Invalid), "The frame cannot be read"))
	}
	return rows
}

func problemOf(err error) (server.Problem, bool) {
	p, ok := problems.Problem(err)
	if !ok {
		return problem.Stored.Problem(err)
	}
	var (
		frames *facesession.FramesError
		about  *argument.Error
	)
	switch {
	case errors.As(err, &frames):
		p.Reasons = []string{string(frames.Reason)}
	case errors.As(err, &about):
		p.Field, p.Detail = about.Argument, about.Told()
	}
	return p, true
}

func invalid(field, reason string) error {
	return argument.New(facesession.ErrInvalid, field, "%s", reason)
}

// requestPrefix begins an instance, which is no UUID where a proxy has named the request.
const requestPrefix = "urn:oneton:request:"

// refusal is what a call answers that came to a problem.
type refusal struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Reason  string `json:"reason,omitempty"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail,omitempty"`
	// Request is the id under which the server's log has it.
	Request string `json:"instance"`
}

// refuse answers whoever looks at the page with words, and the page with JSON.
func (p *capture) refuse(c *fiber.Ctx, why server.Problem) error {
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
		return p.sendPage(c.Status(why.Status), why.Code, nil)
	}
	code, told := why.Code, why.Title
	switch {
	case code == strings.ToUpper(code): // one of the page's own
	case why.Status < fiber.StatusInternalServerError:
		code = string(facesession.Invalid)
	default:
		code = string(facesession.Unexpected)
	}
	if why.Detail != "" {
		told = why.Detail
	}
	r := refusal{
		Error: code, Message: told, Type: why.Type, Title: why.Title, Status: why.Status, Detail: why.Detail,
		Request: requestPrefix + why.RequestID,
	}
	if len(why.Reasons) > 0 {
		r.Reason = why.Reasons[0]
	}
	return c.Status(why.Status).JSON(r)
}
