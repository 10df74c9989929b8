package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// Signing in and out by keyboard alone.
func TestDoor(t *testing.T) {
	h := open(t)
	p := h.blank(t)
	p.Go(h.url + "/console/")
	p.Until(`document.activeElement?.name === "key"`)
	p.Shots("door")
	p.Press("ot_wrong", browsertest.Enter)
	p.Shows("unknown, wrong, revoked or ended")
	p.Shots("door-wrong")
	p.Do()
	p.Go(h.url + "/console/#/galleries/absent")
	p.Until(`document.activeElement?.name === "key"`)
	p.Press(h.key, browsertest.Enter)
	p.Until(`document.querySelector(".frame h1")?.innerText === "absent"`)
	p.Shows("There is no such thing")
	p.Shots("failed")
	p.Size(browsertest.Desk)
	p.Use("Sign out")
	p.Shows("You are signed out.")
	require.NotContains(t, p.Shown(), "absent")
	p.Clean()
}
