package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/archive/gallery"
	"oneton/face"
	"oneton/server/servertest"
)

const tarType = "application/x-tar"

// archived are the people of an archive, which must be whole.
func archived(t *testing.T, file []byte) (gallery.Manifest, []gallery.Subject) {
	t.Helper()
	r, err := gallery.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	var people []gallery.Subject
	for {
		some, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Manifest, people
		}
		require.NoError(t, err)
		people = append(people, some...)
	}
}

func pack(t *testing.T, m gallery.Manifest, people ...gallery.Subject) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gallery.NewWriter(&b, m)
	require.NoError(t, err)
	for _, p := range people {
		require.NoError(t, w.Add(p))
	}
	_, err = w.Close()
	require.NoError(t, err)
	return b.Bytes()
}

// Archives go out and in under scopes of their own; nobody's data but the tenant's.
func TestArchives(t *testing.T) {
	c := start(t)
	c.json(t, "POST", "/v1/galleries", m{"name": "from", "policy": m{"keep_photos": true, "quality": "off"}})
	c.json(t, "POST", "/v1/galleries", m{"name": "to", "policy": m{"quality": "off"}})
	for i, id := range []string{"ann", "bob"} {
		c.enrol(t, "from", id, i)
	}
	narrow := c.Key(t, "acme", "galleries", "enrol", "read", "search", "delete")
	c.Do(t, narrow, "GET", "/v1/galleries/from/export", "", nil).Refused(t, http.StatusForbidden, "forbidden")
	c.Do(t, narrow, "POST", "/v1/galleries/to/import", tarType, nil).Refused(t, http.StatusForbidden, "forbidden")
	c.Do(t, c.key, "GET", "/v1/galleries/none/export", "", nil).Refused(t, http.StatusNotFound, "not_found")

	out := c.Key(t, "acme", "archive:export")
	a := c.Do(t, out, "GET", "/v1/galleries/from/export", "", nil)
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, tarType, a.Header.Get("Content-Type"))
	manifest, people := archived(t, a.Body)
	require.Equal(t, "from", manifest.Gallery.Name)
	require.Len(t, people, 2)
	require.Len(t, people[0].Faces, 1)
	require.Empty(t, people[0].Faces[0].Content, "photos are asked for")
	_, withPhotos := archived(t, c.Do(t, out, "GET", "/v1/galleries/from/export?photos=true", "", nil).Body)
	require.NotEmpty(t, withPhotos[0].Faces[0].Content)

	in := c.Key(t, "acme", "archive:import")
	send := func(body []byte) (answer struct {
		Subjects, Faces, Present int
		Elsewhere                []struct{ Subject, Face, Of string }
		Refused                  []struct{ Subject, Code string }
	},
	) {
		t.Helper()
		c.Do(t, in, "POST", "/v1/galleries/to/import", tarType, body).Into(t, http.StatusOK, &answer)
		return answer
	}
	first := send(a.Body)
	require.Equal(t, []int{2, 2, 0}, []int{first.Subjects, first.Faces, first.Present})
	require.Empty(t, first.Refused)
	again := send(a.Body)
	require.Equal(t, []int{0, 0, 2}, []int{again.Subjects, again.Faces, again.Present})

	// Who was merged since stays so, and is told.
	require.Empty(t, again.Elsewhere)
	c.json(t, "POST", "/v1/galleries/to/subjects/bob/merge", m{"into": "ann"}).Into(t, http.StatusOK, &struct{}{})
	merged := send(a.Body)
	require.Equal(t, []int{0, 0, 1}, []int{merged.Subjects, merged.Faces, merged.Present})
	require.Len(t, merged.Elsewhere, 1)
	require.Equal(t, []string{"bob", "ann"}, []string{merged.Elsewhere[0].Subject, merged.Elsewhere[0].Of})

	// Somebody else of the same id, a template that is none, and a photo that is none.
	other, bad, page := people[0], people[1], people[1]
	other.Faces = []gallery.Face{other.Faces[0]}
	other.Faces[0].ID = "00000000-0000-8000-8000-000000000001"
	bad.ID, bad.Faces = "cid", []gallery.Face{bad.Faces[0]}
	bad.Faces[0].ID, bad.Faces[0].Template = "00000000-0000-8000-8000-000000000002", make(face.Template, len(people[0].Faces[0].Template))
	page.ID, page.Faces = "no id of a person", nil
	mixed := send(pack(t, manifest, other, bad, page))
	require.Zero(t, mixed.Faces)
	var codes []string
	for _, r := range mixed.Refused {
		codes = append(codes, r.Subject+" "+r.Code)
	}
	require.Equal(t, []string{"ann already_exists", "cid invalid_request", "no id of a person invalid_request"}, codes)

	// Nobody is of the future, to which retention would never come.
	late := people[0]
	late.ID, late.CreatedAt, late.Faces = "eve", time.Now().AddDate(1000, 0, 0), []gallery.Face{late.Faces[0]}
	late.Faces[0].ID, late.Faces[0].CreatedAt = "00000000-0000-8000-8000-000000000003", late.CreatedAt
	require.Equal(t, 1, send(pack(t, manifest, late)).Faces)
	_, there := archived(t, c.Do(t, out, "GET", "/v1/galleries/to/export", "", nil).Body)
	eve := there[slices.IndexFunc(there, func(s gallery.Subject) bool { return s.ID == "eve" })]
	require.WithinDuration(t, time.Now(), eve.CreatedAt, time.Hour)
	require.WithinDuration(t, time.Now(), eve.Faces[0].CreatedAt, time.Hour)

	// What the pack cannot use is refused whole, by name; what is damaged, by its place.
	strange := people[0]
	strange.ID, strange.Faces = "dan", []gallery.Face{strange.Faces[0]}
	strange.Faces[0].Version = "77"
	p := c.Do(t, in, "POST", "/v1/galleries/to/import", tarType, pack(t, manifest, strange)).Refused(t, http.StatusConflict, "template_version")
	require.Contains(t, p.Detail, "77")
	foreign := manifest
	foreign.Gallery.Pack = "other"
	p = c.Do(t, in, "POST", "/v1/galleries/to/import", tarType, pack(t, foreign, people...)).Refused(t, http.StatusConflict, "template_version")
	require.Contains(t, p.Detail, `"other"`)
	c.Do(t, in, "POST", "/v1/galleries/to/import", tarType, []byte("no archive")).Refused(t, http.StatusUnprocessableEntity, "archive_damaged")
	p = c.Do(t, in, "POST", "/v1/galleries/to/import", tarType, a.Body[:len(a.Body)-2048]).Refused(t, http.StatusUnprocessableEntity, "archive_damaged")
	require.Contains(t, p.Detail, "behind ")
	c.json(t, "GET", "/v1/galleries/to/subjects/dan", nil).Refused(t, http.StatusNotFound, "not_found")

	// Another tenant's gallery is none.
	stranger := c.Key(t, "other", "archive:export")
	c.Do(t, stranger, "GET", "/v1/galleries/from/export", "", nil).Refused(t, http.StatusNotFound, "not_found")
	require.WithinDuration(t, time.Now(), manifest.Made, time.Hour)
	require.True(t, json.Valid(manifest.Gallery.Policy))
}

// TestPeopleOfSeveralBlocks: whoever is larger than a block of an archive comes in whole
// from it, and from each block sent by itself; somebody else of that id is told once.
func TestPeopleOfSeveralBlocks(t *testing.T) {
	c := start(t)
	for _, name := range []string{"from", "to", "parts", "other"} {
		c.json(t, "POST", "/v1/galleries", m{"name": name, "policy": m{"keep_photos": true, "quality": "off"}})
	}
	const faces = 6
	for take := range faces {
		path := "/v1/galleries/from/subjects?id=ann"
		if take > 0 {
			path = "/v1/galleries/from/subjects/ann/faces"
		}
		photo := append(servertest.Of(t, "ann", take), make([]byte, 1<<20)...)
		require.Equal(t, http.StatusCreated, c.raw(t, path, photo).Status)
	}
	c.enrol(t, "from", "bob", 0)
	c.enrol(t, "other", "ann", 0)
	file := c.Do(t, c.key, "GET", "/v1/galleries/from/export?photos=true", "", nil).Body
	manifest, lines := archived(t, file)
	require.Greater(t, len(lines), 2, "ann has a block's line, and another's")

	type came struct {
		Subjects, Faces, Present int
		Refused                  []struct{ Subject, Code string }
	}
	send := func(name string, archive []byte) (a came) {
		t.Helper()
		c.Do(t, c.key, "POST", "/v1/galleries/"+name+"/import", tarType, archive).Into(t, http.StatusOK, &a)
		return a
	}
	none := []struct{ Subject, Code string }{}
	require.Equal(t, came{2, faces + 1, 0, none}, send("to", file))
	require.Equal(t, came{0, 0, faces + 1, none}, send("to", file))

	sum := came{Refused: none}
	for range 2 {
		for _, line := range lines {
			a := send("parts", pack(t, manifest, line))
			require.Empty(t, a.Refused)
			sum.Subjects, sum.Faces, sum.Present = sum.Subjects+a.Subjects, sum.Faces+a.Faces, sum.Present+a.Present
		}
	}
	require.Equal(t, came{2, faces + 1, faces + 1, none}, sum)
	for _, name := range []string{"to", "parts"} {
		_, there := archived(t, c.Do(t, c.key, "GET", "/v1/galleries/"+name+"/export?photos=true", "", nil).Body)
		require.Len(t, there, len(lines))
		for i, line := range there {
			require.Equal(t, lines[i].CreatedAt, line.CreatedAt)
			require.Len(t, line.Faces, len(lines[i].Faces))
			for j, f := range line.Faces {
				f.ID = lines[i].Faces[j].ID // which is taken on this server
				require.Equal(t, lines[i].Faces[j], f)
			}
		}
	}

	require.Equal(t, came{1, 1, 0, []struct{ Subject, Code string }{{"ann", "already_exists"}}}, send("other", file))
}
