package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

// addition is what a call that may be repeated answers.
type addition struct {
	enrolment
	Present []string
}

// TestRepeatedAdditions is the call by which people are brought over, in each form.
func TestRepeatedAdditions(t *testing.T) {
	c := start(t)
	const faces = "/v1/galleries/staff/subjects/ada/faces"
	first, second := servertest.Of(t, "ada", 1), servertest.Of(t, "ada", 2)
	c.json(t, "POST", faces, m{"photo": text(first), "once": true}).Refused(t, http.StatusNotFound, "not_found")
	p := c.json(t, "POST", faces, m{"photo": text(first), "metadata": m{"team": "a"}}).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "metadata", p.Field)

	var dry, made, again, more, none addition
	a := c.json(t, "POST", faces, m{"photo": text(first), "create": true, "once": true, "dry_run": true, "metadata": m{"team": "a"}})
	a.Into(t, http.StatusOK, &dry)
	require.Equal(t, "ada", dry.Subject.ID)
	require.Empty(t, dry.Faces)
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "POST", faces, m{"photo": text(servertest.Photo(t)), "create": true, "dry_run": true}).Refused(t, http.StatusUnprocessableEntity, "no_face")

	c.json(t, "POST", faces, m{"photo": text(first), "create": true, "once": true, "metadata": m{"team": "a"}}).Into(t, http.StatusCreated, &made)
	require.Len(t, made.Faces, 1)
	require.Equal(t, map[string]string{"team": "a"}, made.Subject.Metadata)
	a = c.raw(t, faces+"?create=true&once=true&metadata=%7B%22team%22:%22b%22%7D", first)
	a.Into(t, http.StatusOK, &again)
	require.Empty(t, again.Faces)
	require.Equal(t, []string{made.Faces[0].ID}, again.Present)
	require.Equal(t, map[string]string{"team": "a"}, again.Subject.Metadata)
	require.NotEmpty(t, a.Header.Get(server.HeaderPosition))

	contentType, form := multipartOf(t, map[string]string{"create": "true", "once": "true"}, "photo", first, second)
	c.Do(t, c.key, "POST", faces, contentType, form).Into(t, http.StatusCreated, &more)
	require.Len(t, more.Faces, 1)
	require.Equal(t, []string{made.Faces[0].ID}, more.Present)
	c.Do(t, c.key, "POST", faces, contentType, form).Into(t, http.StatusOK, &none)
	require.Len(t, none.Present, 2)
	require.Equal(t, 2, none.Subject.FaceCount)
}

// TestAdditionsOfAnImport go to no person of somebody else's.
func TestAdditionsOfAnImport(t *testing.T) {
	c := start(t)
	c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "ada", "photo": text(servertest.Of(t, "ada", 1))})
	add := func(subject, name string, take int) servertest.Answer {
		return c.json(t, "POST", "/v1/galleries/staff/subjects/"+subject+"/faces",
			m{"photo": text(servertest.Of(t, subject, take)), "create": true, "once": true, "import": name})
	}
	p := add("ada", "one", 2).Refused(t, http.StatusConflict, "already_exists")
	require.Equal(t, "id", p.Field)
	require.Equal(t, http.StatusCreated, add("bob", "one", 1).Status)
	require.Equal(t, http.StatusCreated, add("bob", "one", 2).Status)
	require.Equal(t, http.StatusOK, add("bob", "one", 2).Status)
	add("bob", "two", 3).Refused(t, http.StatusConflict, "already_exists")
	p = add("bob", "a b", 3).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "import", p.Field)
}
