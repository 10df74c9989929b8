package console_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// saved is the path of a file of the bytes.
func saved(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// shrunk is a photo of so many pixels in a row, each standing for a square of the size
// that the photo had.
func shrunk(t *testing.T, photo []byte, across int) []byte {
	t.Helper()
	from, _, err := image.Decode(bytes.NewReader(photo))
	require.NoError(t, err)
	size := from.Bounds().Dx() / across
	to := image.NewRGBA(from.Bounds())
	for y := range to.Bounds().Dy() {
		for x := range to.Bounds().Dx() {
			to.Set(x, y, from.At(x/size*size, y/size*size))
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, to, nil))
	return out.Bytes()
}

// poor is a photo whose face cannot be compared.
func poor(t *testing.T, h *house) []byte {
	t.Helper()
	for _, across := range []int{48, 40, 34, 28, 24, 20, 16} {
		photo := shrunk(t, h.photo(t, "obama.jpg"), across)
		var d struct {
			Faces []struct{ Quality struct{ Reasons []string } }
		}
		h.native(t, http.MethodPost, "/v1/detect", photo).into(t, &d)
		if len(d.Faces) == 1 && slices.Contains(d.Faces[0].Quality.Reasons, "not_comparable") {
			return photo
		}
	}
	require.Fail(t, "none is so poor")
	return nil
}

// command is the one that does what the page did.
func command(p *browsertest.Page) string {
	return browsertest.Eval[string](p, `document.querySelector(".command code").textContent`)
}

// Each of the three answers is told in words, with who was found beside the face that was
// searched and the threshold's rate; a photo of several faces tells each, and one that is
// of nobody, or poor, says so.
func TestWhoIsThis(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg", "biden": "biden.jpg"})
	h.native(t, http.MethodPatch, "/v1/galleries/staff/subjects/obama", map[string]any{"metadata": map[string]string{"name": hostile, "team": hostile}})
	p := h.page(t, "#/galleries/staff/who")
	show := func(path string) {
		t.Helper()
		p.Choose(".picker input", path)
	}
	p.Reach("Photo")

	show(h.photoFile(t, "obama2.jpg"))
	p.Shows("This is " + hostile)
	p.Shows("look this alike")
	p.Shows("1 in 100 searches for strangers finds somebody among 2 faces")
	p.Until(`document.querySelectorAll(".candidate .face canvas, .candidate canvas.face").length === 2`)
	require.Equal(t, "#/galleries/staff/subjects/obama", browsertest.Eval[string](p, `document.querySelector(".candidate h3 a").getAttribute("href")`))
	require.Contains(t, p.Text(".scale figcaption"), "threshold: 0.")
	require.Equal(t, 1, browsertest.Eval[int](p, `document.querySelectorAll(".stage .box.good").length`))
	require.Equal(t, 5, browsertest.Eval[int](p, `document.querySelectorAll(".stage ellipse").length`))
	require.Contains(t, command(p), "all_faces=true")
	unharmed(t, p)

	h.native(t, http.MethodPatch, "/v1/galleries/staff/subjects/obama", map[string]any{"metadata": map[string]string{"name": "Barack Obama", "team": "blue"}})
	show(h.photoFile(t, "obama3.jpg"))
	p.Shows("This is Barack Obama")
	p.Shows("Good photo")
	require.Greater(t, browsertest.Eval[float64](p, `parseFloat(getComputedStyle(document.querySelector(".told h2")).fontSize) - parseFloat(getComputedStyle(document.querySelector(".told .note")).fontSize)`), 0.0,
		"what is said of an answer is no louder than the answer")
	p.Shots("who-one")

	show(h.photoFile(t, "astronaut.png"))
	p.Shows("Nobody that this gallery knows")
	p.Shows("None of 2 faces is alike enough")
	p.Shots("who-nobody")
	p.Use("Enrol this person")
	p.Shows("Who is it?")
	p.Until(`document.querySelectorAll(".shot").length === 1 && document.querySelector(".shot .note.good")`)
	p.Go(h.url + "/console/#/galleries/staff/who")
	p.Until(`document.querySelector(".picker") && !document.querySelector(".shot")`)

	show(h.photoFile(t, "chelsea.png"))
	p.Shows("No face was found in this photo")
	require.Zero(t, browsertest.Eval[int](p, `document.querySelectorAll(".told").length`))

	show(saved(t, "poor.jpg", poor(t, h)))
	p.Shows("This photo cannot be compared")
	p.Shows("Too poor a photo")
	require.NotContains(t, p.Shown(), "Enrol this person", "nobody is enrolled by such a photo")
	require.NotContains(t, p.Shown(), "threshold")
	require.Equal(t, 1, strings.Count(p.Shown(), "strangers look alike"), "it is said once")
	p.Shots("who-poor")

	h.native(t, http.MethodPost, "/v1/galleries/staff/subjects?id=president", h.photo(t, "obama3.jpg"))
	show(h.photoFile(t, "obama2.jpg"))
	p.Shows("Too close to tell")
	p.Shows("It could be Barack Obama or president")
	p.Shots("who-several")

	show(h.photoFile(t, "sample6.jpg"))
	p.Shows("Face 1 of ")
	require.Greater(t, browsertest.Eval[int](p, `document.querySelectorAll(".stage button.box").length`), 3)
	require.Empty(t, browsertest.Eval[[]string](p, `(([...all]) => all.flatMap((a, i) => all.slice(i + 1).filter((b) => {
		const [x, y] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
		return x.left < y.right && y.left < x.right && x.top < y.bottom && y.top < x.bottom;
	}).map((b) => a.innerText + " lies on " + b.innerText)))(document.querySelectorAll(".stage .box span"))`), "labels of faces that are beside each other")
	p.Use("Face 2: Nobody that this gallery knows")
	p.Shows("Face 2 of ")
	require.Equal(t, "true", browsertest.Eval[string](p, `document.querySelectorAll(".stage button.box")[1].getAttribute("aria-pressed")`))
	p.Shots("who-group")
	p.Clean()
}

// The rate is the reader's to choose, by keyboard alone, and a wrong one is told at its
// field and not sent.
func TestWhoIsThisByAnotherRate(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg"})
	p := h.page(t, "#/galleries/staff/who")
	p.Choose(".picker input", h.photoFile(t, "obama2.jpg"))
	p.Shows("1 in 100 searches")
	p.Use("How is it searched?")
	p.Fill("Wanted rate of false finds", "0.001")
	p.Press(browsertest.Tab)
	p.Shows("1 in 1,000 searches")
	p.Shows("This is obama")
	require.Contains(t, command(p), "fpir=0.001")
	p.Fill("Most candidates", "500")
	p.Press(browsertest.Tab)
	p.Shows("A whole number from 1 to 100.")
	p.Clean()
}

// Where the gallery asks for the liveness check its verdict is told.
func TestWhoIsThisTellsLiveness(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg"})
	a := h.native(t, http.MethodPatch, "/v1/galleries/staff", map[string]any{"policy": map[string]any{"liveness": "report"}})
	require.Equal(t, http.StatusOK, a.StatusCode, "%s", a.body)
	var told struct {
		Probe struct {
			Liveness struct{ Verdict, Reason string }
		}
	}
	h.native(t, http.MethodPost, "/v1/galleries/staff/search", h.photo(t, "obama2.jpg")).into(t, &told)
	p := h.page(t, "#/galleries/staff/who")
	p.Choose(".picker input", h.photoFile(t, "obama2.jpg"))
	p.Shows(map[string]string{
		"real": "A person before the camera", "spoof": "Looks like a print or a screen", "unknown": "Not sure whether this is a person",
	}[told.Probe.Liveness.Verdict])
	p.Clean()
}

// A key without the scope is told which it needs, and one that may search alone sees no
// photos and is offered no enrolment.
func TestWhoIsThisByScopes(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg"})
	reader, _ := h.newKey("read")
	p := h.pageOf(t, reader, "#/galleries/staff/who")
	p.Shows("This key may not do that")
	searcher, _ := h.newKey("search")
	p = h.pageOf(t, searcher, "#/galleries/staff/who")
	p.Choose(".picker input", h.photoFile(t, "obama2.jpg"))
	p.Shows("This is obama")
	require.Equal(t, 1, browsertest.Eval[int](p, `document.querySelectorAll(".candidate .face").length`), "the probe alone")
	p.Choose(".picker input", h.photoFile(t, "biden.jpg"))
	p.Shows("Nobody that this gallery knows")
	require.NotContains(t, p.Shown(), "Enrol this person")
	p.Clean()
}

// A person is enrolled from photos whose verdicts are seen before, with metadata and
// consent.
func TestEnrolAPerson(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"biden": "biden.jpg"})
	p := h.page(t, "#/galleries/staff/enrol")
	p.Choose(".picker input", h.photoFile(t, "chelsea.png"), h.photoFile(t, "obama.jpg"), h.photoFile(t, "obama2.jpg"))
	p.Until(`document.querySelectorAll(".shot").length === 3 && !document.querySelector(".shot .loading")`)
	require.Contains(t, p.Text(".shot:nth-child(1)"), "no face")
	require.Contains(t, p.Text(".shot:nth-child(2)"), "Good photo")
	require.NotContains(t, p.Shown(), "somebody else")
	p.Shots("enrol")
	p.Fill("Name", hostile)
	p.Fill("More about this person", "floor: 3")
	p.Use("Enrol")
	p.Until(`document.querySelector(".field.check .wrong")?.hidden === false`)
	require.Equal(t, http.StatusNotFound, h.native(t, http.MethodGet, "/v1/galleries/staff/subjects/obama", nil).StatusCode)
	p.Press(browsertest.Space) // the focus is where something is wrong
	p.Fill("Id", "obama")
	p.Use("Enrol")
	p.Shows(hostile + " is enrolled, with 2 photos")
	unharmed(t, p)
	p.Shots("enrol-done")
	var person struct {
		Metadata  map[string]string
		FaceCount int `json:"face_count"`
	}
	h.native(t, http.MethodGet, "/v1/galleries/staff/subjects/obama", nil).into(t, &person)
	require.Equal(t, 2, person.FaceCount, "the photo without a face is left out")
	require.Equal(t, hostile, person.Metadata["name"])
	require.Equal(t, "3", person.Metadata["floor"])
	require.Regexp(t, `^\d{4}-\d\d-\d\d$`, person.Metadata["consent"])

	p.Use("Enrol another person")
	p.Until(`document.querySelector(".picker")`)
	require.Zero(t, browsertest.Eval[int](p, `document.querySelectorAll(".shot").length`))
	p.Clean()
}

// Whoever is enrolled already is told before anything is added, and the photos can go to
// that person; so is a photo of somebody else among those of one person.
func TestEnrolTellsLookAlikes(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"alice": "obama.jpg"})
	p := h.page(t, "#/galleries/staff/enrol")
	p.Choose(".picker input", h.photoFile(t, "obama2.jpg"))
	p.Shows("This may be alice already")
	p.Shots("enrol-alike")
	p.Choose(".picker input", h.photoFile(t, "biden.jpg"))
	p.Shows("This seems to be somebody else than on the first photo")
	browsertest.Eval[bool](p, `(document.querySelectorAll(".shot")[1].querySelector(".actions button").focus(), true)`)
	p.Press(browsertest.Enter)
	p.Until(`document.querySelectorAll(".shot").length === 1`)
	p.Use("Add the photos to alice")
	p.Shows("alice has more photos now")
	var person struct {
		FaceCount int `json:"face_count"`
	}
	h.native(t, http.MethodGet, "/v1/galleries/staff/subjects/alice", nil).into(t, &person)
	require.Equal(t, 2, person.FaceCount)
	p.Clean()
}

// An id that is taken is told, and nothing is lost of what was written.
func TestEnrolRefusesAnIdThatIsTaken(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"biden": "biden.jpg"})
	p := h.page(t, "#/galleries/staff/enrol")
	p.Fill("Id", "biden")
	p.Reach("This person agreed to be enrolled, or there is another lawful basis")
	p.Press(browsertest.Space)
	p.Use("Enrol")
	p.Shows("Add a photo first.")
	p.Choose(".picker input", h.photoFile(t, "obama.jpg"))
	p.Shows("Good photo")
	p.Use("Enrol")
	p.Until(`document.querySelector("form [role=alert] .note, form .wrong:not([hidden])")`)
	require.Equal(t, "biden", browsertest.Eval[string](p, `document.querySelector("input[name=id]").value`))
	p.Clean()
}

// All people are compared with all, and each two who are alike are shown.
func TestDuplicatesOfAGallery(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", map[string]string{"obama": "obama.jpg", "president": "obama2.jpg", "biden": "biden.jpg"})
	h.native(t, http.MethodPatch, "/v1/galleries/staff/subjects/president", map[string]any{"metadata": map[string]string{"name": hostile}})
	p := h.page(t, "#/galleries/staff/duplicates")
	p.Use("Compare all with all")
	p.Shows("3 people, 3 faces: 1 pair is alike")
	require.Equal(t, 1, browsertest.Eval[int](p, `document.querySelectorAll("tbody tr").length`))
	require.Equal(t, []string{"#/galleries/staff/subjects/obama", "#/galleries/staff/subjects/president"},
		browsertest.Eval[[]string](p, `[...document.querySelectorAll("tbody a")].map((a) => a.getAttribute("href"))`))
	require.Contains(t, p.Text("tbody"), hostile)
	unharmed(t, p)
	p.Shots("duplicates")
	h.native(t, http.MethodDelete, "/v1/galleries/staff/subjects/president", nil)
	p.Use("Compare all with all")
	p.Shows(fmt.Sprintf("%d people, 2 faces: 0 pairs are alike", 2))
	p.Clean()
}
