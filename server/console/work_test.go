package console_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
	"oneton/store"
)

// written are files of those contents in a folder of their own.
func written(t *testing.T, files map[string][]byte) (paths []string) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		paths = append(paths, path)
	}
	return paths
}

// A table is chosen with its photos, and imported by keyboard alone; what is refused is
// told with its reason, whatever its file is called; and the same again sends nothing.
func TestImportPages(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	const name = `"><img src=x onerror=alert(1)>.jpg`
	table := "\ufeffsubject;photo;team\r\nbarack;obama.jpg;\"red; <b>blue</b>\"\r\njoe;./biden.jpg;\r\neve;\"\"\"><img src=x onerror=alert(1)>.jpg\";\r\nnobody;gone.jpg;\r\n"
	files := written(t, map[string][]byte{
		"people.csv": []byte(table), "obama.jpg": h.photo(t, "obama.jpg"), "biden.jpg": h.photo(t, "biden.jpg"), name: []byte("no photo"),
	})
	p := h.page(t, "#/galleries/staff/import")
	p.Shots("import")
	bring := func(want string) {
		t.Helper()
		p.Choose("#import-files", files...)
		p.Shows("3 photos of 3 people.")
		p.Shows("gone.jpg: no such file was chosen")
		p.Until(`document.activeElement.tagName === "H2"`)
		if want != "" {
			p.Shots("import-chosen")
		}
		p.Use("Import")
		p.Until(`location.hash.startsWith("#/imports/")`)
		p.Until(`document.querySelector(".facts .badge")?.innerText === "done"`)
		p.Until(`document.querySelector("tbody")?.innerText.includes("not_a_photo")`)
	}
	bring("first")
	text := p.Text("main")
	require.Contains(t, text, name, "its file's name is shown as it is")
	require.Contains(t, text, "not_a_photo")
	require.NotContains(t, text, "obama.jpg", "what was refused is shown first")
	unharmed(t, p)
	p.Shots("import-done")
	var barack struct {
		Metadata map[string]string
	}
	h.native(t, "GET", "/v1/galleries/staff/subjects/barack", nil).into(t, &barack)
	require.Equal(t, map[string]string{"team": "red; <b>blue</b>"}, barack.Metadata)

	p.Go(h.url + "/console/#/galleries/staff/import")
	p.Until(`document.querySelector("#import-files")`)
	bring("")
	var all struct {
		Imports []struct {
			ID, Job                        string
			Total, Added, Present, Refused int
		}
	}
	h.native(t, "GET", "/v1/imports", nil).into(t, &all)
	require.Len(t, all.Imports, 2)
	require.Equal(t, []int{1, 0, 0, 1}, []int{all.Imports[0].Total, all.Imports[0].Added, all.Imports[0].Present, all.Imports[0].Refused}, "what is there is not sent")
	require.Equal(t, []int{3, 2, 0, 1}, []int{all.Imports[1].Total, all.Imports[1].Added, all.Imports[1].Present, all.Imports[1].Refused})

	// An archive in parts, by the folders in it.
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "Élodie <b>/1.jpg", Method: zip.Store, NonUTF8: false})
	require.NoError(t, err)
	_, err = w.Write(append(h.photo(t, "obama2.jpg"), make([]byte, 9<<20)...))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	p.Go(h.url + "/console/#/galleries/staff/import")
	p.Until(`document.querySelector("#import-files")`)
	p.Choose("#import-files", written(t, map[string][]byte{"people.zip": packed.Bytes()})...)
	p.Use("Import")
	p.Until(`location.hash.startsWith("#/imports/")`)
	p.Until(`document.querySelector(".facts .badge")?.innerText === "done"`)
	h.native(t, "GET", "/v1/imports", nil).into(t, &all)
	require.Equal(t, []int{1, 1}, []int{all.Imports[0].Total, all.Imports[0].Added})

	p.Go(h.url + "/console/#/imports")
	p.Until(`document.querySelectorAll("tbody tr").length === 3`)
	p.Shots("imports")
	p.Go(h.url + "/console/#/jobs/" + all.Imports[1].Job)
	p.Shows("What came of each photo")
	p.Until(`document.querySelector("tbody tr")`)
	p.Shots("job")
	p.Go(h.url + "/console/#/imports/" + all.Imports[0].ID)
	p.Until(`document.querySelector("tbody tr")`)
	p.Use("Forget")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Forget it")
	p.Until(`location.hash === "#/imports" && document.querySelectorAll("tbody tr").length === 2`)
	unharmed(t, p)
}

// A folder is chosen whole, its folders being its people; an import that is stopped while
// it is sent leaves nothing.
func TestImportOfAFolder(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	folder := t.TempDir()
	for _, name := range []string{"obama", "biden"} {
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name, "1.jpg"), h.photo(t, name+".jpg"), 0o600))
	}
	p := h.page(t, "#/galleries/staff/import")
	p.Choose("#import-folder", folder)
	p.Shows("2 photos of 2 people.")

	// Also while it is asked which photos are there.
	p.Network(2*browsertest.Patience, -1)
	p.Use("Import")
	p.Shows("Asking which photos are there")
	p.Use("Stop")
	stopped := `document.getElementById("toasts").innerText.includes("The import is stopped, and nothing of it stays.")`
	p.Until(stopped)
	browsertest.Eval[bool](p, `document.getElementById("toasts").replaceChildren() === undefined`)

	p.Network(0, 20<<10)
	p.Use("Import")
	p.Until(`document.querySelector("progress") && document.querySelector("main").innerText.includes("Sending")`)
	p.Use("Stop")
	p.Network(0, -1)
	p.Until(stopped)
	var all struct{ Imports []struct{ Added int } }
	h.native(t, "GET", "/v1/imports", nil).into(t, &all)
	require.Empty(t, all.Imports)

	p.Use("Import")
	p.Until(`document.querySelector(".facts .badge")?.innerText === "done"`)
	h.native(t, "GET", "/v1/imports", nil).into(t, &all)
	require.Len(t, all.Imports, 1)
	require.Equal(t, 2, all.Imports[0].Added)
	require.Equal(t, http.StatusOK, h.native(t, "GET", "/v1/galleries/staff/subjects/biden", nil).StatusCode)
	p.Clean()
}

// small is a photo at a quarter of its size, so that many fit into a request.
func small(t *testing.T, content []byte) []byte {
	t.Helper()
	large, _, err := image.Decode(bytes.NewReader(content))
	require.NoError(t, err)
	const by = 4
	scaled := image.NewRGBA(image.Rect(0, 0, large.Bounds().Dx()/by, large.Bounds().Dy()/by))
	for y := range scaled.Bounds().Dy() {
		for x := range scaled.Bounds().Dx() {
			scaled.Set(x, y, large.At(large.Bounds().Min.X+x*by, large.Bounds().Min.Y+y*by))
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, scaled, nil))
	return out.Bytes()
}

// A job is watched, and cancelled by keyboard alone; its end takes nobody's focus away.
func TestJobPages(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	var lines bytes.Buffer
	photo := small(t, h.photo(t, "obama.jpg"))
	for n := 0; lines.Len() < 24<<20; n++ { // the same photo, with another end each
		require.NoError(t, json.NewEncoder(&lines).Encode(map[string]any{"subject": fmt.Sprint("s", n), "photo": append(bytes.Clone(photo), byte(n), byte(n>>8))}))
	}
	var i struct{ ID, Job string }
	a := h.send(t, "POST", "/v1/galleries/staff/imports", lines.Bytes(), "Authorization: Bearer "+h.key, "Content-Type: application/x-ndjson")
	require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
	a.into(t, &i)
	p := h.page(t, "#/jobs")
	p.Shows("import")
	p.Shots("jobs")
	var watches []*browsertest.Page
	for _, at := range []string{"imports/" + i.ID, "jobs/" + i.Job} {
		p := h.page(t, "#/"+at)
		watches = append(watches, p)
		p.Until(`document.querySelector("progress")`)
		p.Reach("Cancel")
		looks := fmt.Sprintf(`performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/v1/%s")).length`, at)
		p.Until(fmt.Sprint(looks, " > ", browsertest.Eval[int](p, looks)+2))
		require.Equal(t, "Cancel", browsertest.Eval[string](p, `document.activeElement.innerText.trim()`), "the page looks again and again, and leaves the focus")
	}
	p.Go(h.url + "/console/#/jobs/" + i.Job)
	p.Shows(i.Job) // by which the log and the traces have it
	p.Use("Cancel")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Cancel the job")
	p.Until(`document.querySelector(".facts .badge")?.innerText === "cancelled"`)
	var j struct{ Status string }
	h.native(t, "GET", "/v1/jobs/"+i.Job, nil).into(t, &j)
	require.Equal(t, "cancelled", j.Status)
	for _, watch := range watches {
		watch.Until(`document.querySelector(".facts .badge")?.innerText === "cancelled"`)
		require.Equal(t, "H1", browsertest.Eval[string](watch, `document.activeElement.tagName`), "the focus of what is offered no more is not lost")
		watch.Clean()
	}
	p.Clean()
}

// A webhook is added, tried, looked into and deleted by keyboard alone. What its receiver
// says, and what its owner calls it, stays text.
func TestWebhookPages(t *testing.T) {
	h := open(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(hostile))
	}))
	t.Cleanup(receiver.Close)
	p := h.page(t, "#/webhooks")
	p.Shots("webhooks-empty")
	p.Use("Add a webhook")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Fill("Address", receiver.URL+"/hooks?<b>")
	p.Fill("What it is for", hostile)
	p.Shots("webhook-add")
	p.Press(browsertest.Enter)
	p.Until(`document.querySelector("dialog[open] .secret")`)
	require.Regexp(t, `^whsec_`, p.Text("dialog .secret code"))
	p.Use("It is kept")
	p.Until(`location.hash.startsWith("#/webhooks/") && document.querySelector(".facts")`)
	require.Contains(t, p.Text("main"), hostile)
	require.NotContains(t, p.Text("main"), "whsec_", "the secret is shown once")
	p.Use("Send a test")
	p.Until(`document.querySelector("tbody tr")?.innerText.includes("418")`)
	p.Shots("webhook")
	p.Go(h.url + "/console/" + browsertest.Eval[string](p, `document.querySelector("tbody tr a").getAttribute("href")`))
	p.Until(`document.querySelector(".tries pre")`)
	require.Equal(t, hostile, p.Text(".tries pre"))
	require.Contains(t, p.Text("main"), `"type": "webhook.test"`)
	unharmed(t, p)
	p.Shots("delivery")
	p.Use("Send it anew")
	p.Shows("It is on its way again")
	p.Until(`document.querySelectorAll(".tries > li").length >= 2`)

	p.Go(h.url + "/console/#/webhooks")
	p.Until(`document.querySelector("tbody tr a")`)
	unharmed(t, p)
	p.Go(h.url + "/console/" + browsertest.Eval[string](p, `document.querySelector("tbody tr a").getAttribute("href")`))
	p.Until(`document.querySelector(".facts")`)
	p.Use("Change")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Reach("import.finished")
	p.Press(browsertest.Space)
	p.Use("Save")
	p.Until(`!document.querySelector("dialog[open]") && document.querySelector(".facts")?.innerText.includes("import.finished")`)
	p.Use("Rotate the secret")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Rotate it")
	p.Until(`document.querySelector("dialog[open] .secret")`)
	p.Use("It is kept")
	p.Until(`!document.querySelector("dialog[open]") && document.querySelector(".facts")`)
	p.Use("Turn off")
	p.Until(`document.querySelector(".facts .badge")?.innerText === "off"`)
	p.Use("Delete")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Delete it")
	p.Until(`location.hash === "#/webhooks" && document.body.innerText.includes("Nothing is sent anywhere yet")`)
	unharmed(t, p)
}

// The types of events that the page offers are those that there are.
func TestTypesOfEvents(t *testing.T) {
	text, err := os.ReadFile("page/webhooks.js")
	require.NoError(t, err)
	h := open(t)
	_, list, _ := strings.Cut(string(text), "export const types = {")
	list, _, _ = strings.Cut(list, "};")
	n := 0
	for _, is := range h.Webhooks.Types() {
		if is.Name == "webhook.test" { // which is asked for
			continue
		}
		n++
		require.Contains(t, list, `"`+is.Name+`":`)
	}
	require.Equal(t, n, strings.Count(list, "\":"))
}

// review is an attempt in review, of which a document's photo is kept.
func (h *house) review(t *testing.T, id string) {
	t.Helper()
	now := time.Now()
	output, err := json.Marshal(map[string]any{"valid": true, "data": map[string]any{"surname": hostile, "number": 12.5, "sure": nil}})
	require.NoError(t, err)
	require.NoError(t, h.Truth.Store.Update(t.Context(), "make attempt", func(tx store.Tx) error {
		for _, do := range []struct {
			query string
			args  []any
		}{
			{`INSERT INTO kyc_attempts (id, tenant, kind, status, face, person, metadata, created_at, updated_at) VALUES ($1, $2, 'SIGNUP', 'REVIEW', '', '', '{"plan":"<i>gold</i>"}', $3, $3)`, []any{id, h.tenant, now}},
			{`INSERT INTO kyc_jobs (id, attempt, workflow, started_at, ended_at, status, result) VALUES ($1, $1, 'signup', $2, $2, 3, '{}')`, []any{id, now}},
			{`INSERT INTO kyc_photos (id, attempt, media_type, content, erase_at) VALUES ($1, $1, 'image/jpeg', $2, $3)`, []any{id, h.photo(t, "obama.jpg"), now.Add(time.Hour)}},
			{`INSERT INTO kyc_stages (job, place, attempt, name, status, input, output, photo, at) VALUES ($1, 0, $1, 'fetch_document_data', 'COMPLETED', '{"document_type":"CEDULA"}', $2, $1, $3)`, []any{id, string(output), now}},
			{`INSERT INTO kyc_stages (job, place, attempt, name, status, input, output, photo, at) VALUES ($1, 1, $1, 'compare_faces', 'FAILED', '{"threshold":80}', '{"similarity":61.25,"match":false}', '', $2)`, []any{id, now}},
			{`INSERT INTO kyc_changes (id, attempt, at, actor, request, was, became, reason) VALUES ($1, $1, $2, '', '', 'PENDING', 'REVIEW', '')`, []any{id, now}},
		} {
			if _, err := tx.Exec(do.query, do.args...); err != nil {
				return err
			}
		}
		return nil
	}))
}

// An attempt is found among those that wait, read with its evidence, and decided for a
// reason by keyboard alone; who may only read is offered no decision.
func TestAttemptPages(t *testing.T) {
	h := open(t)
	p := h.page(t, "#/kyc/attempts")
	p.Shows("Nobody waits for a review")
	p.Shots("attempts-empty")
	id := fmt.Sprintf("%024x", time.Now().UnixNano())
	h.review(t, id)
	p.Go("about:blank")
	p.Go(h.url + "/console/#/kyc/attempts")
	p.Until(`document.querySelector("tbody tr a")`)
	p.Shots("attempts")
	p.Reach(browsertest.Eval[string](p, `document.querySelector("tbody tr a").innerText`))
	p.Press(browsertest.Enter)
	p.Until(`document.querySelector(".tries canvas")`)
	text := p.Text("main")
	for _, want := range []string{hostile, "<i>gold</i>", "61.25", "did not pass", "Is the face that of the document?", "CEDULA"} {
		require.Contains(t, text, want)
	}
	unharmed(t, p)
	p.Shots("attempt")

	reader, _ := h.newKey("kyc:read")
	only := h.pageOf(t, reader, "#/kyc/attempts/"+id)
	only.Shows("which needs a key with the scope kyc:review")
	require.Zero(t, browsertest.Eval[int](only, `[...document.querySelectorAll("button")].filter((b) => /Approve|Reject/.test(b.innerText)).length`))

	p.Use("Reject")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Use("Reject it") // without a reason
	p.Until(`document.querySelector("dialog [aria-invalid]")`)
	p.Fill("Reason", hostile)
	p.Shots("attempt-reject")
	p.Use("Reject it")
	p.Until(`!document.querySelector("dialog[open]") && document.querySelector(".facts .badge")?.innerText === "failed"`)
	require.Contains(t, p.Text("main"), hostile)
	require.Zero(t, browsertest.Eval[int](p, `[...document.querySelectorAll("button")].filter((b) => /^(Approve|Reject)/.test(b.innerText)).length`), "it is decided once")
	unharmed(t, p)
	var a struct {
		Status  string
		History []struct{ To, Reason string }
	}
	h.native(t, "GET", "/v1/kyc/attempts/"+id, nil).into(t, &a)
	require.Equal(t, "failed", a.Status)
	require.Equal(t, hostile, a.History[1].Reason)

	id = fmt.Sprintf("%024x", time.Now().UnixNano())
	h.review(t, id)
	p.Go(h.url + "/console/#/kyc/attempts/" + id)
	p.Until(`document.querySelector(".tries canvas")`)
	p.Use("Approve")
	p.Until(`document.querySelector("dialog[open]")`)
	p.Fill("Reason", "the photo shows the holder")
	p.Use("Approve it")
	p.Until(`!document.querySelector("dialog[open]") && document.querySelector(".facts .badge")?.innerText === "approved"`)
	h.native(t, "GET", "/v1/kyc/attempts/"+id, nil).into(t, &a)
	require.Equal(t, "success", a.Status)
	require.Equal(t, "the photo shows the holder", a.History[1].Reason)
	p.Clean()
}
