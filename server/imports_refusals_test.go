package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/identify"
	"oneton/server/servertest"
	"oneton/store"
	"oneton/store/storetest"
)

// item is what came of a photo of an import, as its caller reads it.
type item struct {
	Path, Outcome, Code, Message string
	Advice                       string `json:"what_to_do"`
}

// importOf imports the body into the gallery, and reads what came of it.
func (c caller) importOf(t *testing.T, gallery, query, mediaType string, body []byte) (i importing, items []item) {
	t.Helper()
	c.Do(t, c.key, "POST", "/v1/galleries/"+gallery+"/imports"+query, mediaType, body).Into(t, http.StatusAccepted, &i)
	i = c.imported(t, i.ID)
	var list struct{ Items []item }
	c.json(t, "GET", "/v1/imports/"+i.ID+"/items?limit=1000", nil).Into(t, http.StatusOK, &list)
	return i, list.Items
}

// refusal is what is asked of an item that is refused: its code, and what it says.
type refusal struct{ code, says string }

func (want refusal) of(t *testing.T, got item) {
	t.Helper()
	require.Equal(t, "refused", got.Outcome, "%+v", got)
	require.Equal(t, want.code, got.Code, "%+v", got)
	require.Contains(t, got.Message, want.says)
	require.NotEmpty(t, got.Advice, "what to do about %+v", got)
	require.NotRegexp(t, `(^|: )(identify|photo|store|imports|embed): `, got.Message, "the names of our rooms are nothing to a caller")
}

// Whatever keeps a line from being enrolled is told by a code, in words, and with what to
// do; and the lines beside it are enrolled.
func TestLinesThatAreRefused(t *testing.T) {
	c := start(t)
	c.json(t, "POST", "/v1/galleries", m{"name": "guarded", "policy": m{"liveness": "enforce"}})
	c.enrol(t, "staff", "leaving", 1)
	require.Less(t, c.json(t, "PUT", "/v1/galleries/staff/subjects/leaving/deletion", m{"seconds": 600}).Status, 300)
	full(t, c, "full")
	of := func(faces ...servertest.Shown) m {
		return m{"subject": "ada", "photo": text(servertest.Photo(t, faces...))}
	}
	failing := func(how string) m {
		return m{"subject": "ada", "photo": text(servertest.Scripted(t, servertest.Script{Fail: how}))}
	}
	live := func(score float64) m { return of(servertest.Shown{Person: "ada", Live: &score}) }
	ada := text(servertest.Of(t, "ada", 1))
	for name, q := range map[string]struct {
		gallery, query string
		line           any
		want           refusal
	}{
		"nobody":            {line: of(), want: refusal{"no_face", "no face in the photo"}},
		"a crowd":           {line: of(servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"}), want: refusal{"several_faces", "several faces in the photo"}},
		"from far":          {line: of(servertest.Shown{Person: "ada", Size: 10}), want: refusal{"face_too_small", "face too small"}},
		"in the dark":       {line: of(servertest.Shown{Person: "ada", Reasons: []string{"dark"}}), want: refusal{"low_quality", "dark"}},
		"a spoof":           {gallery: "guarded", line: live(0.02), want: refusal{"spoof_suspected", "looks like an imitation"}},
		"maybe a spoof":     {gallery: "guarded", line: live(0.3), want: refusal{"liveness_unknown", "liveness unknown"}},
		"broken":            {line: failing("corrupt"), want: refusal{"corrupt_image", "corrupt image"}},
		"too many pixels":   {line: failing("too large"), want: refusal{"image_too_large", "image too large"}},
		"too few pixels":    {line: failing("too small"), want: refusal{"image_too_small", "image too small"}},
		"too complex":       {line: failing("too complex"), want: refusal{"image_too_complex", "image too complex"}},
		"text":              {line: m{"subject": "ada", "photo": text([]byte("hello"))}, want: refusal{"not_a_photo", "text"}},
		"empty":             {line: m{"subject": "ada", "photo": "data:image/jpeg;base64,"}, want: refusal{"empty", "empty"}},
		"too many faces":    {line: m{"subject": "full", "photo": ada}, want: refusal{"too_many_faces", "too many faces"}},
		"about to leave":    {line: m{"subject": "leaving", "photo": ada}, want: refusal{"being_deleted", "delet"}},
		"there already":     {query: "?existing=refuse", line: m{"subject": "full", "photo": ada}, want: refusal{"already_exists", "exists"}},
		"no value":          {line: m{"subject": "ada", "photo": ada, "metadata": m{"": "x"}}, want: refusal{"invalid_request", "metadata"}},
		"of nobody named":   {line: m{"photo": ada}, want: refusal{"no_subject", "whose photo"}},
		"no id":             {line: m{"subject": "Ada Lovelace", "photo": ada}, want: refusal{"invalid_subject", "must be 1 to 128 letters"}},
		"a path":            {line: m{"subject": "ada", "path": "1.jpg"}, want: refusal{"outside", "paths lead nowhere"}},
		"an address":        {line: m{"subject": "ada", "photo": "https://example.org/1.jpg"}, want: refusal{"url", "nothing is fetched"}},
		"no base64":         {line: m{"subject": "ada", "photo": "***"}, want: refusal{"invalid_row", "not base64"}},
		"neither":           {line: m{"subject": "ada"}, want: refusal{"invalid_row", "either a photo or a path"}},
		"an unknown member": {line: m{"subject": "ada", "picture": ada}, want: refusal{"invalid_row", "picture"}},
		"no object":         {line: "ada", want: refusal{"invalid_row", "the line is not as it must be"}},
	} {
		t.Run(name, func(t *testing.T) {
			bad, err := json.Marshal(q.line)
			require.NoError(t, err)
			if q.gallery == "" {
				q.gallery = "staff"
			}
			beside := linesOf(t, "beside-"+strings.ReplaceAll(name, " ", "-"))
			i, items := c.importOf(t, q.gallery, q.query, "application/x-ndjson", append(append(bad, '\n'), beside...))
			require.Equal(t, "succeeded", i.Status, i.Error)
			require.Len(t, items, 2)
			q.want.of(t, items[0])
			require.Equal(t, "added", items[1].Outcome, "%+v", items[1])
		})
	}
}

// full is a subject of the gallery staff with as many faces as one may have.
func full(t *testing.T, c caller, id store.SubjectID) {
	t.Helper()
	g, err := c.Service.Gallery(t.Context(), store.Actor{Tenant: "acme"}, "staff")
	require.NoError(t, err)
	faces := make([]store.Face, identify.MaxFaces)
	for n := range faces {
		face, err := uuid.NewV7()
		require.NoError(t, err)
		faces[n] = storetest.NewFace(face.String())
	}
	_, err = c.Store.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: id}, faces, nil, true)
	require.NoError(t, err)
}

// An archive's entries that are no photos, or that nobody should open, are refused one by
// one.
func TestEntriesThatAreRefused(t *testing.T) {
	const most = 1 << 20
	c := startOn(t, servertest.Options{Settings: func(cfg *config.Config) { cfg.Embed.Limits.Bytes = most }})
	photo := string(servertest.Of(t, "ada", 1))
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	put := func(h zip.FileHeader, content string) {
		t.Helper()
		w, err := z.CreateHeader(&h)
		require.NoError(t, err)
		_, err = w.Write([]byte(content))
		require.NoError(t, err)
	}
	link := zip.FileHeader{Name: "ada/link.jpg"}
	link.SetMode(fs.ModeSymlink | 0o777)
	put(link, "/etc/passwd")
	put(zip.FileHeader{Name: "../ada/out.jpg"}, photo)
	put(zip.FileHeader{Name: "ada/locked.jpg", Flags: 1}, photo)
	put(zip.FileHeader{Name: "ada/large.jpg"}, photo+strings.Repeat("x", most))
	put(zip.FileHeader{Name: "ada/readme.txt"}, "hello")
	put(zip.FileHeader{Name: "ada/none.jpg"}, "")
	put(zip.FileHeader{Name: "top.jpg"}, photo)
	put(zip.FileHeader{Name: "Ada Lovelace/1.jpg"}, photo)
	put(zip.FileHeader{Name: "ada/broken.jpg"}, photo+"broken")
	put(zip.FileHeader{Name: "ada/1.jpg"}, photo)
	require.NoError(t, z.Close())
	body := bytes.Replace(packed.Bytes(), []byte(photo+"broken"), []byte(photo+"bruken"), 1)

	i, items := c.importOf(t, "staff", "", "application/zip", body)
	require.Equal(t, "succeeded", i.Status, i.Error)
	got := map[string]item{}
	for _, one := range items {
		got[one.Path] = one
	}
	for path, want := range map[string]refusal{
		"ada/link.jpg":       {"not_a_file", "a link or a device"},
		"../ada/out.jpg":     {"outside", "not one within the archive"},
		"ada/locked.jpg":     {"encrypted", "encrypted"},
		"ada/large.jpg":      {"image_too_large", fmt.Sprint(most)},
		"ada/readme.txt":     {"not_a_photo", "text"},
		"ada/none.jpg":       {"empty", "empty"},
		"top.jpg":            {"no_subject", "in no folder"},
		"Ada Lovelace/1.jpg": {"invalid_subject", "must be 1 to 128 letters"},
		"ada/broken.jpg":     {"unreadable", "the archive is damaged here"},
	} {
		want.of(t, got[path])
		delete(got, path)
	}
	require.Len(t, got, 1)
	require.Equal(t, "added", got["ada/1.jpg"].Outcome)
}

// What keeps a whole import from being done is told by its job, and by the import.
func TestImportsThatFail(t *testing.T) {
	c := start(t)
	failed := func(t *testing.T, i importing, status, says string) {
		t.Helper()
		require.Equal(t, status, i.Status, "%+v", i)
		require.Contains(t, i.Error, says)
		var j struct{ Status, Error string }
		c.json(t, "GET", "/v1/jobs/"+i.Job, nil).Into(t, http.StatusOK, &j)
		require.Equal(t, i.Status, j.Status)
		require.Equal(t, i.Error, j.Error)
	}
	t.Run("no archive", func(t *testing.T) {
		i, items := c.importOf(t, "staff", "", "application/zip", []byte("hello"))
		failed(t, i, "invalid", "the source cannot be read")
		require.Empty(t, items)
	})
	t.Run("more lines than photos have room in", func(t *testing.T) {
		i, _ := c.importOf(t, "staff", "", "application/x-ndjson", bytes.Repeat([]byte("{}\n"), 12_000))
		failed(t, i, "invalid", "more entries or lines than photos have room in it")
	})
	t.Run("a gallery that is gone", func(t *testing.T) {
		c.json(t, "POST", "/v1/galleries", m{"name": "gone"})
		var i importing
		c.json(t, "POST", "/v1/galleries/gone/imports", m{"format": "ndjson"}).Into(t, http.StatusCreated, &i)
		require.Equal(t, http.StatusNoContent, c.Do(t, c.key, "PUT", "/v1/imports/"+i.ID+"/parts/1", "application/octet-stream", linesOf(t, "ada")).Status)
		require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/galleries/gone", nil).Status)
		c.json(t, "POST", "/v1/imports/"+i.ID+"/start", nil).Into(t, http.StatusAccepted, &i)
		failed(t, c.imported(t, i.ID), "failed", "the gallery is gone")
	})
	t.Run("a fault of the server", func(t *testing.T) {
		var i importing
		line, err := json.Marshal(m{"subject": "ada", "photo": text(servertest.Scripted(t, servertest.Script{Fail: "other"}))})
		require.NoError(t, err)
		c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/x-ndjson", line).Into(t, http.StatusAccepted, &i)
		require.Eventually(t, func() bool {
			c.json(t, "GET", "/v1/imports/"+i.ID, nil).Into(t, http.StatusOK, &i)
			return i.Error != ""
		}, time.Minute, 20*time.Millisecond)
		require.Equal(t, "queued", i.Status, "it is tried again")
		require.NotContains(t, i.Error, "no client may see")
	})
}
