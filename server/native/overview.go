package native

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"oneton/store"
)

// Standing tells how the server is, from what it has in memory.
type Standing interface {
	// Positions are how far the change log and the index here have come.
	Positions(ctx context.Context) (log, index uint64, err error)
	// Packs are the loaded ones, the default first.
	Packs() []string
	// Enrolled is how many faces of a gallery searches look at here.
	Enrolled(ctx context.Context, by store.Actor, g store.Gallery) (int, error)
}

type standingAnswer struct {
	Name    string  `json:"name"`
	Pack    string  `json:"pack"`
	FPIR    float64 `json:"fpir"`
	Faces   int     `json:"faces"`
	Damaged bool    `json:"damaged,omitempty"`
}

// overview tells of the galleries and of the server what costs next to nothing: no table
// is counted.
func (api *api) overview(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Galleries []standingAnswer `json:"galleries"`
		Next      string           `json:"next,omitempty"`
		Packs     []string         `json:"packs"`
		Position  struct {
			Log   uint64 `json:"log"`
			Index uint64 `json:"index"`
		} `json:"position"`
		LastHour counts `json:"last_hour"`
	}
	var failed error
	a.Galleries, a.Next, err = paged(p, func(p store.Page) ([]store.Gallery, error) {
		return api.service.Galleries(c.UserContext(), by, p)
	}, func(g store.Gallery) standingAnswer {
		faces, err := api.standing.Enrolled(c.UserContext(), by, g)
		if err != nil {
			failed = err
		}
		return standingAnswer{Name: g.Name, Pack: g.Pack, FPIR: g.Policy.FPIR, Faces: faces, Damaged: g.Damage != ""}
	}, func(g store.Gallery) string { return g.Name })
	if err == nil {
		err = failed
	}
	if err == nil {
		a.Position.Log, a.Position.Index, err = api.standing.Positions(c.UserContext())
	}
	if err != nil {
		return err
	}
	a.Packs, a.LastHour = api.standing.Packs(), api.tally.of(by.Tenant)
	return c.JSON(a)
}
