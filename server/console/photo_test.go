package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// A photo comes from the camera, by being dropped and by being pasted, wherever one is
// asked for; the camera is off when it was taken, and one that is not there is told.
func TestPhotosByEveryWay(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg", "biden": "biden.jpg"})
	b, err := browsertest.Start(browsertest.Chromium(t), browsertest.Camera(browsertest.Film(t, h.photo(t, "obama2.jpg")))...)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	p := b.Page(t)
	p.Before(`{ const of = navigator.mediaDevices; if (of) { const open = of.getUserMedia.bind(of); window.tracks = [];
		of.getUserMedia = async (how) => { const stream = await open(how); tracks.push(...stream.getTracks()); return stream; }; } }`)
	shoot := func() {
		t.Helper()
		p.Use("Use the camera")
		p.Until(`document.querySelector("dialog[open] video")?.videoWidth > 0`)
		p.Axe()
		p.Use("Take it")
		p.Until(`tracks.length > 0 && tracks.every((t) => t.readyState === "ended")`)
	}

	h.enter(t, p, h.key, "#/galleries/staff/who")
	shoot()
	p.Shows("This is obama")
	p.Drop(h.photoFile(t, "biden.jpg"))
	p.Shows("This is biden")
	p.Paste("image/jpeg", h.photo(t, "obama3.jpg"))
	p.Shows("This is obama")
	p.Use("Use the camera")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Press(browsertest.Escape)
	p.Until(`!document.querySelector("dialog") && tracks.every((t) => t.readyState === "ended")`)

	p.Go(h.url + "/console/#/galleries/staff/enrol")
	p.Until(`document.querySelector("h1").innerText === "Enrol a person" && document.querySelector(".picker")`)
	shots := func(number string) {
		t.Helper()
		p.Until(`document.querySelectorAll(".shot").length === ` + number + ` && !document.querySelector(".shot .loading, .picker[aria-busy]")`)
	}
	shoot()
	shots("1")
	p.Drop(h.photoFile(t, "obama.jpg"), h.photoFile(t, "obama3.jpg"))
	shots("3")
	p.Paste("image/jpeg", h.photo(t, "obama2.jpg"))
	shots("4")
	p.Clean()

	without := h.page(t, "#/galleries/staff/who")
	without.Use("Use the camera")
	without.Shows("No camera was found.")
	without.Clean()
}
