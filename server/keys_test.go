package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/servertest"
	"oneton/store"
)

type keyTold struct {
	ID, Name, Key string
	Scopes        []string
	EndsAt        time.Time `json:"ends_at"`
	RevokedAt     time.Time `json:"revoked_at"`
	MadeBy        string    `json:"made_by"`
	Current       bool
}

// Keys are made by the API within what the maker's key may do, listed without their
// texts, and end when they are revoked.
func TestKeysByTheAPI(t *testing.T) {
	c := start(t)
	maker := c.Key(t, "acme", "keys", "search")
	a := c.JSON(t, maker, "POST", "/v1/keys", m{"name": "door", "scopes": []string{"search"}})
	var made keyTold
	a.Into(t, http.StatusCreated, &made)
	require.Equal(t, "door", made.Name)
	require.Equal(t, "/v1/keys/"+made.ID, a.Header.Get("Location"))
	require.NotEqual(t, http.StatusUnauthorized, c.JSON(t, made.Key, "POST", "/v1/galleries/staff/search", m{}).Status)
	require.Equal(t, http.StatusForbidden, c.JSON(t, made.Key, "GET", "/v1/keys", nil).Status)

	for name, want := range map[string]struct {
		body   m
		status int
		field  string
	}{
		"a scope that the maker lacks": {m{"scopes": []string{"search", "delete"}}, http.StatusForbidden, "scopes[1]"},
		"all scopes":                   {m{"scopes": []string{"*"}}, http.StatusForbidden, "scopes[0]"},
		"no such scope":                {m{"scopes": []string{"fly"}}, http.StatusBadRequest, "scopes"},
		"no scope":                     {m{"scopes": []string{}}, http.StatusBadRequest, "scopes"},
		"scopes missing":               {m{"name": "x"}, http.StatusBadRequest, "scopes"},
		"a name of two lines":          {m{"name": "a\nb", "scopes": []string{"search"}}, http.StatusBadRequest, "name"},
		"an end that was":              {m{"scopes": []string{"search"}, "ends_at": "2020-01-01T00:00:00Z"}, http.StatusBadRequest, "ends_at"},
		"an end that is none":          {m{"scopes": []string{"search"}, "ends_at": "soon"}, http.StatusBadRequest, "ends_at"},
	} {
		a := c.JSON(t, maker, "POST", "/v1/keys", want.body)
		code := "invalid_request"
		if want.status == http.StatusForbidden {
			code = "forbidden"
		}
		require.Equal(t, want.field, a.Refused(t, want.status, code).Field, name)
	}

	var told struct{ Keys []keyTold }
	c.JSON(t, maker, "GET", "/v1/keys", nil).Into(t, http.StatusOK, &told)
	require.Len(t, told.Keys, 3, "what was refused made none")
	current := 0
	for _, k := range told.Keys {
		require.Empty(t, k.Key)
		if k.Current {
			current++
			require.ElementsMatch(t, []string{"keys", "search"}, k.Scopes)
		}
	}
	require.Equal(t, 1, current)

	other := c.Key(t, "other", "*")
	require.Equal(t, http.StatusNotFound, c.JSON(t, other, "DELETE", "/v1/keys/"+made.ID, nil).Status, "another tenant's")
	require.Equal(t, http.StatusNoContent, c.JSON(t, maker, "DELETE", "/v1/keys/"+made.ID, nil).Status)
	require.Equal(t, http.StatusNoContent, c.JSON(t, maker, "DELETE", "/v1/keys/"+made.ID, nil).Status, "again")
	require.Equal(t, http.StatusUnauthorized, c.JSON(t, made.Key, "GET", "/v1/keys", nil).Status)
	require.NotContains(t, c.Log.String(), made.Key)

	// What a key made goes with it, unless it is to stay.
	chief := c.Key(t, "acme", "keys", "search")
	var deputy, kept, lost keyTold
	c.JSON(t, chief, "POST", "/v1/keys", m{"scopes": []string{"keys", "search"}}).Into(t, http.StatusCreated, &deputy)
	c.JSON(t, deputy.Key, "POST", "/v1/keys", m{"scopes": []string{"keys"}}).Into(t, http.StatusCreated, &kept)
	require.Equal(t, deputy.ID, kept.MadeBy)
	require.Equal(t, "made", c.JSON(t, chief, "DELETE", "/v1/keys/"+deputy.ID+"?made=both", nil).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	require.Equal(t, http.StatusNoContent, c.JSON(t, chief, "DELETE", "/v1/keys/"+deputy.ID+"?made=keep", nil).Status)
	c.JSON(t, kept.Key, "POST", "/v1/keys", m{"scopes": []string{"keys"}}).Into(t, http.StatusCreated, &lost)
	require.Equal(t, http.StatusNoContent, c.JSON(t, chief, "DELETE", "/v1/keys/"+kept.ID, nil).Status)
	require.Equal(t, http.StatusUnauthorized, c.JSON(t, lost.Key, "GET", "/v1/keys", nil).Status)

	// One takes the place of the key that made it, again and again.
	var second, third keyTold
	c.JSON(t, chief, "POST", "/v1/keys", m{"scopes": []string{"keys"}}).Into(t, http.StatusCreated, &second)
	c.JSON(t, second.Key, "POST", "/v1/keys", m{"scopes": []string{"keys"}}).Into(t, http.StatusCreated, &third)
	first := "/v1/keys/" + second.MadeBy
	c.JSON(t, third.Key, "DELETE", first, nil).Refused(t, http.StatusConflict, "made_required")
	require.Equal(t, http.StatusOK, c.JSON(t, chief, "GET", "/v1/keys", nil).Status, "nothing is revoked")
	for _, query := range []string{"?made=keep", ""} {
		require.Equal(t, http.StatusNoContent, c.JSON(t, third.Key, "DELETE", first+query, nil).Status, query)
	}
	require.Equal(t, http.StatusUnauthorized, c.JSON(t, chief, "GET", "/v1/keys", nil).Status)
	require.Equal(t, http.StatusOK, c.JSON(t, second.Key, "GET", "/v1/keys", nil).Status)
	require.Equal(t, http.StatusNoContent, c.JSON(t, third.Key, "DELETE", first+"?made=revoke", nil).Status)
	require.Equal(t, http.StatusUnauthorized, c.JSON(t, third.Key, "GET", "/v1/keys", nil).Status)

	chief = c.Key(t, "acme", "keys", "search")
	c.Access.Bound(access.Config{Keys: 2})
	c.JSON(t, chief, "POST", "/v1/keys", m{"scopes": []string{"search"}}).Refused(t, http.StatusConflict, "too_many_keys")

	var scopes struct {
		Scopes []struct {
			Name  string
			Given bool
		}
	}
	c.JSON(t, maker, "GET", "/v1/scopes", nil).Into(t, http.StatusOK, &scopes)
	given := map[string]bool{}
	for _, s := range scopes.Scopes {
		given[s.Name] = s.Given
	}
	require.True(t, given["search"])
	require.False(t, given["delete"])
	require.Contains(t, given, "*")
}

// The overview tells of the caller's tenant alone, by the index and by what was answered.
func TestOverview(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	c.enrol(t, "staff", "bob", 1)
	require.Equal(t, http.StatusOK, c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "ada", 2)).Status)
	require.Equal(t, http.StatusOK, c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "eve", 1)).Status)
	var told struct {
		Galleries []struct {
			Name  string
			Faces int
		}
		Packs    []string
		Position struct{ Log, Index uint64 }
		LastHour struct{ One, Several, Nobody, Enrolments int } `json:"last_hour"`
	}
	c.json(t, "GET", "/v1/overview", nil).Into(t, http.StatusOK, &told)
	require.Len(t, told.Galleries, 1)
	require.Equal(t, "staff", told.Galleries[0].Name)
	require.Equal(t, 2, told.Galleries[0].Faces)
	require.NotEmpty(t, told.Packs)
	require.Equal(t, told.Position.Log, told.Position.Index, "a search has waited for it")
	require.Equal(t, 1, told.LastHour.One)
	require.Equal(t, 1, told.LastHour.Nobody)
	require.Equal(t, 2, told.LastHour.Enrolments)

	told.Galleries = nil
	c.JSON(t, c.Key(t, store.TenantID("other"), "galleries"), "GET", "/v1/overview", nil).Into(t, http.StatusOK, &told)
	require.Empty(t, told.Galleries)
	require.Zero(t, told.LastHour.One)
	require.Zero(t, told.LastHour.Enrolments)
}
