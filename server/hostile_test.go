package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/servertest"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// What no store can keep is refused at the edge, before any key is looked up,
// and what no row can have is found nowhere.
func TestHostileText(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	var server postgrestest.Shared
	t.Cleanup(server.Stop)
	t.Run("SQLite", func(t *testing.T) { hostileText(t, start(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: server.Database(t)})
		require.NoError(t, err)
		hostileText(t, startOn(t, servertest.Options{Store: db}))
	})
}

func hostileText(t *testing.T, c caller) {
	t.Helper()
	_, secret, ok := access.Split(c.key)
	require.True(t, ok)
	for _, bad := range []string{"%00", "a%00b", "%ff", "%c3", "%ed%a0%80", "%f4%90%80%80"} {
		for _, path := range []string{
			"/v1/galleries/" + bad, "/v1/galleries/staff/subjects/" + bad,
			"/v1/galleries/" + bad + "/subjects", "/v1/galleries/staff/subjects/ada/faces/" + bad + "/photo",
		} {
			c.json(t, "GET", path, nil).Refused(t, http.StatusNotFound, "not_found")
		}
		for _, path := range []string{
			"/v1/galleries/" + bad, "/v1/galleries/staff/subjects/" + bad,
			"/v1/galleries/staff/subjects/ada/faces/" + bad, "/v1/galleries/staff/subjects/" + bad + "/photos",
		} {
			c.json(t, "DELETE", path, nil).Refused(t, http.StatusNotFound, "not_found")
		}
		c.json(t, "PATCH", "/v1/galleries/"+bad, m{"policy": m{"quality": "off"}}).Refused(t, http.StatusNotFound, "not_found")
		c.json(t, "PATCH", "/v1/galleries/staff/subjects/"+bad, m{"metadata": m{}}).Refused(t, http.StatusNotFound, "not_found")
		for path, field := range map[string]string{
			"/v1/galleries?after=" + bad:                "after",
			"/v1/galleries/staff/subjects?after=" + bad: "after",
		} {
			requireField(t, field, c.json(t, "GET", path, nil))
		}
		photo := servertest.Of(t, "ada", 1)
		unescaped, err := url.PathUnescape(bad)
		require.NoError(t, err)
		requireField(t, "id", c.raw(t, "/v1/galleries/staff/subjects?id="+bad, photo))
		requireField(t, "pack", c.raw(t, "/v1/detect?pack="+bad, photo))
		contentType, form := multipartOf(t, map[string]string{"id": unescaped}, "photo", photo)
		requireField(t, "id", c.Do(t, c.key, "POST", "/v1/galleries/staff/subjects", contentType, form))
	}
	photo := `"` + text(servertest.Of(t, "ada", 1)) + `"`
	for _, bad := range []string{`"\u0000"`, `"\ud800"`, `"a\udfffb"`} {
		for body, field := range map[string]string{
			`{"photo":` + photo + `,"metadata":{"a":` + bad + `}}`: "metadata.a",
			`{"photo":` + photo + `,"metadata":{` + bad + `:"a"}}`: "metadata",
			`{"photo":` + photo + `,"id":` + bad + `}`:             "id",
		} {
			requireField(t, field, c.Do(t, c.key, "POST", "/v1/galleries/staff/subjects", "application/json", []byte(body)))
		}
		requireField(t, "name", c.Do(t, c.key, "POST", "/v1/galleries", "application/json", []byte(`{"name":`+bad+`}`)))
		requireField(t, "pack", c.Do(t, c.key, "POST", "/v1/galleries", "application/json", []byte(`{"name":"x","pack":`+bad+`}`)))
		requireField(t, "filter.a", c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "application/json", []byte(`{"photo":`+photo+`,"filter":{"a":[`+bad+`]}}`)))
	}
	for _, key := range []string{
		"ot_0123456789abcde\xff_" + secret, "ot_0123456789abcde\xc3_" + secret, "\xff", "ot_" + secret,
	} {
		c.Do(t, key, "GET", "/v1/galleries", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
	}
}

func requireField(t *testing.T, field string, a servertest.Answer) {
	t.Helper()
	require.Equal(t, field, a.Refused(t, http.StatusBadRequest, "invalid_request").Field, "%s", a.Body)
}
