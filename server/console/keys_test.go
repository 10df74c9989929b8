package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/browsertest"
	"oneton/store"
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

// Who revokes the key that made the one of the page is told so, and keeps that one unless
// it is to go, too.
func TestKeysPageOfAMaker(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	first, old, err := h.Truth.Access.Create(ctx, h.tenant, "old", []string{access.All})
	require.NoError(t, err)
	_, between, err := h.Truth.Access.Issue(ctx, store.Actor{Tenant: h.tenant, Key: old.ID}, "between", []string{access.All}, time.Time{})
	require.NoError(t, err)
	own, _, err := h.Truth.Access.Issue(ctx, store.Actor{Tenant: h.tenant, Key: between.ID}, "own", []string{access.All}, time.Time{})
	require.NoError(t, err)
	p := h.pageOf(t, own, "#/keys")
	p.Use("Revoke old")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Shows("It made the key that you are signed in with")
	require.True(t, browsertest.Eval[bool](p, `document.querySelector("dialog [name=keep]").checked`))
	p.Shots("keys-revoke-maker")
	p.Use("Revoke it")
	p.Shows("The key is revoked.")
	_, err = h.Truth.Access.Authenticate(ctx, first)
	require.Error(t, err)
	_, err = h.Truth.Access.Authenticate(ctx, own)
	require.NoError(t, err)
	p.Use("Revoke own")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Shows("you are signed out, too")
	require.False(t, browsertest.Eval[bool](p, `Boolean(document.querySelector("dialog [name=keep]"))`), "it made none")
	p.Press(browsertest.Escape)
	p.Until(`!document.querySelector("dialog")`)
	p.Clean()
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
