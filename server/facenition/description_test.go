package facenition_test

import (
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/facenition"
	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/server/uqudo"
)

// The description that is served is valid, is named by GET /, has every call that
// is served and no other, and says where they are.
func TestDescription(t *testing.T) {
	for base, cfg := range map[string]facenition.Config{
		"/faces/api": {Prefix: "/faces/api"}, "//faces.example.org": {Host: "faces.example.org"}, "//faces.example.org/x": {Host: "faces.example.org", Prefix: "/x"},
	} {
		r := startOn(t, servertest.Options{}, cfg)
		var root struct{ Descriptions []string }
		r.Do(t, "", "GET", "/", "", nil).Into(t, http.StatusOK, &root)
		require.Equal(t, []string{"/openapi.yaml", "/openapi/facenition.yaml"}, root.Descriptions)
		a := r.Do(t, "", "GET", root.Descriptions[1], "", nil)
		require.Equal(t, http.StatusOK, a.Status)
		doc, err := openapi3.NewLoader().LoadFromData(a.Body)
		require.NoError(t, err)
		require.NoError(t, doc.Validate(t.Context()))
		var servers []string
		for _, s := range doc.Servers {
			servers = append(servers, s.URL)
		}
		require.Equal(t, []string{base, base + "/v1", base + "/v2"}, servers)
		got := map[string]bool{}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				require.Equal(t, "POST /"+op.OperationID, method+" "+path)
				got[op.OperationID] = op.Security != nil && len(*op.Security) == 0
			}
		}
		want := map[string]bool{}
		for _, e := range facenition.Endpoints() {
			want[e.Name] = e.Open && e.Name != "token"
		}
		require.Equal(t, want, got, "and which need no client token")
	}
}

// At a host of its own every path is the dialect's, and there alone.
func TestAtItsHost(t *testing.T) {
	r := startOn(t, servertest.Options{}, facenition.Config{Host: "faces.example.org"})
	to := func(host, path string) servertest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+path, nil)
		require.NoError(t, err)
		req.Host = host
		return ask(t, req) // not by the native API's description
	}
	refused(t, to("faces.example.org", "/generate"), http.StatusUnauthorized, "unauthorized")
	refused(t, to("faces.example.org", "/v1/generate"), http.StatusUnauthorized, "unauthorized")
	refused(t, to("faces.example.org", "/v2/generateToken"), http.StatusBadRequest, "invalid_request")
	refused(t, to("faces.example.org", "/v1/detect"), http.StatusNotFound, "not_found")
	refused(t, to("faces.example.org", "/livez"), http.StatusNotFound, "not_found")
	to("other.example.org", "/v1/generate").Refused(t, http.StatusUnauthorized, "unauthorized")
	to("other.example.org", "/generate").Refused(t, http.StatusNotFound, "not_found")
}

// A place that gets in another API's way is refused at the start, and says what.
func TestPlacesInTheWay(t *testing.T) {
	for prefix, says := range map[string]string{
		"/v1": "/v1", "/api/v1/face": "/api/v1/face", "/uqudo/api": "/uqudo/api", "/v1/galleries": "/v1/galleries", "/v1/galleries/staff": "/v1/galleries/staff",
		"/v1/ver": "/v1/ver", "/livez": "/livez", "/openapi": "/openapi",
	} {
		uq := uqudo.New(uqudo.DefaultConfig(), nil, nil, nil, nil, nil)
		_, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop(), native.New(native.Rooms{}), uq,
			facenition.New(facenition.Config{Prefix: prefix}, nil, nil, nil, nil, nil))
		require.ErrorIs(t, err, server.ErrAPI, prefix)
		require.ErrorContains(t, err, says)
	}
	for _, cfg := range []facenition.Config{{Prefix: "/facenition"}, {Prefix: "/v1/facenition"}, {Prefix: "/v2"}, {Host: "faces"}, {Host: "faces", Prefix: "/v1"}} {
		_, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop(), native.New(native.Rooms{}), facenition.New(cfg, nil, nil, nil, nil, nil))
		require.NoError(t, err, cfg)
	}
}
