package console_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// A key is made, shown once and revoked by keyboard alone, and names are no markup.
func TestKeysPage(t *testing.T) {
	h := open(t)
	_, _, err := h.Truth.Access.Create(t.Context(), h.tenant, hostile, []string{"search"})
	require.NoError(t, err)
	p := h.page(t, "#/keys")
	p.Shows(hostile)
	unharmed(t, p)
	p.Shots("keys")
	p.Use("Make a key")
	p.Until(`document.querySelector("dialog[open] input")`)
	p.Shots("keys-make")
	p.Fill("Name", "door 3")
	p.Reach("search search; with insert the key also needs enrol")
	p.Press(browsertest.Space)
	p.Until(`document.querySelector("dialog details code").textContent.includes('"scopes":["search"]')`)
	p.Use("Make it")
	p.Until(`document.getElementById("new-key")`)
	p.Shots("keys-made")
	made := p.Text("#new-key")
	_, err = h.Truth.Access.Authenticate(t.Context(), made)
	require.NoError(t, err)
	p.Use("Done")
	p.Until(`!document.querySelector("dialog") && document.querySelector("tbody")?.innerText.includes("door 3")`)
	require.NotContains(t, p.Shown(), made[strings.LastIndex(made, "_"):])
	p.Use("Revoke door 3")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Revoke it")
	p.Shows("The key is revoked.")
	_, err = h.Truth.Access.Authenticate(t.Context(), made)
	require.Error(t, err)
	unharmed(t, p)
}

// A question that is put away is over at once, also for what asked it: whoever presses
// the same button again before the browser has drawn a frame is asked again.
func TestQuestionIsOverAtOnce(t *testing.T) {
	h := open(t)
	p := h.page(t, "#/keys")
	p.Use("Make a key")
	p.Until(`document.querySelector("dialog[open]")`)
	require.Equal(t, "Make a key", browsertest.Eval[string](p, `(async () => {
		document.querySelector("dialog").requestClose(); // as Escape does
		for (let i = 0; i < 20; i++) await null; // no frame is drawn meanwhile
		const at = document.activeElement.innerText.trim();
		document.activeElement.click();
		return at;
	})()`), "the question gives back the focus")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Press(browsertest.Escape)
	p.Until(`!document.querySelector("dialog")`)
	p.Clean()
}
