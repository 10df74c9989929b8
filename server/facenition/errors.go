package facenition

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/argument"
	"oneton/credential"
	"oneton/identitytoken"
	"oneton/server"
	"oneton/server/problem"
)

// problems are what errors of the dialect's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored, problem.Table{
	problem.For(identitytoken.ErrMalformed, fiber.StatusBadRequest, "malformed_token", "token is no identity token; send it whole, as /generate or /rotate gave it"),
	problem.For(identitytoken.ErrLowQuality, fiber.StatusBadRequest, "low_quality", "The photo is too poor to be compared; send another"),
	problem.For(identitytoken.ErrSeal, fiber.StatusForbidden, "wrong_token", "The identity token is not of this client and context, or has been altered"),
	problem.For(identitytoken.ErrNoProof, fiber.StatusForbidden, "not_proved", "The photo and the secret do not show that the token may be changed"),
	problem.For(identitytoken.ErrAccuracy, fiber.StatusConflict, "other_accuracy", "The identity token was made for another accuracy; send the one that was given to /generate"),
	problem.For(identitytoken.ErrPack, fiber.StatusConflict, "other_pack", "The identity token is of a model pack, or of a version of it, that is not loaded; make a new one of a photo"),
	problem.For(identitytoken.ErrDifferentPeople, fiber.StatusConflict, "different_people", "The images are not all of one person; send images of one"),
	problem.For(identitytoken.ErrKey, fiber.StatusGone, "key_gone", "The key that the identity token was made under is no longer used; make a new one of a photo"),
	problem.For(identitytoken.ErrExpired, fiber.StatusGone, "expired", "The identity token has expired; make a new one of a photo"),
	problem.For(identitytoken.ErrEnded, fiber.StatusGone, "ended", "The identity token was revoked or replaced"),
	problem.For(credential.ErrCode, fiber.StatusUnauthorized, "wrong_codes", "The codes are not those that were sent last; send both again, or ask for others by /new-credentials"),
	problem.For(credential.ErrCodeEnded, fiber.StatusGone, "codes_ended", "The codes have expired or were used, or were tried too often; ask for others by /new-credentials"),
	problem.For(credential.ErrUnverified, fiber.StatusForbidden, "not_verified", "The e-mail address and the phone were not verified just before; send the codes to /authenticate-credentials first, and its ticket with this request"),
	problem.For(credential.ErrOff, fiber.StatusForbidden, "not_verified", "Only verified pairs get client tokens here; use version 2"),
	problem.For(credential.ErrNotIssued, fiber.StatusForbidden, "not_issued", "The token is a key that an operator made, who alone replaces or revokes it"),
	problem.For(credential.ErrLimited, fiber.StatusTooManyRequests, "limited", "Too much was asked; Retry-After says in how many seconds to try again"),
	problem.For(credential.ErrDelivery, fiber.StatusBadGateway, "delivery_failed", "A code could not be sent; try again later"),
})

// fields are this API's names of arguments that have another.
var fields = map[string]string{"expires": "expires_in", "faces": image}

// unknown is what is said of calls that there are not, by HTTP's status.
var unknown = map[int]string{
	fiber.StatusNotFound:         "There is no such call",
	fiber.StatusMethodNotAllowed: "All calls are POST",
}

// problemOf is what an error of this API comes to.
func problemOf(err error) (server.Problem, bool) {
	if about, ok := errors.AsType[*argument.Error](err); ok {
		return problems.Problem(invalid(cmp.Or(fields[about.Argument], about.Argument), about.Reason))
	}
	if address, ok := errors.AsType[*credential.AddressError](err); ok {
		return problems.Problem(invalid(address.Field, address.Want))
	}
	if unrouted, ok := errors.AsType[*fiber.Error](err); ok && unknown[unrouted.Code] != "" {
		return server.Kind{Status: fiber.StatusNotFound, Code: "not_found", Title: unknown[unrouted.Code]}.Problem(), true
	}
	p, known := problems.Problem(err)
	if poor, ok := errors.AsType[*identitytoken.QualityError](err); ok {
		p.Field, p.Reasons = image, poor.Reasons
	}
	return p, known
}

// unauthorized says what is wrong with a client token.
func unauthorized(err error, token string) error {
	if !errors.Is(err, access.ErrUnauthorized) {
		return err
	}
	title := "The client token is wrong, has expired or was revoked; POST /generateToken makes one"
	if token == "" {
		title = "A client token is needed in the header " + headerToken + " or the field " + fieldToken + "; POST /generateToken makes one"
	}
	return server.Kind{Status: fiber.StatusUnauthorized, Code: "unauthorized", Title: title}.Problem()
}

// statuses are those that the API's clients know.
var statuses = []int{
	fiber.StatusBadRequest, fiber.StatusUnauthorized, fiber.StatusForbidden, fiber.StatusNotFound,
	fiber.StatusConflict, fiber.StatusGone, fiber.StatusTooManyRequests, fiber.StatusBadGateway,
}

// statusOf is the status that stands here for another of HTTP's.
func statusOf(p server.Problem) int {
	switch {
	case slices.Contains(statuses, p.Status):
		return p.Status
	case p.Code == "busy":
		return fiber.StatusTooManyRequests
	case p.Status >= fiber.StatusInternalServerError:
		return fiber.StatusBadGateway
	case p.Status == statusClientGone:
		return p.Status // which nobody reads but the log
	}
	return fiber.StatusBadRequest
}

// statusClientGone is of a client that has left.
const statusClientGone = 499

// refusal is the body of a refused request.
type refusal struct {
	OK bool `json:"ok"`
	// Error is a sentence for people, and Code what clients branch on.
	Error string `json:"error"`
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
}

// refuse answers that the request came to a problem.
func refuse(c *fiber.Ctx, p server.Problem) error {
	return c.Status(statusOf(p)).JSON(refusal{Error: sentence(p), Code: p.Code, Field: p.Field})
}

// sentence tells a problem in one.
func sentence(p server.Problem) string {
	if p.Code == "invalid_request" && p.Detail != "" {
		return p.Detail
	}
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if len(p.Reasons) > 0 {
		text += " (" + strings.Join(p.Reasons, ", ") + ")"
	}
	return text
}
