package facenition_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
)

// A token goes on under the pack that made it as long as that is loaded, whichever
// is the first.
func TestTokensOfSeveralPacks(t *testing.T) {
	photo, folder := variants(t, 1)[0], t.TempDir()
	first := embedtest.Pack(t, "default")
	other := *first
	other.Name = "other"
	loaded := func(packs ...*pack.Pack) *process {
		return startNode(t, folder, &recorder{Embedder: embedtest.New(t, embed.DefaultConfig(), packs...)}, nil)
	}
	p := loaded(first, &other)
	c := newClient(t, p.url)
	token := c.identity(t, "image", photo)
	p.stop()

	p = loaded(&other, first)
	c.url = p.url
	require.True(t, c.compare(t, "/authenticate", "token", token, "image", photo).Match)
	later := c.identity(t, "image", photo)
	p.stop()

	p = loaded(&other)
	c.url = p.url
	refused(t, c.form(t, "/authenticate", "token", token, "image", photo), http.StatusConflict, "other_pack")
	refused(t, c.form(t, "/rotate", "token", token, "image", photo, "new_secret", "x"), http.StatusConflict, "other_pack")
	require.True(t, c.compare(t, "/authenticate", "token", later, "image", photo).Match, "which the first had made")
}
