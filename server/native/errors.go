package native

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/problem"
	"oneton/store"
	"oneton/webhook"
)

// ErrPrecondition means that what was to be changed is no longer, or already,
// as the request's conditions say.
var ErrPrecondition = errors.New("native: precondition failed")

// problems are what errors of the API's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored, problem.Table{
	problem.For(identify.ErrTooManyFaces, fiber.StatusConflict, "too_many_faces", "The subject has as many faces as one may have, 1,000; delete some, or enrol another subject"),
	problem.For(identify.ErrPositionAhead, fiber.StatusConflict, "position_ahead", "The change log has not come as far as the position"),
	problem.For(webhook.ErrInvalid, fiber.StatusBadRequest, "invalid_request", "The request is not valid"),
	problem.For(webhook.ErrAddress, fiber.StatusUnprocessableEntity, "webhook_address", "The URL leads to an address or a port that webhooks are not sent to"),
	problem.For(webhook.ErrUnverified, fiber.StatusUnprocessableEntity, "webhook_unverified", "What answers at the URL did not return the challenge"),
	problem.For(webhook.ErrSealed, fiber.StatusConflict, "webhook_sealed", "The webhook's keys were made under a secret that the server does not have; rotate them"),
	problem.For(webhook.ErrTooMany, fiber.StatusConflict, "too_many_webhooks", "The tenant has as many webhooks as one may have, 50; delete some"),
	problem.For(webhook.ErrDisabled, fiber.StatusConflict, "webhook_disabled", "The webhook is disabled; enable it first"),
	problem.For(webhook.ErrBusy, fiber.StatusServiceUnavailable, "busy", "Receivers of the tenant are being verified already; try again shortly"),
	problem.For(store.ErrConflict, fiber.StatusPreconditionFailed, "precondition_failed", "The webhook was changed while its receiver was verified; read it again"),
	problem.For(ErrPrecondition, fiber.StatusPreconditionFailed, "precondition_failed", "This is another version than the one that If-Match or If-None-Match asks for; read it again"),
})
