package native

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/problem"
)

// ErrPrecondition means that what was to be changed is no longer, or already,
// as the request's conditions say.
var ErrPrecondition = errors.New("native: precondition failed")

// problems are what errors of the API's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored, problem.Table{
	problem.For(identify.ErrTooManyFaces, fiber.StatusConflict, "too_many_faces", "The subject has as many faces as one may have, 1,000; delete some, or enrol another subject"),
	problem.For(identify.ErrPositionAhead, fiber.StatusConflict, "position_ahead", "The change log has not come as far as the position"),
	problem.For(ErrPrecondition, fiber.StatusPreconditionFailed, "precondition_failed", "This is another version than the one that If-Match or If-None-Match asks for; read it again"),
})
