package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever begins is taken from an empty server to two people, one who is found again and
// a stranger, by keyboard alone.
func TestTour(t *testing.T) {
	h := open(t)
	p := h.page(t, "#/")
	p.Use("Take the tour")
	p.Until(`location.hash === "#/tour" && document.querySelector(".steps .open")`)
	p.Until(`[...document.images].every((i) => i.complete && i.naturalWidth)`)
	p.Shots("tour-begin")
	p.Use("Enrol both")
	p.Shows("Both are enrolled.")
	p.Use("Who is this?")
	p.Shows("One person: Barack Obama.")
	p.Use("And this?")
	p.Shows("Nobody that is enrolled.")
	p.Shots("tour-end")
	require.Equal(t, http.StatusOK, h.native(t, "GET", "/v1/galleries/demo/subjects/joe-biden", nil).StatusCode)
	p.Use("Delete the demo")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Delete it")
	p.Shows("There is nobody here yet")
	require.Equal(t, http.StatusNotFound, h.native(t, "GET", "/v1/galleries/demo", nil).StatusCode)
	p.Clean()
}
