package uqudo_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/docs/doctest"
	"oneton/server/servertest"
)

// Every command of the guide works as it stands, in its order, and is answered as the
// guide says; there is one of each call.
func TestGuide(t *testing.T) {
	const path = "../../docs/uqudo.md"
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	asJSON := func(v m) []byte {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return text
	}
	ada := text(servertest.Of(t, "ada", 1))
	asked := doctest.Walker{
		Reader: doctest.Reader{Server: r.URL},
		Value: func(name string, _ doctest.Call) (string, bool) {
			value, ok := map[string]string{"id": c.id, "secret": c.secret, "token": c.token}[name]
			return value, ok
		},
		Called: func(made doctest.Call) {
			if !strings.Contains(made.Line, "nobody.json") && !strings.Contains(made.Line, "$image") { // which only a flow has
				require.Less(t, made.Status, http.StatusBadRequest, "%s: %s", made.Line, made.Body)
			}
		},
	}.Walk(t, path, map[string][]byte{
		"id.jpg": servertest.Of(t, "ada", 2), "photo.json": asJSON(m{"idPhoto": ada}), "nobody.json": asJSON(m{"idPhoto": text(servertest.Photo(t))}),
		"pair.json": asJSON(m{"sourceImage": ada, "targetImage": text(servertest.Of(t, "ada", 2)), "minimumMatchLevel": 3}),
	})
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, q := range calls(t) {
		require.True(t, doctest.Asked(asked, q.method, q.described), "the guide shows %s %s", q.method, q.described)
		require.Contains(t, string(guide), "| `"+q.method+" "+q.described+"` | `"+q.scope+"`")
	}
}
