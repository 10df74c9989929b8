package twoface

import (
	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/server"
	"oneton/store"
)

// open begins a session, and answers with its token.
func (d *dialect) open(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Type string `param:"type"`
	}
	if err := read(c, 0, &r); err != nil {
		return err
	}
	if err := among("`type`", r.Type, ",", kyc.Kinds()); err != nil {
		return err
	}
	token, err := d.service.OpenSession(c.UserContext(), by, kyc.Kind(r.Type))
	if err != nil {
		return err
	}
	return answer(c, token)
}

// closeSession ends the session with what its client says it came to, and answers
// with the id of its attempt.
func (d *dialect) closeSession(c *fiber.Ctx, s kyc.Session) error {
	var r struct {
		Status string `param:"status"`
	}
	if err := read(c, 0, &r); err != nil {
		return err
	}
	if err := among("`status`", r.Status, ",", kyc.Closings()); err != nil {
		return err
	}
	attempt, err := d.service.CloseSession(c.UserContext(), server.ActorOf(c), s, kyc.Status(r.Status))
	if err != nil {
		return err
	}
	return answer(c, attempt)
}
