package facenition_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/docs/doctest"
	"oneton/server/facenition"
)

// Every command of the guide works as it stands, in its order, and is answered as
// the guide says; there is one of each call.
func TestGuide(t *testing.T) {
	r := start(t)
	asked := doctest.Walker{
		Reader: doctest.Reader{Server: r.URL},
		Value: func(name string, _ doctest.Call) (string, bool) {
			byEmail, byPhone := r.post.codes(email, phone)
			value, ok := map[string]string{"email_code": byEmail, "phone_code": byPhone}[name]
			return value, ok
		},
		Called: func(made doctest.Call) { require.Equal(t, http.StatusOK, made.Status, "%s: %s", made.Line, made.Body) },
	}.Walk(t, "../../docs/facenition.md", map[string][]byte{"ada1.jpg": ada(t, 1), "ada2.jpg": ada(t, 2), "ada3.jpg": ada(t, 3), "bob.jpg": bob(t, 1)})
	for _, e := range facenition.Endpoints() {
		require.True(t, doctest.Asked(asked, http.MethodPost, at+"(/v[12])?/"+e.Name), "the guide shows %s", e.Name)
	}
}
