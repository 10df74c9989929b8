package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// Who signs in sees galleries, makes one by keyboard alone, and is taken there.
func TestOverview(t *testing.T) {
	h := open(t)
	p := h.page(t, "#/")
	p.Shows("There is nobody here yet")
	p.Shots("overview-empty")
	p.Use("Make a gallery")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Shots("overview-make")
	p.Fill("Name", "staff")
	p.Press(browsertest.Enter)
	p.Until(`location.hash === "#/galleries/staff" && document.querySelector("h1").innerText === "staff"`)
	require.Equal(t, "staff", browsertest.Eval[string](p, `document.activeElement.innerText`), "whoever cannot see is taken to what is new")
	for _, word := range []string{"taken, with a warning", "not looked for", "not kept"} {
		p.Shows(word)
	}
	p.Shots("gallery")
	p.Go(h.url + "/console/#/")
	p.Until(`document.querySelector(".cards")`)
	require.Contains(t, p.Text("main"), "staff")

	h.gallery(t, "visitors", map[string]string{"barack": "obama.jpg", "joe": "biden.jpg"})
	h.gallery(t, "residents", map[string]string{"barack": "obama.jpg"})
	for photo, match := range map[string]string{"obama2.jpg": "one", "astronaut.png": "nobody"} {
		var a struct{ Match string }
		h.native(t, "POST", "/v1/galleries/visitors/search", h.photo(t, photo)).into(t, &a)
		require.Equal(t, match, a.Match)
	}
	p.Go(h.url + "/console/#/keys")
	p.Shows("A key that is made here")
	p.Go(h.url + "/console/#/")
	p.Shows("1 one, 0 several, 1 nobody")
	figures := browsertest.Eval[[]string](p, `[...document.querySelectorAll(".figures dd")].map((d) => d.innerText.split("\n")[0])`)
	require.Equal(t, []string{"3", "2", "3", "Up to date", "1"}, figures)
	require.Equal(t, []string{"1 face", "0 faces", "2 faces"}, browsertest.Eval[[]string](p, `[...document.querySelectorAll(".card .big")].map((d) => d.innerText)`))
	p.Shots("overview")
	p.Clean()
}
