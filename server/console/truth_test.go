package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// search asks who is on a demo photo.
func (h *house) search(t testing.TB, gallery, photo string) (found struct{ Match, Review string }) {
	t.Helper()
	a := h.native(t, http.MethodPost, "/v1/galleries/"+gallery+"/search", h.photo(t, photo))
	require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
	a.into(t, &found)
	return found
}

// What the last searches went over is shown, and nothing of who was found.
func TestHowExact(t *testing.T) {
	h := open(t)
	p := h.page(t, "#/searches")
	p.Shows("No searches yet")
	p.Shots("searches-empty")
	h.gallery(t, "staff", map[string]string{"barack": "obama.jpg", "joe": "biden.jpg"})
	h.search(t, "staff", "obama2.jpg")
	p.Use("Look again")
	p.Shows("Where the time went")
	require.Contains(t, p.Text("main"), "exact")
	require.Contains(t, p.Text("main"), "staff")
	require.NotContains(t, p.Text("main"), "barack")
	p.Shots("searches")
	p.Clean()

	narrow, _ := h.newKey("search")
	denied := h.pageOf(t, narrow, "#/searches")
	denied.Shows("evaluate")
	denied.Shots("searches-denied")
	denied.Clean()
}

// The plots follow the slider before anything is saved; what is saved is what the page
// shows, and what somebody else has changed meanwhile is not lost.
func TestPolicyPage(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"barack": "obama.jpg"})
	p := h.page(t, "#/galleries/staff/policy")
	p.Shows("Known people missed")
	p.Until(`document.querySelector(".plot svg path")`)
	before := p.Text("main")
	require.Contains(t, before, "1 in 100")
	p.Reach("Strangers who may get somebody's name")
	for range 20 { // a decade to the left
		p.Press(browsertest.Left)
	}
	p.Shows("1 in 1,000")
	p.Until(`document.querySelector(".plot figcaption").innerText !== ""`)
	p.Shots("policy")
	p.Reach("Days an answer of several people waits for your decision")
	p.Press(browsertest.Up)
	p.Use("Save the policy")
	p.Shows("The policy is saved")
	var g struct {
		Policy struct {
			FPIR          float64
			ReviewSeconds int64 `json:"review_seconds"`
			KeepPhotos    bool  `json:"keep_photos"`
		}
	}
	h.native(t, http.MethodGet, "/v1/galleries/staff", nil).into(t, &g)
	require.InDelta(t, 0.001, g.Policy.FPIR, 1e-9)
	require.EqualValues(t, 86400, g.Policy.ReviewSeconds)
	require.True(t, g.Policy.KeepPhotos)

	p.Clean()

	late := h.page(t, "#/galleries/staff/policy")
	late.Until(`document.querySelector(".plot svg path")`)
	h.native(t, http.MethodPatch, "/v1/galleries/staff", map[string]any{"policy": map[string]any{"quality": "off"}})
	late.Use("Save the policy")
	late.Shows("Somebody has changed the policy")
	h.native(t, http.MethodGet, "/v1/galleries/staff", nil).into(t, &g)
	require.InDelta(t, 0.001, g.Policy.FPIR, 1e-9)
}

// A gallery is evaluated from the page; a face that is of somebody else is set aside, and
// brought back, by keyboard alone.
func TestEvaluationPage(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"barack": "obama.jpg", "joe": "biden.jpg", "again": "obama2.jpg", hostileID: "astronaut.png"})
	a := h.native(t, http.MethodPost, "/v1/galleries/staff/subjects/joe/faces", h.photo(t, "obama3.jpg"))
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	p := h.page(t, "#/galleries/staff/evaluation")
	p.Shows("Nobody has looked yet")
	p.Shots("evaluation-empty")
	p.Use("Evaluate")
	p.Shows("Promised and measured")
	p.Shows("maybe one person")
	p.Until(`document.querySelector(".plot svg path")`)
	p.Shots("evaluation")
	p.Use("Set aside a face of joe")
	p.Shows("is set aside")
	p.Until(`document.querySelector('[aria-label="Bring back a face of joe"]')`)
	p.Shots("evaluation-aside")
	var list struct{ Faces []struct{ Subject string } }
	h.native(t, http.MethodGet, "/v1/galleries/staff/aside", nil).into(t, &list)
	require.Len(t, list.Faces, 1)
	p.Use("Bring back a face of joe")
	p.Shows("The face is back")
	h.native(t, http.MethodGet, "/v1/galleries/staff/aside", nil).into(t, &list)
	require.Empty(t, list.Faces)
	unharmed(t, p)
}

// hostileID is as odd as an id may be.
const hostileID = "a.b:c@d-e_f"

// An answer of several people waits, is decided by keyboard alone, and is shown as
// decided then.
func TestReviewPage(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"barack": "obama.jpg", "again": "obama2.jpg"})
	p := h.page(t, "#/galleries/staff/reviews")
	p.Shows("Nothing waits")
	p.Shots("reviews-empty")
	h.native(t, http.MethodPatch, "/v1/galleries/staff", map[string]any{"policy": map[string]any{"review_seconds": int((24 * time.Hour).Seconds())}})
	found := h.search(t, "staff", "obama3.jpg")
	require.Equal(t, "several", found.Match)
	require.NotEmpty(t, found.Review)
	p.Go(h.url + "/console/#/")
	p.Go(h.url + "/console/#/galleries/staff/reviews")
	p.Shows("barack")
	p.Shots("reviews")
	p.Go(h.url + "/console/#/galleries/staff/reviews/" + found.Review)
	p.Shows("Who was searched")
	p.Until(`document.querySelector(".drawn canvas")`)
	p.Shots("review")
	p.Use("It is barack")
	p.Shows("Nothing waits")
	var r struct{ Decision string }
	h.native(t, http.MethodGet, "/v1/galleries/staff/reviews/"+found.Review, nil).into(t, &r)
	require.Equal(t, "candidate", r.Decision)
	p.Go(h.url + "/console/#/galleries/staff/reviews/" + found.Review)
	p.Shows("Decided: it is barack, ")
	var barack struct{ Faces []struct{ ID string } }
	h.native(t, http.MethodGet, "/v1/galleries/staff/subjects/barack", nil).into(t, &barack)
	h.native(t, http.MethodDelete, "/v1/galleries/staff/subjects/barack/faces/"+barack.Faces[0].ID, nil)
	p.Go("about:blank")
	p.Go(h.url + "/console/#/galleries/staff/reviews/" + found.Review)
	p.Shows("Decided: it is barack, ")
	p.Go(h.url + "/console/#/galleries/staff/reviews?status=decided")
	p.Shows("it is barack")
	p.Go(h.url + "/console/#/galleries/staff/reviews/" + found.Review)
	p.Shots("review-decided")
	p.Clean()
}
