package signature_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/signature"
	"oneton/store/sqlite"
)

// attacked is a service with the claims and the public key that an attacker has.
func attacked(t testing.TB) (s *signature.Service, good, kid string, public *rsa.PublicKey) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, audit.Migrate(t.Context(), db))
	require.NoError(t, signature.Migrate(t.Context(), db))
	s, err = signature.New(signature.DefaultConfig(), ring{1}, db)
	require.NoError(t, err)
	good, err = s.Sign(t.Context(), claims{"oneton", time.Now().Add(time.Minute).Unix()})
	require.NoError(t, err)
	set, err := s.JWKS(t.Context())
	require.NoError(t, err)
	n, err := base64.RawURLEncoding.DecodeString(set.Keys[0].Modulus)
	require.NoError(t, err)
	public = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	return s, good, set.Keys[0].ID, public
}

func TestForgeries(t *testing.T) {
	s, good, kid, public := attacked(t)
	parts := strings.Split(good, ".")
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	text := base64.RawURLEncoding.EncodeToString
	signed := func(header string, method jwt.SigningMethod, key any) string {
		said := text([]byte(header)) + "." + parts[1]
		signature, err := method.Sign(said, key)
		require.NoError(t, err)
		return said + "." + text(signature)
	}
	exact := `{"kid":"` + kid + `","alg":"RS256"}`
	require.Equal(t, exact, decoded(t, parts[0]))
	forged := map[string]string{
		"nothing":                      "",
		"two parts":                    parts[0] + "." + parts[1],
		"four parts":                   good + ".",
		"five parts, as of JWE":        good + "..",
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"no header":                    "." + parts[1] + "." + parts[2],
		"other claims":                 parts[0] + "." + text([]byte(`{"iss":"oneton","exp":9999999999}`)) + "." + parts[2],
		"alg none":                     text([]byte(`{"kid":"`+kid+`","alg":"none"}`)) + "." + parts[1] + ".",
		"alg none, with its header":    text([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"HS256 with the public key":    signed(`{"kid":"`+kid+`","alg":"HS256"}`, jwt.SigningMethodHS256, der),
		"HS256 with its PEM":           signed(`{"kid":"`+kid+`","alg":"HS256"}`, jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"HS256 that says RS256":        signed(exact, jwt.SigningMethodHS256, der),
		"another's key":                signed(exact, jwt.SigningMethodRS256, own),
		"PS256":                        signed(`{"kid":"`+kid+`","alg":"PS256"}`, jwt.SigningMethodPS256, own),
		"RS512":                        signed(`{"kid":"`+kid+`","alg":"RS512"}`, jwt.SigningMethodRS512, own),
		"a key of its own in jwk":      signed(`{"kid":"`+kid+`","alg":"RS256","jwk":{"kty":"RSA","e":"AQAB","n":"`+text(own.N.Bytes())+`"}}`, jwt.SigningMethodRS256, own),
		"a key set of its own in jku":  signed(`{"kid":"`+kid+`","alg":"RS256","jku":"https://evil.example/jwks.json"}`, jwt.SigningMethodRS256, own),
		"a chain of its own in x5c":    signed(`{"kid":"`+kid+`","alg":"RS256","x5c":["AA"]}`, jwt.SigningMethodRS256, own),
		"an extension in crit":         signed(`{"kid":"`+kid+`","alg":"RS256","crit":["exp"]}`, jwt.SigningMethodRS256, own),
		"an unknown kid":               signed(`{"kid":"`+strings.Repeat("0", 32)+`","alg":"RS256"}`, jwt.SigningMethodRS256, own),
		"no kid":                       signed(`{"alg":"RS256"}`, jwt.SigningMethodRS256, own),
		"a kid that is a path":         signed(`{"kid":"../../../../dev/null","alg":"RS256"}`, jwt.SigningMethodRS256, own),
		"a kid that is SQL":            signed(`{"kid":"' OR 1=1 --","alg":"RS256"}`, jwt.SigningMethodRS256, own),
		"a kid in capitals":            signed(strings.ToUpper(exact), jwt.SigningMethodRS256, own),
		"typ":                          signed(`{"kid":"`+kid+`","alg":"RS256","typ":"JWT"}`, jwt.SigningMethodRS256, own),
		"members the other way":        signed(`{"alg":"RS256","kid":"`+kid+`"}`, jwt.SigningMethodRS256, own),
		"a member twice":               signed(`{"kid":"`+kid+`","alg":"none","alg":"RS256"}`, jwt.SigningMethodRS256, own),
		"padding":                      good + "==",
		"a line break":                 parts[0] + "." + parts[1] + "." + parts[2][:9] + "\n" + parts[2][9:],
		"a line break in the header":   parts[0][:9] + "\r\n" + parts[0][9:] + "." + parts[1] + "." + parts[2],
		"another text of the same":     good[:len(good)-1] + twin(t, good[len(good)-1]),
		"a signature that is too long": good + "AAAA",
		"a huge one":                   good + strings.Repeat("A", 1<<20),
		"spaces":                       " " + good,
	}
	for name, text := range forged {
		_, err := s.Verify(t.Context(), text)
		require.ErrorIs(t, err, signature.ErrInvalid, name)
	}
	got, err := s.Verify(t.Context(), good)
	require.NoError(t, err)
	require.Contains(t, string(got), `"iss":"oneton"`)
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	return string(b)
}

// twin is another last character of base64url that a lax decoder takes for the same:
// 256 bytes leave four bits of it unused.
func twin(t *testing.T, last byte) string {
	t.Helper()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(digits, last)
	require.Zero(t, i%16)
	return digits[i+1 : i+2]
}

// Any single character of a JWS that is another makes it invalid.
func TestEveryCharacterCounts(t *testing.T) {
	s, good, _, _ := attacked(t)
	for i := range good {
		for _, other := range []string{"A", "B", ".", "-", "="} {
			if changed := good[:i] + other + good[i+1:]; changed != good {
				_, err := s.Verify(t.Context(), changed)
				require.ErrorIs(t, err, signature.ErrInvalid, "%d: %s", i, other)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	s, good, kid, _ := attacked(f)
	f.Add(good)
	f.Add(`eyJraWQiOiI` + kid)
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := s.Verify(t.Context(), text); text != good {
			require.ErrorIs(t, err, signature.ErrInvalid)
		}
	})
}
