package uqudo

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/problem"
)

// ErrTokenKey means that a key for signing tokens is too short, or that there is
// none.
var ErrTokenKey = errors.New("uqudo: token key too short")

// problems are what errors of the dialect's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored)

// problemOf answers 400 where problems say 422: this API knows no other status
// for a photo that cannot be used.
func problemOf(err error) (server.Problem, bool) {
	p, ok := problems.Problem(err)
	if p.Status == fiber.StatusUnprocessableEntity {
		p.Status = fiber.StatusBadRequest
	}
	return p, ok
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
