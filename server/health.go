package server

import (
	_ "embed"
	"fmt"

	"github.com/gofiber/fiber/v2"
)

const (
	livePath  = "/livez"
	readyPath = "/readyz"
)

// status is the body of a health answer.
type status struct {
	Status string `json:"status"`
}

// live says that the process answers.
func (s *Server) live(c *fiber.Ctx) error {
	return c.JSON(status{"ok"})
}

// readiness says whether requests should be sent here.
func (s *Server) readiness(c *fiber.Ctx) error {
	if s.stopping.Load() {
		return fmt.Errorf("report readiness: %w", ErrStopping)
	}
	if err := s.ready(c.UserContext()); err != nil {
		return fmt.Errorf("report readiness: %w: %w", ErrNotReady, err)
	}
	return c.JSON(status{"ok"})
}

//go:embed openapi.yaml
var description []byte

// describe serves the API's description.
func describe(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/yaml")
	return c.Send(description)
}
