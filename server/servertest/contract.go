package servertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"oneton/server"
)

// contract is the description that the server serves of itself.
type contract struct {
	router routers.Router
	// others are the prefixes of APIs that it is not of.
	others []string
}

func load(t testing.TB, r *Rig, others []server.API) *contract {
	t.Helper()
	takeFiles()
	res, err := r.client.Get(r.URL + "/openapi.yaml")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	doc.Servers = openapi3.Servers{{URL: r.URL}}
	require.NoError(t, doc.Validate(context.Background()))
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	c := &contract{router: router}
	for _, api := range others {
		c.others = append(c.others, api.Prefixes...)
	}
	return c
}

// takeFiles has bodies that are files taken as they are.
var takeFiles = sync.OnceFunc(func() {
	for _, kind := range []string{"application/zip", "application/x-ndjson"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
})

// check holds an exchange of a described route against the description: a
// request that was served must be as described, and so must every answer.
func (c *contract) check(req *http.Request, body []byte, a Answer) error {
	switch req.Method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodPut:
	case http.MethodHead, http.MethodOptions:
		return nil // for every route alike, in words
	default:
		if a.Status < http.StatusBadRequest {
			return fmt.Errorf("%s %s is served", req.Method, req.URL.Path)
		}
		return nil
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		others := slices.ContainsFunc(c.others, func(prefix string) bool { return strings.HasPrefix(req.URL.Path, prefix) })
		if a.Status < http.StatusBadRequest && strings.HasPrefix(req.URL.Path, "/v1/") && !others {
			return fmt.Errorf("%s %s is served but not described: %w", req.Method, req.URL.Path, err)
		}
		return nil
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	input := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
			MultiError:            true,
			SkipSettingDefaults:   true,
		},
	}
	if a.Status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			return fmt.Errorf("%s %s is served: %w", req.Method, req.URL.Path, err)
		}
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.Status, Header: a.Header,
		Body: io.NopCloser(bytes.NewReader(a.Body)), Options: input.Options,
	})
	if err != nil {
		return fmt.Errorf("%s %s is answered %s: %w", req.Method, req.URL.Path, a.Body, err)
	}
	return nil
}
