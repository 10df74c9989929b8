package capture_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/server/browsertest"
)

// look holds that nothing keeps people from using what is shown, on a phone, and takes
// pictures of it there and on a computer.
func (b tab) look(name string) {
	b.Helper()
	b.Axe()
	for _, size := range []browsertest.Size{browsertest.Desk, browsertest.Phone} {
		b.Size(size)
		b.Picture(name + "-" + size.Name)
	}
}

// In every state, in light and dark, from left and from right, nothing keeps people from
// using the page.
func TestEveryStateIsUsable(t *testing.T) {
	film := portrait(t, "obama.jpg")
	for _, c := range []struct{ lang, scheme, motion string }{
		{"en", "light", "no-preference"}, {"es", "dark", "reduce"}, {"ar", "light", "reduce"}, {"ar", "dark", "no-preference"},
	} {
		t.Run(c.lang+" "+c.scheme, func(t *testing.T) {
			s := newSessions()
			s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
			s.plan = []facesession.StepKind{facesession.TurnLeft}
			s.verdicts = []facesession.Progress{{Failed: facesession.LivenessFailed, Reason: "not_turned"}}
			base := serve(t, s) + "/session/"
			b := browse(t, film)
			b.Likes(c.scheme, c.motion)
			words := texts(t, c.lang)
			look := func(name string) {
				t.Helper()
				b.look(name + "-" + c.lang + "-" + c.scheme)
			}
			b.Go(base + "00000000-0000-4000-8000-000000000000?lang=" + c.lang)
			b.in("failed")
			look("gone")

			b.Go(base + sessionID + "?lang=" + c.lang)
			require.Equal(t, words["intro.heading"], b.in("intro"))
			b.Until(`!document.getElementById("first").disabled`)
			look("intro")
			b.Click("#first")
			b.in("camera")
			b.Until(`document.getElementById("heading").innerText === "` + words["guide.closer"] + `"`)
			b.Until(`document.getElementById("say").innerText === "` + words["guide.closer"] + `"`)
			look("guide")
			b.Click("#cancel")
			b.Until(`document.getElementById("sure").open`)
			look("sure")
			b.Click("#stay")
			b.Until(`!document.getElementById("sure").open`)
			s.guide(facesession.GuideOK)
			b.Until(`document.getElementById("heading").innerText === "` + words["step.turn_left"] + `"`)
			b.Until(`document.getElementById("say").innerText.startsWith("` + words["step.turn_left"] + `")`)
			require.True(t, browsertest.Eval[bool](b.Page, `document.getElementById("left").classList.contains("on")`), "an arrow to the person's left, in a mirror")
			look("step")
			require.Equal(t, words["again.heading"], b.in("again"))
			require.Contains(t, b.Text("#text"), words["reason.not_turned"])
			require.Equal(t, "heading", browsertest.Eval[string](b.Page, `document.activeElement.id`), "whoever cannot see is taken to what is new")
			look("again")
			b.Click("#first")
			require.Equal(t, words["done.heading"], b.in("done"))
			look("done")
		})
	}
}

func TestRefusedCameraIsUsable(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		b := browse(t, noCamera)
		b.Likes(scheme, "reduce")
		b.Go(serve(t, newSessions()) + "/session/" + sessionID)
		b.Click("#first")
		require.Equal(t, "No camera was found", b.in("failed"))
		b.look("no-camera-en-" + scheme)
	}
}
