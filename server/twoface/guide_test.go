package twoface_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/docs/doctest"
	"oneton/server/twoface"
)

// Every command of the guide works as it stands, in its order, and is answered as the
// guide says; there is one of each call.
func TestGuide(t *testing.T) {
	r := start(t)
	c := client{url: r.URL + at, key: r.backend(t, "acme").key}
	asked := doctest.Walker{
		Reader: doctest.Reader{Server: r.URL},
		Value: func(name string, last doctest.Call) (string, bool) {
			switch name {
			case "key":
				return c.key, true
			case "user":
				var u struct{ Result struct{ ID string } }
				require.NoError(t, json.Unmarshal(last.Body, &u))
				return u.Result.ID, true
			}
			return "", false
		},
		Called: func(made doctest.Call) {
			require.Equal(t, http.StatusOK, made.Status, "%s: %s", made.Line, made.Body)
			if job, ok := strings.CutPrefix(made.Path, at+"/jobs/"); ok && made.Method == http.MethodGet {
				c.ended(t, job) // as a reader would wait
			}
		},
	}.Walk(t, "../../docs/twoface.md", map[string][]byte{
		"selfie.jpg": selfie(t, "ada"), "document.jpg": document(t, "ada", "CEDULA", "FRONT", cedula),
		"smile.mp4": []byte("GIF89a:smile"), "blink.mp4": []byte("GIF89a:blink"),
	})
	for _, call := range twoface.Calls() {
		method, path, _ := strings.Cut(call, " ")
		require.True(t, call == "GET /photos/:photo" /* whose address an attempt has */ || doctest.Asked(asked, method, at+path), "the guide shows %s", call)
	}
}
