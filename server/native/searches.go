package native

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/index"
	"oneton/store"
)

// searchedAnswer is how a search was made. It tells nothing of who was searched or
// found.
type searchedAnswer struct {
	At       time.Time   `json:"at"`
	Gallery  string      `json:"gallery"`
	Pack     string      `json:"pack"`
	Request  string      `json:"request_id"`
	Probes   int         `json:"probes"`
	Faces    int         `json:"faces"`
	Rows     int         `json:"rows"`
	Bytes    int64       `json:"bytes,omitempty"`
	Rescored int         `json:"rescored"`
	Proof    index.Proof `json:"proof"`
	Timings  *timings    `json:"timings"`
}

func searchedOf(s identify.Searched) searchedAnswer {
	return searchedAnswer{
		At: s.At, Gallery: s.Gallery, Pack: s.Pack, Request: s.Request, Probes: s.Probes, Faces: s.Faces,
		Rows: s.Work.Rows, Bytes: s.Work.Bytes, Rescored: s.Work.Rescored, Proof: s.Work.Proof, Timings: timingsOf(true, s.Timings),
	}
}

func (api *api) searches(c *fiber.Ctx, by store.Actor) error {
	if err := read(c, &struct{}{}); err != nil {
		return err
	}
	a := struct {
		Searches []searchedAnswer `json:"searches"`
	}{[]searchedAnswer{}}
	for _, s := range api.service.Searches(by) {
		a.Searches = append(a.Searches, searchedOf(s))
	}
	return c.JSON(a)
}
