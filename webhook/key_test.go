package webhook_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"oneton/webhook"
)

// bytes are n of them, from the first on.
func bytes(first, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

// The expected values are of the Python packages standardwebhooks 1.1 and
// cryptography.
func TestSignaturesAreThoseOfOthers(t *testing.T) {
	const (
		id   = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
		body = `{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}`
	)
	k, at := bytes(0, 64), time.Unix(1674087231, 999)
	require.Equal(t, "v1,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rJg="+
		" v1a,5HXUdxmGU6gXyKa+CBoIcNKbMRJlY76tGmr51hsU14tuctxqifSDS8b7tWqNEIKt0vomEX/fXcXSvVuXWaCjBw==",
		webhook.Sign([][]byte{k}, id, at, []byte(body)))
	secret, public := webhook.Texts(k)
	require.Equal(t, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", secret)
	require.Equal(t, "whpk_Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc=", public)
}

// The library of Standard Webhooks takes a message under either of two keys, and
// under no other, and none that was changed.
func TestStandardLibraryVerifies(t *testing.T) {
	const id = "msg_1"
	present, former, other := bytes(0, 64), bytes(64, 64), bytes(128, 64)
	now, body := time.Now(), []byte(`{"type":"a","data":{"é":1}}`)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	h.Set("webhook-signature", webhook.Sign([][]byte{present, former}, id, now, body))
	for _, k := range []struct {
		key   []byte
		taken bool
	}{{present, true}, {former, true}, {other, false}} {
		secret, public := webhook.Texts(k.key)
		w, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		require.Equal(t, k.taken, w.Verify(body, h) == nil)
		require.Equal(t, k.taken, verifyAsymmetric(public, h, body))
		require.Error(t, w.Verify(append([]byte(" "), body...), h))
		require.False(t, verifyAsymmetric(public, h, append([]byte(" "), body...)))
	}
}

// verifyAsymmetric verifies signatures v1a as the specification says.
func verifyAsymmetric(public string, h http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(public, "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	signed := []byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body))
	for one := range strings.SplitSeq(h.Get("webhook-signature"), " ") {
		version, text, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if version == "v1a" && err == nil && ed25519.Verify(key, signed, signature) {
			return true
		}
	}
	return false
}
