package facesession_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/facesession"
	"oneton/store"
	"oneton/store/storetest"
)

// A policy is kept as it was set, and one that could not work is not.
func TestPolicies(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		policies := facesession.NewPolicies(r.db)
		p, err := policies.Policy(ctx, by.Tenant, client)
		require.NoError(t, err)
		require.Equal(t, facesession.DefaultPolicy(), p)
		full := facesession.Policy{
			MaxAttempts: 1, MinimumMatchLevel: 5, ReturnIncomplete: true, OneToN: facesession.OneToNInsert, Liveness: true,
			Origins: []string{"https://a.example", "https://a.example:8443", "http://localhost:3000", "http://127.0.0.1"},
			Returns: []string{"https://a.example/done?x=1&y=2", "http://localhost/"},
		}
		require.NoError(t, policies.Set(ctx, by, client, full, 5))
		p, err = policies.Policy(ctx, by.Tenant, client)
		require.NoError(t, err)
		require.Equal(t, full, p)
		for name, change := range map[string][]func(p *facesession.Policy){
			"maxAttempts":       {func(p *facesession.Policy) { p.MaxAttempts = 0 }, func(p *facesession.Policy) { p.MaxAttempts = 4 }},
			"minimumMatchLevel": {func(p *facesession.Policy) { p.MinimumMatchLevel = 0 }, func(p *facesession.Policy) { p.MinimumMatchLevel = 6 }},
			"oneToN":            {func(p *facesession.Policy) { p.OneToN = "" }},
			"origins":           origins(),
			"returns":           returns(),
		} {
			for i, change := range change {
				p := full
				change(&p)
				err := policies.Set(ctx, by, client, p, 5)
				about, ok := errors.AsType[*argument.Error](err)
				require.True(t, ok, "%s %d: %+v", name, i, p)
				require.Equal(t, name, about.Argument)
			}
		}
		p, err = policies.Policy(ctx, by.Tenant, client)
		require.NoError(t, err)
		require.Equal(t, full, p, "nothing has changed")
		require.ErrorIs(t, policies.Set(ctx, store.Actor{Tenant: "nobody"}, "", full, 5), store.ErrNotFound)
		require.NoError(t, policies.Reset(ctx, by, client))
		require.NoError(t, policies.Reset(ctx, by, client))
		require.Equal(t, []string{"client", "client"}, r.rows(t, `SELECT what FROM deeds WHERE verb = 'face_policy.set' ORDER BY id`))

		id, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err)
		require.NoError(t, policies.Set(ctx, by, client, full, 5))
		e, err := r.Embedding(ctx, id)
		require.NoError(t, err)
		require.Empty(t, e.Origins, "a session is as it was when it was opened")
		id, err = r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err)
		e, err = r.Embedding(ctx, id)
		require.NoError(t, err)
		require.Equal(t, full.Origins, e.Origins)
		require.Equal(t, full.Returns, e.Returns)

		_, err = r.db.DeleteTenant(ctx, by.Tenant)
		require.NoError(t, err)
		for _, table := range []string{"face_policies", "face_sessions", "face_session_pictures", "face_images"} {
			require.Equal(t, []string{"0"}, r.rows(t, `SELECT CAST(count(*) AS TEXT) FROM `+table), "%s goes with the tenant", table)
		}
	})
}

func origins() (all []func(p *facesession.Policy)) {
	for _, o := range []string{
		"", "*", "null", "a.example", "https://", "https://A.example", "https://a.example/", "https://a.example/x", "https://a.example?x", "https://u:p@a.example",
		"http://a.example", "ftp://a.example", "javascript:alert(1)", "https://a.example https://b.example", "https://a.example;script-src", "https://*.example",
		"https://a.example\n", "http://localhost.evil.example", "https://" + strings.Repeat("a", 600),
	} {
		all = append(all, func(p *facesession.Policy) { p.Origins = []string{o} })
	}
	return append(all, func(p *facesession.Policy) { p.Origins = make([]string, 33) })
}

func returns() (all []func(p *facesession.Policy)) {
	for _, a := range []string{
		"", "x", "/done", "https://", "http://a.example/", "javascript:alert(1)", "data:text/html,x", "https://u@a.example/", "https://a.example/#x",
		"https://a.example/;x", "https://a.example/ x", "https://a.example/\"x", "https://a.example/é",
	} {
		all = append(all, func(p *facesession.Policy) { p.Returns = []string{a} })
	}
	return append(all, func(p *facesession.Policy) { p.Returns = make([]string, 33) })
}
