package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"
)

const (
	livePath  = "/livez"
	readyPath = "/readyz"
)

// status is the body of a health answer.
type status struct {
	Status string `json:"status"`
	// SetAside counts the faces that searches do not see, and Faces names some.
	SetAside int      `json:"set_aside,omitempty"`
	Faces    []string `json:"faces,omitempty"`
	// Damaged are the kinds of what else is damaged, with how many there are.
	Damaged map[string]int `json:"damaged,omitempty"`
	// Off is what this server does not do, and why.
	Off map[string]string `json:"off,omitempty"`
}

// Degraded is a readiness that says so: requests are served, but searches do
// not see, or not by their metadata, some faces that are damaged, or something
// else is damaged.
type Degraded struct {
	// SetAside is their number, or a lower bound of it; Faces are the ids of
	// some.
	SetAside int
	Faces    []string
	// Damaged are kinds, as store.Damaged has them, with how many there are.
	Damaged map[string]int
}

// Error counts the faces.
func (d *Degraded) Error() string {
	return fmt.Sprintf("server: %d faces are damaged and set aside, and %v", d.SetAside, d.Damaged)
}

// Health is what a server tells of the service behind it.
type Health struct {
	// Ready tells whether requests can be served now, if in part only by
	// *Degraded.
	Ready func(context.Context) error
	// Problem tells what an error of Ready comes to, as an API's does.
	Problem func(err error) (Problem, bool)
	// Off names what is not done here for want of a program or of models, and says
	// why; requests that do without are served. Nil is nothing.
	Off func() map[string]string
}

// home is what the server answers where no API is: how it is, and what
// describes the APIs.
func (s *Server) home(apis []API) API {
	described := slices.DeleteFunc(slices.Clone(apis), func(api API) bool { return api.Description.Path == "" })
	var paths []string
	for _, api := range described {
		paths = append(paths, api.Description.Path)
	}
	return API{Name: "server", Prefixes: []string{""}, Description: Description{Path: "/"}, Problem: s.health.Problem, Routes: func(r fiber.Router) {
		r.Get(livePath, s.live)
		r.Get(readyPath, s.readiness)
		r.Get("/", func(c *fiber.Ctx) error {
			return c.JSON(struct {
				Name         string   `json:"name"`
				Descriptions []string `json:"descriptions"`
			}{"oneton", paths})
		})
		for _, api := range described {
			r.Get(api.Description.Path, func(c *fiber.Ctx) error {
				c.Set(fiber.HeaderContentType, "application/yaml")
				return c.Send(api.Description.YAML)
			})
		}
	}}
}

// live says that the process answers.
func (s *Server) live(c *fiber.Ctx) error {
	return c.JSON(status{Status: "ok"})
}

// readiness says whether requests should be sent here.
func (s *Server) readiness(c *fiber.Ctx) error {
	if s.stopping.Load() {
		return fmt.Errorf("report readiness: %w", ErrStopping)
	}
	err := s.health.Ready(c.UserContext())
	var off map[string]string
	if s.health.Off != nil {
		off = s.health.Off()
	}
	if d, ok := errors.AsType[*Degraded](err); ok {
		return c.JSON(status{Status: "degraded", SetAside: d.SetAside, Faces: d.Faces, Damaged: d.Damaged, Off: off})
	}
	if err != nil {
		return fmt.Errorf("report readiness: %w: %w", ErrNotReady, err)
	}
	return c.JSON(status{Status: "ok", Off: off})
}
