package token_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/token"
)

type golden struct {
	Seal, Transform, Tenant, Context, Secret string
	ID                                       uuid.UUID
	Expires                                  int64
	Accuracy                                 int
	Pack, Version                            string
	Photos                                   int
	Score                                    float64
	Salt, Token                              string
	Template, Probe                          face.Template
	Cosine                                   float64
}

// rounding is how far a cosine moves by 127 steps to each side of the largest
// coordinate, in vectors of n dimensions: each coordinate by half a step at most, of
// which the squares add up.
func rounding(n int) float64 { return 1.0 / (2 * 127) * math.Sqrt(float64(n)) }

// Tokens that Python made of the description alone are opened, and hold what was
// put into them.
func TestTokensAgreeWithPython(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var all []golden
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all)
	for _, g := range all {
		keys, err := token.Derive([][]byte{unhex(t, g.Seal)}, [][]byte{unhex(t, g.Transform)}, g.Tenant)
		require.NoError(t, err)
		o, err := keys.Open(g.Token, g.Context)
		require.NoError(t, err)
		require.Equal(t, g.ID, o.ID)
		require.Equal(t, g.Accuracy, o.Accuracy)
		require.Equal(t, g.Pack, o.Pack)
		require.Equal(t, g.Version, o.Version)
		if g.Expires == 0 {
			require.True(t, o.Expires.IsZero())
		} else {
			require.Equal(t, g.Expires, o.Expires.Unix())
		}
		salt, err := o.Salt()
		require.NoError(t, err)
		require.Equal(t, g.Salt, hex.EncodeToString(salt))
		stretched, err := token.Stretch(g.Secret, salt)
		require.NoError(t, err)
		cosine, photos, err := o.Compare(g.Probe, stretched)
		require.NoError(t, err)
		require.Equal(t, g.Photos, photos)
		require.InDelta(t, g.Cosine, cosine, rounding(len(g.Probe)), "%d dimensions", len(g.Probe))
		kept, err := o.Kept(stretched)
		require.NoError(t, err)
		require.Equal(t, g.Photos, kept.Photos)
		require.InDelta(t, g.Score, kept.Score, 1.0/65535)
		same, err := kept.Template.Cosine(g.Template)
		require.NoError(t, err)
		require.Greater(t, same, 0.9995)
	}
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func keysOf(tenant string, versions ...byte) token.Keys {
	var seal, transform [][]byte
	for _, v := range versions {
		seal = append(seal, append(make([]byte, 31), v))
		transform = append(transform, append(make([]byte, 31), v+128))
	}
	keys, err := token.Derive(seal, transform, tenant)
	if err != nil {
		panic(err)
	}
	return keys
}

func vector(n int) face.Template {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rand.NormFloat64())
	}
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err)
	}
	return t
}

func claims() token.Claims {
	return token.Claims{ID: uuid.New(), Accuracy: 4, Pack: "default", Version: "3", Expires: time.Unix(2e9, 0).UTC()}
}

func made(t testing.TB, k token.Keys, c token.Claims, context string, of face.Template, stretched []byte) string {
	t.Helper()
	text, err := k.Make(c, context, token.Kept{Template: of, Photos: 1, Score: 0.9}, token.NewSalt(), stretched)
	require.NoError(t, err)
	return text
}

// Whatever the template and the number of its dimensions, what a token holds comes
// back, cosines are those of the templates, and rotating changes neither.
func TestTokensHoldTemplates(t *testing.T) {
	keys := keysOf("acme", 1)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 700).Draw(t, "dimensions")
		v := rapid.SliceOfN(rapid.Float32Range(-1, 1), n, n).Draw(t, "vector")
		of, err := face.NewTemplate(v)
		if err != nil {
			t.Skip("no direction")
		}
		var stretched []byte
		if rapid.Bool().Draw(t, "secret") {
			stretched = make([]byte, 32)
			stretched[0] = 1
		}
		kept := token.Kept{Template: of, Photos: rapid.IntRange(1, token.MaxPhotos).Draw(t, "photos"), Score: rapid.Float32Range(0, 1).Draw(t, "score")}
		text, err := keys.Make(claims(), "door", kept, token.NewSalt(), stretched)
		require.NoError(t, err)
		probe := vector(n)
		want, err := probe.Cosine(of)
		require.NoError(t, err)
		for turns := range 4 {
			o, err := keys.Open(text, "door")
			require.NoError(t, err)
			cosine, photos, err := o.Compare(probe, stretched)
			require.NoError(t, err)
			require.InDelta(t, want, cosine, float64(turns+1)*rounding(n))
			require.Equal(t, kept.Photos, photos)
			back, err := o.Kept(stretched)
			require.NoError(t, err)
			require.InDelta(t, kept.Score, back.Score, 1.0/65535)
			same, err := back.Template.Cosine(of)
			require.NoError(t, err)
			require.Greater(t, same, 1-float64(turns+1)*rounding(n)*rounding(n)-1e-6)
			text, err = keys.Again(o, claims(), "door")
			require.NoError(t, err)
		}
	})
}

// Two tokens of one face are as far from each other, and from the template, as
// random vectors are, and so is one that is taken back with another key or secret:
// their mean cosine is 0, its standard deviation 1/√n.
func TestRotationsHideTheTemplate(t *testing.T) {
	const n, many = 160, 2000
	of := vector(n)
	sparse := make(face.Template, n) // which a poor rotation would hardly spread
	sparse[7] = 1
	one, other := keysOf("acme", 1), keysOf("acme", 2)
	for name, of := range map[string]face.Template{"dense": of, "sparse": sparse} {
		raw := func(text string) face.Template {
			// With the keys of another transform, what lies below the seal is turned by
			// a rotation that has nothing to do with the token's.
			seal := one
			seal.Versions = []token.Version{{ID: one.Versions[0].ID, Seal: one.Versions[0].Seal, Transform: other.Versions[0].Transform}}
			o, err := seal.Open(text, "")
			require.NoError(t, err)
			kept, err := o.Kept(nil)
			require.NoError(t, err)
			return kept.Template
		}
		statistics := map[string][]float64{}
		var before face.Template
		for i := range many {
			text := made(t, one, claims(), "", of, nil)
			is := raw(text)
			add := func(what string, a, b face.Template) {
				c, err := a.Cosine(b)
				require.NoError(t, err)
				statistics[what] = append(statistics[what], c)
			}
			add("template", is, of)
			if before != nil {
				add("another token", is, before)
			}
			before = is
			secret := []byte{1, byte(i), byte(i >> 8)}
			o, err := one.Open(made(t, one, claims(), "", of, secret), "")
			require.NoError(t, err)
			for what, stretched := range map[string][]byte{"no secret": nil, "another secret": {2}} {
				kept, err := o.Kept(stretched)
				require.NoError(t, err)
				add(what, kept.Template, of)
			}
		}
		for what, cosines := range statistics {
			var mean, square float64
			for _, c := range cosines {
				mean += c / float64(len(cosines))
				square += c * c / float64(len(cosines))
			}
			require.InDelta(t, 0, mean, 5/math.Sqrt(n*many), "%s, %s", name, what)
			require.InDelta(t, 1.0/n, square, 5*math.Sqrt(2.0/many)/n, "%s, %s", name, what)
		}
	}
}

// refusals are what must not be taken for a token, each with why.
func TestRefusals(t *testing.T) {
	keys, older := keysOf("acme", 2, 1), keysOf("acme", 1)
	c := claims()
	of := vector(128)
	text := made(t, keys, c, "door", of, nil)
	_, err := keys.Open(text, "door")
	require.NoError(t, err)
	_, err = keys.Open(made(t, older, c, "door", of, nil), "door")
	require.NoError(t, err, "an older key is there still")

	swapped := keysOf("acme", 2)
	swapped.Tenant = "other"
	for name, refused := range map[string]struct {
		keys          token.Keys
		text, context string
		want          error
	}{
		"another context":               {keys, text, "gate", token.ErrSeal},
		"no context":                    {keys, text, "", token.ErrSeal},
		"another tenant":                {keysOf("other", 2, 1), text, "door", token.ErrSeal},
		"another tenant with these":     {swapped, text, "door", token.ErrSeal},
		"a key that was taken away":     {keysOf("acme", 3), text, "door", token.ErrKey},
		"a key that has not come":       {older, text, "door", token.ErrKey},
		"nothing":                       {keys, "", "door", token.ErrMalformed},
		"the mark alone":                {keys, "oti_", "door", token.ErrMalformed},
		"another mark":                  {keys, "ot_" + text[4:], "door", token.ErrMalformed},
		"a line break":                  {keys, text[:50] + "\n" + text[50:], "door", token.ErrMalformed},
		"a space":                       {keys, text + " ", "door", token.ErrMalformed},
		"padding":                       {keys, text + "=", "door", token.ErrMalformed},
		"the other alphabet of base64":  {keys, strings.NewReplacer("-", "+", "_", "/").Replace(text), "door", token.ErrMalformed},
		"too long":                      {keys, text + strings.Repeat("A", 1<<15), "door", token.ErrMalformed},
		"one after the other":           {keys, text + text, "door", token.ErrSeal},
		"twice below one mark":          {keys, text + text[4:], "door", token.ErrSeal},
		"the first half":                {keys, text[:len(text)/2], "door", token.ErrSeal},
		"context moved into the tenant": {keysOf("acmedoor", 2, 1), text, "", token.ErrSeal},
	} {
		_, err := refused.keys.Open(refused.text, refused.context)
		require.ErrorIs(t, err, refused.want, name)
	}

	// Every character, and every cut.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range text {
		for _, bit := range []int{1, 2, 4, 8, 16, 32} {
			at := strings.IndexByte(alphabet, text[i])
			require.GreaterOrEqual(t, at, 0)
			flipped := text[:i] + string(alphabet[at^bit]) + text[i+1:]
			_, err := keys.Open(flipped, "door")
			require.True(t, errors.Is(err, token.ErrMalformed) || errors.Is(err, token.ErrSeal) || errors.Is(err, token.ErrKey), "character %d: %v", i, err)
		}
		_, err := keys.Open(text[:i], "door")
		require.True(t, errors.Is(err, token.ErrMalformed) || errors.Is(err, token.ErrSeal), "cut at %d: %v", i, err)
	}
}

// Nobody can make a claim true that the seal does not hold, with the rest of a good
// token, and no two tokens are alike.
func TestClaimsAreSealed(t *testing.T) {
	keys, of := keysOf("acme", 1), vector(64)
	c := claims()
	seen := map[string]bool{}
	for _, change := range []func(*token.Claims){
		func(c *token.Claims) { c.ID[0] ^= 1 },
		func(c *token.Claims) { c.Expires = c.Expires.Add(time.Second) },
		func(c *token.Claims) { c.Expires = time.Time{} },
		func(c *token.Claims) { c.Accuracy = 1 },
		func(c *token.Claims) { c.Pack = "defauly" },
		func(c *token.Claims) { c.Version = "2" },
	} {
		text, changed := made(t, keys, c, "", of, nil), c
		change(&changed)
		other := made(t, keys, changed, "", of, nil)
		require.False(t, seen[text])
		seen[text] = true
		s, err := token.Parse(other)
		require.NoError(t, err)
		require.Equal(t, changed, s.Claims)
		// The claims of the one before the rest of the other.
		header := headerLength(c)
		require.Equal(t, header, headerLength(changed))
		_, err = keys.Open(joined(t, other[4:], text[4:], header), "")
		require.ErrorIs(t, err, token.ErrSeal)
	}
}

func TestKeys(t *testing.T) {
	a, b := keysOf("acme", 1, 2), keysOf("other", 1, 2)
	require.Equal(t, a.Versions[0].ID, b.Versions[0].ID, "it names the installation's version")
	require.NotEqual(t, a.Versions[0].Seal, b.Versions[0].Seal)
	require.NotEqual(t, a.Versions[0].Transform, b.Versions[0].Transform)
	require.NotEqual(t, a.Versions[0].Seal, a.Versions[0].Transform)

	// Keys that only open tell what a token claims, and not whose it is.
	text := made(t, a, claims(), "", vector(64), nil)
	only := a.OpenOnly()
	o, err := only.Open(text, "")
	require.NoError(t, err)
	require.Equal(t, "default", o.Pack)
	_, _, err = o.Compare(vector(64), nil)
	require.ErrorIs(t, err, token.ErrOpenOnly)
	_, err = o.Salt()
	require.ErrorIs(t, err, token.ErrOpenOnly)
	_, err = o.Kept(nil)
	require.ErrorIs(t, err, token.ErrOpenOnly)
	_, err = a.Again(o, claims(), "")
	require.ErrorIs(t, err, token.ErrOpenOnly)
	_, err = only.Make(claims(), "", token.Kept{Template: vector(64), Photos: 1}, token.NewSalt(), nil)
	require.ErrorIs(t, err, token.ErrOpenOnly)
	o, err = a.Open(text, "")
	require.NoError(t, err)
	_, _, err = o.Compare(vector(65), nil)
	require.ErrorIs(t, err, face.ErrDimension)

	encoded, err := json.Marshal(a)
	require.NoError(t, err)
	var back token.Keys
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.Equal(t, a, back)

	twice := a
	twice.Versions = append(twice.Versions[:1:1], a.Versions[0])
	short := a
	short.Versions = []token.Version{{Seal: make([]byte, 31)}}
	for _, bad := range []token.Keys{{}, {Tenant: "acme"}, {Versions: a.Versions}, twice, short} {
		require.ErrorIs(t, bad.Validate(), token.ErrKeys)
	}
	_, err = token.Derive([][]byte{{1}}, nil, "acme")
	require.ErrorIs(t, err, token.ErrKeys)
}

func TestDecide(t *testing.T) {
	table := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0, FMR: 0.5}, {Cosine: 1, FMR: 1e-8}}, Measured: 1e-5}
	require.NoError(t, table.Validate())
	for accuracy, rate := range token.Accuracies {
		for photos := 1; photos <= token.MaxPhotos; photos++ {
			at := table.Threshold(rate / float64(photos))
			for _, step := range []float64{-1e-9, 1e-9} {
				r, err := token.Decide(table, at+step, photos, accuracy+1)
				require.NoError(t, err)
				require.Equal(t, step > 0, r.Match)
				require.InDelta(t, -10*math.Log10(rate), r.Score, 1e-6)
			}
		}
	}
	for _, none := range []int{0, 9, -1} {
		_, err := token.Decide(table, 0, 1, none)
		require.ErrorIs(t, err, token.ErrAccuracy)
	}
}

// A hash takes what the documents say.
func TestStretch(t *testing.T) {
	salt := token.NewSalt()
	a, err := token.Stretch("secret", salt)
	require.NoError(t, err)
	require.Len(t, a, 32)
	b, err := token.Stretch("secret", token.NewSalt())
	require.NoError(t, err)
	require.NotEqual(t, a, b)
	none, err := token.Stretch("", salt)
	require.NoError(t, err)
	require.Nil(t, none)
	require.Equal(t, 64<<20, int(token.HashMemory))
}

// Whatever is read for a token is refused or is one, and then its text is the only
// one of it.
func FuzzParse(f *testing.F) {
	keys := keysOf("acme", 1)
	f.Add(made(f, keys, claims(), "", vector(128), nil))
	f.Add(made(f, keys, token.Claims{Accuracy: 1, Pack: "p", Version: "v"}, "", vector(1), nil))
	f.Add("oti_")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := token.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, token.ErrMalformed)
			return
		}
		require.NotEmpty(t, s.Pack)
		require.NotEmpty(t, s.Version)
		require.GreaterOrEqual(t, s.Accuracy, 1)
		require.LessOrEqual(t, s.Accuracy, len(token.Accuracies))
		_, err = keys.Open(text, "")
		if err != nil {
			require.True(t, errors.Is(err, token.ErrKey) || errors.Is(err, token.ErrSeal), "%v", err)
		}
	})
}

// headerLength is how many bytes come before a token's nonce: form, key, id, end,
// accuracy, and two texts behind their lengths.
func headerLength(c token.Claims) int {
	return 1 + 8 + 16 + 8 + 1 + 1 + len(c.Pack) + 1 + len(c.Version)
}

// joined is the beginning of one token before the rest of another.
func joined(t *testing.T, head, tail string, at int) string {
	t.Helper()
	a, err := base64.RawURLEncoding.DecodeString(head)
	require.NoError(t, err)
	b, err := base64.RawURLEncoding.DecodeString(tail)
	require.NoError(t, err)
	return "oti_" + base64.RawURLEncoding.EncodeToString(append(a[:at:at], b[at:]...))
}
