package demo_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/cmd/oneton/demo"
	"oneton/setup"
)

// truth is who is on the photos, in the order in which they are searched. A
// photo of no one is nil, and a stranger is "".
func truth() [][]string {
	return [][]string{
		{"barack-obama"},
		{"barack-obama"},
		{"barack-obama"},
		{"joe-biden"},
		{""},
		nil,
		{"person-b", "", "", "person-a"},
		{"", "person-c", ""},
		{"", "", "person-d", "", ""},
		{"", "", "", ""},
	}
}

// scripted is a server that answers the n-th search with the n-th answer. It
// lists the faces of a photo from right to left, since their order means
// nothing.
func scripted(t *testing.T, answers [][]string) *httptest.Server {
	t.Helper()
	type object = map[string]any
	box := func(i int) object { return object{"x": 100 * i, "y": 100, "width": 80, "height": 100} }
	write := func(w http.ResponseWriter, status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // The demo notices.
	}
	names := map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/galleries", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the-key" {
			write(w, http.StatusUnauthorized, object{"code": "unauthorized", "detail": "who are you?"})
			return
		}
		write(w, http.StatusCreated, object{"name": "demo"})
	})
	mux.HandleFunc("POST /v1/detect", func(w http.ResponseWriter, _ *http.Request) {
		var faces []object
		for i := 4; i >= 0; i-- {
			faces = append(faces, object{"box": box(i)})
		}
		write(w, http.StatusOK, object{"faces": faces})
	})
	mux.HandleFunc("POST /v1/galleries/demo/subjects", func(w http.ResponseWriter, r *http.Request) {
		var metadata struct{ Name string }
		if json.Unmarshal([]byte(r.URL.Query().Get("metadata")), &metadata) != nil {
			write(w, http.StatusBadRequest, object{"code": "invalid_request"})
			return
		}
		names[r.URL.Query().Get("id")] = metadata.Name
		write(w, http.StatusCreated, object{"faces": []object{{"box": box(0)}}})
	})
	mux.HandleFunc("POST /v1/galleries/demo/search", func(w http.ResponseWriter, r *http.Request) {
		answer := answers[0]
		answers = answers[1:]
		if len(answer) == 0 {
			write(w, http.StatusUnprocessableEntity, object{"code": "no_face"})
			return
		}
		var probes []object
		for i, id := range slices.Backward(answer) {
			probe := object{"match": "nobody", "candidates": []object{}, "probe": object{"box": box(i)}, "threshold": 0.4375}
			if id != "" {
				probe["match"] = "one"
				probe["candidates"] = []object{{"subject": id, "metadata": object{"name": names[id]}, "cosine": 0.8125, "score": 77.25}}
			}
			probes = append(probes, probe)
		}
		if r.URL.Query().Get("all_faces") == "true" {
			write(w, http.StatusOK, object{"probes": probes, "timings": object{"total": 12.5}})
			return
		}
		probes[0]["timings"] = object{"total": 12.5}
		write(w, http.StatusOK, probes[0])
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func run(t *testing.T, s *httptest.Server, photos string) (table, sheet string, err error) {
	t.Helper()
	var out bytes.Buffer
	sheet = filepath.Join(t.TempDir(), "sheet.png")
	err = demo.Run(t.Context(), demo.Config{URL: s.URL, Key: "the-key", Photos: photos, Sheet: sheet, Out: &out})
	return out.String(), sheet, err
}

func allPhotos(t *testing.T) string {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Photos, setup.GroupPhotos)
	require.NoError(t, err, "'make setup' comes before the tests")
	return paths.Photos
}

func TestRunWithRightAnswers(t *testing.T) {
	table, sheet, err := run(t, scripted(t, truth()), allPhotos(t))
	require.NoError(t, err)
	require.Contains(t, table, "Joe Biden")
	require.Regexp(t, `obama2\.jpg +1 +one +Barack Obama +0\.812 +77\.2 .* 12\.5`, table)
	require.Regexp(t, `astronaut\.png +1 +nobody`, table)
	require.Regexp(t, `chelsea\.png +- +no face`, table)
	require.Regexp(t, `\n +3 +one +Person D`, table)
	require.Contains(t, table, "below 0.438")
	f, err := os.Open(sheet)
	require.NoError(t, err)
	defer f.Close()
	_, err = png.Decode(f)
	require.NoError(t, err)
}

func TestRunFailsOnWrongAnswers(t *testing.T) {
	answers := truth()
	answers[4] = []string{"joe-biden"}
	_, sheet, err := run(t, scripted(t, answers), allPhotos(t))
	require.ErrorIs(t, err, demo.ErrWrongAnswer)
	require.ErrorContains(t, err, `face 1 on astronaut.png is "", and not "joe-biden" (one)`)
	require.FileExists(t, sheet)
}

func TestRunWithoutGroupPhotos(t *testing.T) {
	all, portraits := allPhotos(t), t.TempDir()
	entries, err := os.ReadDir(all)
	require.NoError(t, err)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "sample") {
			require.NoError(t, os.Symlink(filepath.Join(all, e.Name()), filepath.Join(portraits, e.Name())))
		}
	}
	table, _, err := run(t, scripted(t, truth()), portraits)
	require.NoError(t, err)
	require.NotContains(t, table, "sample")

	require.NoError(t, os.Remove(filepath.Join(portraits, "obama2.jpg")))
	_, _, err = run(t, scripted(t, truth()), portraits)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRunReportsProblems(t *testing.T) {
	s := scripted(t, truth())
	err := demo.Run(t.Context(), demo.Config{URL: s.URL, Key: "wrong", Photos: t.TempDir()})
	require.ErrorContains(t, err, "create the gallery: unauthorized: who are you?")
	s.Close()
	err = demo.Run(t.Context(), demo.Config{URL: s.URL, Key: "the-key", Photos: t.TempDir()})
	require.ErrorContains(t, err, "create the gallery")
}
