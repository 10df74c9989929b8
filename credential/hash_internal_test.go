package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHashes(t *testing.T) {
	old, newer := []byte(strings.Repeat("o", minKey)), []byte(strings.Repeat("n", minKey))
	first, err := newHasher([][]byte{old})
	require.NoError(t, err)
	both, err := newHasher([][]byte{newer, old})
	require.NoError(t, err)
	only, err := newHasher([][]byte{newer})
	require.NoError(t, err)

	mac := hmac.New(sha256.New, old)
	mac.Write([]byte("5:codes2:ab0:"))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), first.make("codes", "ab", ""))
	require.True(t, both.made(first.make("p", "x"), "p", "x"))
	require.True(t, both.made(only.make("p", "x"), "p", "x"))
	require.False(t, only.made(first.make("p", "x"), "p", "x"))
	require.False(t, first.made("", "p", "x"))
	require.Equal(t, []string{only.make("p", "x"), first.make("p", "x")}, both.each("p", "x"))

	for _, keys := range [][][]byte{nil, {old, newer[1:]}} {
		_, err := newHasher(keys)
		require.ErrorIs(t, err, ErrKey)
	}
}

// No two lists of texts have one hash, however they are cut.
func TestHashesTellTextsApart(t *testing.T) {
	h, err := newHasher([][]byte{[]byte(strings.Repeat("k", minKey))})
	require.NoError(t, err)
	texts := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("1:a\x00")), 0, 3, -1), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		same := strings.Join(a, "\xff")+string(rune(len(a))) == strings.Join(b, "\xff")+string(rune(len(b)))
		require.Equal(t, same, h.make("p", a...) == h.make("p", b...))
	})
}

// Codes have six digits, each as often as any other.
func TestCodes(t *testing.T) {
	const many = 20_000
	var digits [codeSize][10]int
	same := 0
	for range many {
		byEmail, byPhone, err := codes()
		require.NoError(t, err)
		require.Regexp(t, `^[0-9]{6}$`, byEmail)
		require.Len(t, byPhone, codeSize)
		for i := range codeSize {
			digits[i][byEmail[i]-'0']++
		}
		if byEmail == byPhone {
			same++
		}
	}
	require.Less(t, same, 5, "they are independent")
	for i := range digits {
		chi := 0.0
		for _, n := range digits[i] {
			d := float64(n) - many/10
			chi += d * d / (many / 10)
		}
		// Nine degrees of freedom: one in a million is above 45.
		require.Less(t, chi, 45.0, "digit %d: %v", i, digits[i])
	}
}
