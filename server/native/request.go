package native

import (
	"math"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// read decodes a request's query and body into the struct that into points to,
// which says how large the body may be.
func read(c *fiber.Ctx, into any) error {
	largest := server.PlainBody
	if decode.TakesPhoto(into) {
		largest = math.MaxInt
	}
	body, err := server.Body(c, largest)
	if err != nil {
		return err
	}
	return decode.Request(c.Get(fiber.HeaderContentType), c.Request().URI().QueryString(), body, into)
}

// segment is a path parameter, unescaped. One that cannot be unescaped stands
// for itself, and names nothing.
func segment(c *fiber.Ctx, name string) string {
	s, err := url.PathUnescape(c.Params(name))
	if err != nil {
		return c.Params(name)
	}
	return s
}

// escape makes a name one segment of a path.
func escape(name string) string { return url.PathEscape(name) }

// position is the change-log position the request asks for, 0 when none.
func position(c *fiber.Ctx) (uint64, error) {
	text := c.Get(server.HeaderPosition)
	if text == "" {
		return 0, nil
	}
	p, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, decode.Invalid(server.HeaderPosition, "must be a whole number")
	}
	return p, nil
}

// gone answers a deletion, or its error.
func gone(c *fiber.Ctx, position uint64, err error) error {
	if err != nil {
		return err
	}
	server.SetPosition(c, position)
	return c.SendStatus(fiber.StatusNoContent)
}

// Bounds on the rows of one page.
const (
	defaultPage = 100
	maxPage     = 1000
)

// pageRequest asks for a page of a list.
type pageRequest struct {
	After string `param:"after"`
	Limit *int   `param:"limit"`
}

func readPage(c *fiber.Ctx) (store.Page, error) {
	var r pageRequest
	if err := read(c, &r); err != nil {
		return store.Page{}, err
	}
	return r.page()
}

func (r pageRequest) page() (store.Page, error) {
	p := store.Page{After: r.After, Limit: defaultPage}
	if r.Limit != nil {
		if *r.Limit < 1 || *r.Limit > maxPage {
			return store.Page{}, decode.Invalid("limit", "must be 1 to 1000")
		}
		p.Limit = *r.Limit
	}
	return p, nil
}

// paged fetches a page and converts its rows. It asks for one row more, to
// tell whether another page follows; next is then the last row's name.
func paged[Row, Out any](p store.Page, fetch func(store.Page) ([]Row, error), convert func(Row) Out, name func(Row) string) (out []Out, next string, err error) {
	rows, err := fetch(store.Page{After: p.After, Limit: p.Limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		next = name(rows[len(rows)-1])
	}
	out = make([]Out, len(rows))
	for i, r := range rows {
		out[i] = convert(r)
	}
	return out, next, nil
}
