package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// Which photos a gallery has of whom is told by their SHA-256, as an enrolment would say,
// on each engine.
func TestKnownPhotos(t *testing.T) {
	engines(t, servertest.Options{}, func(t *testing.T, c caller) {
		const path = "/v1/galleries/staff/photos/known"
		ask := func(of string, photos ...m) (known []bool) {
			t.Helper()
			body := m{"photos": photos}
			if of != "" {
				body["import"] = of
			}
			var a struct{ Known []bool }
			c.json(t, "POST", path, body).Into(t, http.StatusOK, &a)
			require.Len(t, a.Known, len(photos))
			return a.Known
		}
		photo := func(subject string, content []byte) m {
			sum := sha256.Sum256(content)
			return m{"subject": subject, "sha256": hex.EncodeToString(sum[:])}
		}
		ada, bob := servertest.Of(t, "ada", 1), servertest.Of(t, "bob", 1)
		add := func(subject, query string, content []byte) {
			t.Helper()
			a := c.raw(t, "/v1/galleries/staff/subjects/"+subject+"/faces?create=true&"+query, content)
			require.Less(t, a.Status, 300, "%s", a.Body)
		}
		require.Equal(t, []bool{false}, ask("", photo("ada", ada)))
		add("ada", "once=true", ada)
		add("bob", "once=true&import=spring", bob)
		add("cy", "", ada) // without once there is no record of the photo
		require.Equal(t, []bool{true, false, true, false, false, true},
			ask("", photo("ada", ada), photo("ada", bob), photo("bob", bob), photo("bob", ada), photo("cy", ada), photo("ada", ada)))
		upper := photo("ada", ada)
		upper["sha256"] = strings.ToUpper(upper["sha256"].(string))
		require.Equal(t, []bool{true}, ask("", upper))
		require.Equal(t, []bool{false, true}, ask("spring", photo("ada", ada), photo("bob", bob)), "of another import's subjects an enrolment tells")
		require.Equal(t, []bool{false, false}, ask("autumn", photo("ada", ada), photo("bob", bob)))

		var i importing
		c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/x-ndjson", linesOf(t, "dan")).Into(t, http.StatusAccepted, &i)
		require.Equal(t, 1, c.imported(t, i.ID).Added)
		require.Equal(t, []bool{true}, ask("", photo("dan", servertest.Of(t, "dan", 0))), "an import's photos are known")
		var ada1 enrolment
		c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &ada1)
		require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/galleries/staff/subjects/ada/faces/"+ada1.Faces[0].ID, nil).Status)
		require.Equal(t, []bool{false}, ask("", photo("ada", ada)), "a face that was deleted is not there")

		many := make([]m, 201)
		for i := range many {
			many[i] = photo("ada", ada)
		}
		require.Len(t, ask("", many[:200]...), 200)
		for field, body := range map[string]m{
			"photos": {"photos": many}, "photos.sha256": {"photos": []m{{"subject": "ada", "sha256": "12"}}},
		} {
			require.Equal(t, field, c.json(t, "POST", path, body).Refused(t, http.StatusBadRequest, "invalid_request").Field)
		}
		c.json(t, "POST", path, m{"photos": []m{}}).Refused(t, http.StatusBadRequest, "invalid_request")
		c.json(t, "POST", path, m{}).Refused(t, http.StatusBadRequest, "invalid_request")
		c.json(t, "POST", "/v1/galleries/none/photos/known", m{"photos": []m{photo("ada", ada)}}).Refused(t, http.StatusNotFound, "not_found")
		c.JSON(t, c.Key(t, "rival", "*"), "POST", path, m{"photos": []m{photo("ada", ada)}}).Refused(t, http.StatusNotFound, "not_found")
	})
}
