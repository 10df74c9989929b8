package client_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/client"
	"oneton/identitytoken/token"
)

func keys(t *testing.T, seed byte) *client.Keys {
	t.Helper()
	k, err := token.Derive([][]byte{bytes.Repeat([]byte{seed}, 32)}, [][]byte{bytes.Repeat([]byte{seed + 1}, 32)}, "acme")
	require.NoError(t, err)
	table := calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0, FMR: 0.5}, {Cosine: 0.6, FMR: 1e-8}}, Measured: 1e-5, Source: "test"}
	return &client.Keys{Keys: k, Packs: []client.Pack{{Name: "default", Version: "3", Calibration: table}}}
}

func face128(t *testing.T) face.Template {
	v := make([]float32, 128)
	for i := range v {
		v[i] = float32(rand.NormFloat64())
	}
	f, err := face.NewTemplate(v)
	require.NoError(t, err)
	return f
}

// Keys that were written open tokens elsewhere and compare with them, until their
// time is over.
func TestOffline(t *testing.T) {
	ours, who := keys(t, 1), face128(t)
	var file bytes.Buffer
	require.NoError(t, ours.Write(&file))
	read, err := client.Read(&file)
	require.NoError(t, err)
	require.Equal(t, ours, read)

	expires := time.Unix(2e9, 0).UTC()
	salt := token.NewSalt()
	stretched, err := token.Stretch("secret", salt)
	require.NoError(t, err)
	c := token.Claims{ID: uuid.New(), Expires: expires, Accuracy: 5, Pack: "default", Version: "3"}
	text, err := ours.Make(c, "door", token.Kept{Template: who, Photos: 1}, salt, stretched)
	require.NoError(t, err)

	o, err := read.Open(text, "door", expires.Add(-1))
	require.NoError(t, err)
	require.Equal(t, c, o.Claims)
	r, err := o.Check(who, "secret")
	require.NoError(t, err)
	require.True(t, r.Match)
	require.Greater(t, r.Cosine, 0.999)
	for secret, probe := range map[string]face.Template{"secret": face128(t), "wrong": who, "": who} {
		r, err = o.Check(probe, secret)
		require.NoError(t, err)
		require.False(t, r.Match, secret)
	}
	_, err = o.Check(who[:64], "")
	require.ErrorIs(t, err, face.ErrDimension)

	_, err = read.Open(text, "door", expires)
	require.ErrorIs(t, err, token.ErrExpired)
	_, err = read.Open(text, "gate", expires.Add(-1))
	require.ErrorIs(t, err, token.ErrSeal)
	_, err = keys(t, 7).Open(text, "door", expires.Add(-1))
	require.ErrorIs(t, err, token.ErrKey)

	// Those that only open.
	read.Keys = read.OpenOnly()
	o, err = read.Open(text, "door", expires.Add(-1))
	require.NoError(t, err)
	_, err = o.Check(who, "secret")
	require.ErrorIs(t, err, token.ErrOpenOnly)

	// Of a version that came without its calibration.
	c.Version = "2"
	text, err = ours.Make(c, "", token.Kept{Template: who, Photos: 1}, salt, nil)
	require.NoError(t, err)
	o, err = ours.Open(text, "", expires.Add(-1))
	require.NoError(t, err)
	_, err = o.Check(who, "")
	require.ErrorIs(t, err, client.ErrPack)
}

func TestFilesThatHoldNoKeys(t *testing.T) {
	for _, file := range []string{
		"", "{}", "[]", `{"tenant":"acme"}`, `{"tenant":"acme","keys":[{"id":"00","seal":"","transform":""}]}`,
		`{"tenant":"acme","keys":[{"id":"0011223344556677","seal":"AAAA"}]}`, `{"tenants":"acme"}`,
	} {
		_, err := client.Read(strings.NewReader(file))
		require.ErrorIs(t, err, token.ErrKeys, file)
	}
	ours := keys(t, 1)
	ours.Packs[0].Calibration.Knots = nil
	var file bytes.Buffer
	require.NoError(t, ours.Write(&file))
	_, err := client.Read(&file)
	require.ErrorIs(t, err, calibration.ErrTable)
}
