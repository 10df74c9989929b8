package capture_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/setup"
)

// pictures is a folder for pictures of the page in each state; empty takes none.
var pictures = flag.String("pictures", "", "folder for pictures of the page in each state")

// picture takes one, as wide as a phone and as a computer are.
func (b *tab) picture(name string) {
	b.Helper()
	if *pictures == "" {
		return
	}
	for width, size := range map[string][2]int64{"390": {390, 844}, "1440": {1440, 900}} {
		b.do(chromedp.EmulateViewport(size[0], size[1], chromedp.EmulatePortrait))
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(*pictures, name+"-"+width+".png"), png, 0o600))
	}
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulatePortrait))
}

// usable holds that axe finds nothing that keeps people from using what is shown.
func (b *tab) usable(name string) {
	b.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Scripts)
	require.NoError(b, err, "'make setup' comes before the tests")
	axe, err := os.ReadFile(filepath.Join(paths.Scripts, "axe.min.js"))
	require.NoError(b, err)
	b.do(chromedp.Evaluate[chromedp.Void](string(axe) + ";void 0"))
	type finding struct{ ID, Impact, Help, Where string }
	found := eval[[]finding](b, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
		({ID: v.id, Impact: v.impact, Help: v.help, Where: v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n")})))`)
	for _, f := range found {
		b.Logf("%s: axe: %s %s: %s\n%s", name, f.Impact, f.ID, f.Help, f.Where)
		require.NotContains(b, []string{"serious", "critical"}, f.Impact, name)
	}
	wide := eval[bool](b, `document.documentElement.scrollWidth > innerWidth`)
	require.False(b, wide, "%s is wider than a phone", name)
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
			b.likes(c.scheme, c.motion)
			words := texts(t, c.lang)
			look := func(name string) {
				t.Helper()
				b.usable(name)
				b.picture(name + "-" + c.lang + "-" + c.scheme)
			}
			b.open(base + "00000000-0000-4000-8000-000000000000?lang=" + c.lang)
			b.in("failed")
			look("gone")

			b.open(base + sessionID + "?lang=" + c.lang)
			require.Equal(t, words["intro.heading"], b.in("intro"))
			b.until(`!document.getElementById("first").disabled`)
			look("intro")
			b.click("#first")
			b.in("camera")
			b.until(`document.getElementById("heading").innerText === "` + words["guide.closer"] + `"`)
			b.until(`document.getElementById("say").innerText === "` + words["guide.closer"] + `"`)
			look("guide")
			b.click("#cancel")
			b.until(`document.getElementById("sure").open`)
			look("sure")
			b.click("#stay")
			b.until(`!document.getElementById("sure").open`)
			s.guide(facesession.GuideOK)
			b.until(`document.getElementById("heading").innerText === "` + words["step.turn_left"] + `"`)
			b.until(`document.getElementById("say").innerText.startsWith("` + words["step.turn_left"] + `")`)
			require.True(t, eval[bool](b, `document.getElementById("left").classList.contains("on")`), "an arrow to the person's left, in a mirror")
			look("step")
			require.Equal(t, words["again.heading"], b.in("again"))
			require.Contains(t, b.text("#text"), words["reason.not_turned"])
			require.Equal(t, "heading", eval[string](b, `document.activeElement.id`), "whoever cannot see is taken to what is new")
			look("again")
			b.click("#first")
			require.Equal(t, words["done.heading"], b.in("done"))
			look("done")
		})
	}
}

func TestRefusedCameraIsUsable(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		b := browse(t, noCamera)
		b.likes(scheme, "reduce")
		b.open(serve(t, newSessions()) + "/session/" + sessionID)
		b.click("#first")
		require.Equal(t, "No camera was found", b.in("failed"))
		b.usable("no camera")
		b.picture("no-camera-en-" + scheme)
	}
}
