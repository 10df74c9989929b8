package uqudo_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/server/servertest"
	"oneton/server/uqudo/clienttest"
)

// looks is a camera's check that asks for one look, and takes whatever it sees.
type looks struct{}

func (looks) Plan() []facesession.StepKind { return []facesession.StepKind{facesession.Look} }

func (looks) Guide(context.Context, []byte) (facesession.Guidance, error) {
	return facesession.Guidance{Code: facesession.GuideOK}, nil
}

func (looks) Check(context.Context, facesession.StepKind, []facesession.Frame, [][]byte) (facesession.Finding, error) {
	return facesession.Finding{Passed: true, Score: 1}, nil
}

// person is somebody who goes through a session's page, by what the page speaks for.
type person struct {
	name string
	take int
}

// goes is the JWS that the page hands back at its end.
func (p *person) goes(t *testing.T, r *servertest.Rig, session, nonce string) facesession.End {
	t.Helper()
	tab, err := r.Node.FaceSessions.Bind(t.Context(), session, "", nonce)
	require.NoError(t, err)
	for {
		begun, err := r.Node.FaceSessions.Begin(t.Context(), session, tab.Binding)
		require.NoError(t, err)
		var frames []facesession.Frame
		for i := range 10 {
			p.take++
			frames = append(frames, facesession.Frame{At: time.Duration(i) * 100 * time.Millisecond, JPEG: servertest.Of(t, p.name, p.take)})
		}
		time.Sleep(time.Second) // as long as the frames say
		done, err := r.Node.FaceSessions.Step(t.Context(), session, tab.Binding, begun.Step.Token, frames)
		require.NoError(t, err)
		if done.End != nil {
			return *done.End
		}
	}
}

// contractClient is a client of the tenant as its owner sets it up.
func contractClient(t *testing.T, r *servertest.Rig, base string) *clienttest.Client {
	t.Helper()
	c := newClient(t, r, "acme", "KYC_FACE_FLOW", "KYC_FACE_SEARCH_SDK", "face:match", "face:delete")
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &clienttest.Client{Tokens: r.URL + base + "/api", API: r.URL + base, ID: c.id, Secret: c.secret, HTTP: &http.Client{Transport: transport}}
}

// A client of the contract finds people, and reads its refusals.
func TestClientOfTheContract(t *testing.T) {
	r, _ := startOn(t, servertest.Options{})
	c := contractClient(t, r, "/uqudo")
	ada, again, zoe := servertest.Of(t, "ada", 1), servertest.Of(t, "ada", 2), servertest.Of(t, "zoe", 1)
	match, level, err := c.Match(ada, again, 5)
	require.NoError(t, err)
	require.True(t, match)
	require.Equal(t, 5, level)
	match, level, err = c.Match(ada, zoe, 1)
	require.NoError(t, err)
	require.False(t, match)
	require.Zero(t, level)
	id, match, err := c.Search(ada, false)
	require.NoError(t, err)
	require.False(t, match)
	require.Empty(t, id)
	inserted, err := c.Insert(ada)
	require.NoError(t, err)
	id, match, err = c.Search(again, true)
	require.NoError(t, err)
	require.True(t, match)
	require.Equal(t, inserted, id)
	require.NoError(t, c.Delete(inserted))
	status := func(err error) *clienttest.Error {
		var e *clienttest.Error
		require.ErrorAs(t, err, &e)
		return e
	}
	require.Equal(t, http.StatusNotFound, status(c.Delete(inserted)).Status)
	_, _, err = c.Search(servertest.Photo(t), false)
	require.Equal(t, "NO_FACE", status(err).Code)
	_, _, err = c.Match(ada, zoe, 6)
	require.Equal(t, "INVALID_INPUT", status(err).Code)
	require.NotEmpty(t, status(err).Message)
	_, err = c.Insert([]byte("%PDF-1.7"))
	require.Equal(t, http.StatusUnsupportedMediaType, status(err).Status)
	_, err = c.Insert(make([]byte, 5<<20+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, status(err).Status)
}

// A client of the contract believes a result that is its own, before and after the
// server's keys are replaced, and no other.
func TestResultsOfTheContract(t *testing.T) {
	r, _ := startOn(t, servertest.Options{})
	c, other := contractClient(t, r, ""), contractClient(t, r, "")
	ada, zoe := &person{name: "ada", take: 10}, &person{name: "zoe"}

	session, err := c.Open(servertest.Of(t, "ada", 1))
	require.NoError(t, err)
	end := ada.goes(t, r, session, "n-1")
	require.Equal(t, facesession.OK, end.Code)
	verified := func(c *clienttest.Client) clienttest.Result {
		got, err := c.Verify(end.Result, session, "n-1")
		require.NoError(t, err)
		return got
	}
	got := verified(c)
	require.True(t, got.Data.Face.Match)
	require.Equal(t, 5, got.Data.Face.MatchLevel)
	require.Nil(t, got.Data.Face.Error)
	require.NotNil(t, got.Data.Face.FalseAcceptRate)
	require.InDelta(t, 1e-6, *got.Data.Face.FalseAcceptRate, 1e-9)
	require.Nil(t, got.Data.Face.PersonID)
	require.Nil(t, got.Data.Liveness)
	require.Equal(t, "oneton", got.Issuer)
	require.EqualValues(t, 600, got.Expires-got.IssuedAt)
	require.NotEqual(t, session, got.ID)
	require.Regexp(t, `^[0-9a-f]{24}$`, *got.Data.Face.ImageID)
	image, err := c.AuditImage(*got.Data.Face.ImageID)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(image)), *got.Data.Face.Checksum)
	_, err = other.AuditImage(*got.Data.Face.ImageID)
	require.ErrorContains(t, err, "404")

	// Keys are replaced under the eyes of a client that keeps the key set.
	_, err = r.Node.Signatures.Rotate(t.Context(), true)
	require.NoError(t, err)
	verified(c)
	again, err := c.OpenJSON(servertest.Of(t, "ada", 1))
	require.NoError(t, err)
	later := ada.goes(t, r, again, "n-2")
	require.NotEqual(t, end.Result[:60], later.Result[:60], "another key signs")
	_, err = c.Verify(later.Result, again, "n-2")
	require.NoError(t, err)
	verified(contractClientOf(c))

	// What is not this client's, this session's or the server's is refused.
	_, err = other.Verify(end.Result, session, "n-1")
	require.ErrorIs(t, err, clienttest.ErrAudience)
	_, err = c.Verify(end.Result, again, "n-1")
	require.ErrorIs(t, err, clienttest.ErrSession)
	_, err = c.Verify(end.Result, session, "n-2")
	require.ErrorIs(t, err, clienttest.ErrNonce)
	parts := strings.Split(end.Result, ".")
	for _, forged := range []string{
		"eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"eyJhbGciOiJIUzI1NiJ9." + parts[1] + "." + parts[2],
		parts[0] + "." + strings.Split(later.Result, ".")[1] + "." + parts[2],
	} {
		_, err = c.Verify(forged, session, "n-1")
		require.ErrorIs(t, err, clienttest.ErrSignature)
	}
	keys, err := r.Node.Signatures.List(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.Node.Signatures.Revoke(t.Context(), keys[0].ID))
	_, err = contractClientOf(c).Verify(end.Result, session, "n-1")
	require.ErrorIs(t, err, clienttest.ErrSignature)

	// A result is no token.
	refused(t, r.JSON(t, later.Result, "POST", "/api/v1/face/match", m{}), http.StatusUnauthorized, "UNAUTHORIZED")

	// A session that failed has no result, and a purged one leaves nothing.
	session, err = c.Open(servertest.Of(t, "ada", 1))
	require.NoError(t, err)
	end = zoe.goes(t, r, session, "n-3")
	require.Equal(t, facesession.TooManyAttempts, end.Code)
	require.Empty(t, end.Result)
	require.NoError(t, c.Purge(again))
	later2, err := c.Verify(later.Result, again, "n-2")
	require.NoError(t, err)
	_, err = c.AuditImage(*later2.Data.Face.ImageID)
	require.ErrorContains(t, err, "404")
	require.NoError(t, c.Purge(uuid.NewString()))
}

// contractClientOf is the same client, which has not fetched anything yet.
func contractClientOf(c *clienttest.Client) *clienttest.Client {
	return &clienttest.Client{Tokens: c.Tokens, API: c.API, ID: c.ID, Secret: c.Secret, HTTP: c.HTTP}
}
