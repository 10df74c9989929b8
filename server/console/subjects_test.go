package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// The people of a gallery are listed and found by filters, and each of the things that can
// be done to one is done by keyboard alone.
func TestSubjects(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg", "barack": "obama2.jpg", "biden": "biden.jpg"})
	h.gallery(t, "former", map[string]string{"p00": "obama.jpg"})
	h.gallery(t, "nobody", nil)
	staff := "/v1/galleries/staff/subjects/"
	patched := h.native(t, http.MethodPatch, staff+"biden", map[string]any{"metadata": map[string]string{"team": hostile, hostile[:60]: "x"}})
	require.Equal(t, http.StatusOK, patched.StatusCode, "%s", patched.body)
	there := func(subject string) int {
		t.Helper()
		return h.native(t, http.MethodGet, staff+url.PathEscape(subject), nil).StatusCode
	}

	p := h.page(t, "#/galleries/nobody/subjects")
	p.Shows("Nobody is here yet")
	p.Shots("subjects-empty")
	p.Use("Enrol a person")
	p.Until(`location.hash === "#/galleries/nobody/enrol"`)
	p.Go(h.url + "/console/#/galleries/staff/subjects")
	p.Shows("3 people, 3 faces")
	for _, id := range []string{"obama", "barack", "biden"} {
		p.Shows(id)
	}
	unharmed(t, p)
	p.Size(browsertest.Desk)
	require.True(t, browsertest.Eval[bool](p, `[...document.querySelectorAll("tbody th a")].every((a) => a.getClientRects().length === 1)`), "an id is not broken where there is room")
	p.Shots("subjects")

	// By filters.
	p.Use("Filter")
	p.Fill("Id begins with", "b")
	p.Press(browsertest.Enter)
	p.Until(`document.querySelectorAll("tbody tr").length === 2`)
	require.Contains(t, browsertest.Eval[string](p, `location.hash`), "prefix=b", "the address says it")
	p.Go(h.url + "/console/#/galleries/staff/subjects?photos=none")
	p.Shows("Nobody passes this filter.")
	p.Shots("subjects-filtered")

	// What is known is changed, and not what somebody else changed meanwhile.
	p.Go(h.url + "/console/#/galleries/staff/subjects/obama")
	p.Until(`document.querySelector("textarea") && document.querySelector(".face img, .face canvas")`)
	p.Shots("subject")
	p.Fill("One a line, as in: department = sales", "team = blue")
	p.Use("Save")
	p.Shows("team: blue")
	h.native(t, http.MethodPatch, staff+"obama", map[string]any{"metadata": map[string]string{"team": "red"}})
	p.Fill("One a line, as in: department = sales", "\nfloor = 3")
	p.Use("Save")
	p.Until(`document.querySelector("form [role=alert]")?.innerText`)
	p.Go(h.url + "/console/#/galleries/staff/subjects/biden")
	p.Shows("Faces")
	unharmed(t, p)

	// Look-alikes, and two who are one.
	p.Go(h.url + "/console/#/galleries/staff/subjects/barack")
	p.Until(`document.querySelector("textarea")`)
	p.Use("Look")
	p.Until(`document.querySelector("table a")?.innerText === "obama"`)
	p.Shots("subject-alike")
	p.Use("They are one: barack and obama")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Press(browsertest.Enter)
	p.Until(`location.hash.endsWith("/subjects/obama") && document.querySelectorAll(".faces li").length === 2`)
	require.Equal(t, http.StatusNotFound, there("barack"))

	// A face becomes another person's.
	p.Reach("Choose face 2")
	p.Press(" ")
	p.Use("Make another person of the chosen faces")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Fill("The other person's id", "barry")
	p.Press(browsertest.Enter)
	p.Until(`location.hash.endsWith("/subjects/barry") && document.querySelectorAll(".faces li").length === 1`)
	require.Equal(t, http.StatusOK, there("barry"))

	// A person goes to another gallery; one whose id is taken there is told so.
	p.Use("Move to another gallery")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Reach("Gallery")
	p.Reach("Id there (optional)")
	p.Press("p00")
	p.Press(browsertest.Enter)
	p.Until(`document.querySelector("dialog[open] .wrong:not([hidden]), dialog[open] [role=alert]:not(:empty)")`)
	p.Press(browsertest.Escape)
	p.Until(`!document.querySelector("dialog[open]")`)
	p.Use("Move to another gallery")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Reach("Gallery")
	p.Press(browsertest.Enter)
	p.Use("Move")
	p.Until(`location.hash === "#/galleries/former/subjects/barry"`)
	require.Equal(t, http.StatusNotFound, there("barry"))
	require.Equal(t, http.StatusOK, h.native(t, http.MethodGet, "/v1/galleries/former/subjects/barry", nil).StatusCode)

	// A deletion that is taken back, and one at once.
	p.Go(h.url + "/console/#/galleries/staff/subjects/biden")
	p.Until(`document.querySelector("textarea")`)
	p.Use("Delete")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Shots("subject-delete")
	p.Use("Erase in a minute")
	p.Shows("Will be erased")
	p.Shots("subject-ending")
	require.Contains(t, string(h.native(t, http.MethodGet, staff+"biden", nil).body), "delete_at")
	p.Use("Undo")
	p.Until(`!document.querySelector(".page").innerText.includes("Will be erased")`)
	require.NotContains(t, string(h.native(t, http.MethodGet, staff+"biden", nil).body), "delete_at")
	p.Use("Delete")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Erase now")
	p.Until(`location.hash === "#/galleries/staff/subjects"`)
	require.Equal(t, http.StatusNotFound, there("biden"))
	p.Clean()

	// Who may only read is offered nothing else.
	key, _ := h.newKey("read")
	p = h.pageOf(t, key, "#/galleries/staff/subjects/obama")
	p.Shows("Quality")
	for _, verb := range []string{"Merge", "Move", "Delete", "Look", "Save", "Choose"} {
		require.NotContains(t, p.Text(".page"), verb)
	}
	p.Clean()
}
