// Package problem tells what the errors of the house's rooms come to, in the
// terms of RFC 9457. An API makes its own table of those that its calls meet.
package problem

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
)

// Table maps errors to what they look like to a client; the first that matches
// counts.
type Table []Row

// Row is one error.
type Row struct {
	Err error
	server.Kind
}

// For is the row of an error.
func For(err error, status int, code, title string) Row {
	return Row{err, server.Kind{Status: status, Code: code, Title: title}}
}

// Problem is what an error of the table comes to. Its field, detail and reasons
// are those of the error, where they are safe to show.
func (t Table) Problem(err error) (server.Problem, bool) {
	if fault, ok := errors.AsType[*decode.Error](err); ok {
		p := invalid.Problem()
		p.Detail, p.Field = fault.Error(), fault.Field
		return p, true
	}
	for _, row := range t {
		if errors.Is(err, row.Err) {
			p := row.Kind.Problem()
			if p.Status < fiber.StatusInternalServerError {
				p.Field = fieldOf(err)
			}
			p.Detail, p.Reasons = detailOf(err, p.Field), reasonsOf(err)
			return p, true
		}
	}
	return server.Problem{}, false
}
