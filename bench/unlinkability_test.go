package main

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/identitytoken/token"
)

// D↔sys of two normal distributions is the integral that scipy computes, of one
// distribution nothing but chance, and of two that do not meet 1.
func TestUnlinkable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const many, bins = 200_000, 50
	normal := func(mean float64) []float64 {
		v := make([]float64, many)
		for i := range v {
			v[i] = mean + random.NormFloat64()
		}
		return v
	}
	for mean, want := range map[float64]float64{0.5: 0.12818, 1: 0.29349, 3: 0.83457} {
		require.InDelta(t, want, unlinkable(normal(mean), normal(0), bins), 0.01, "%v", mean)
	}
	require.Less(t, unlinkable(normal(0), normal(0), bins), 0.01)
	require.InDelta(t, 1, unlinkable([]float64{2, 3, 4, 5}, []float64{0, 1, 1.5, -1}, 8), 1e-9)
	require.Zero(t, unlinkable([]float64{1, 1, 1}, []float64{1, 1, 1}, bins))
}

func TestEqualError(t *testing.T) {
	require.Zero(t, equalError([]float64{0.5, 0.6}, []float64{0.1, 0.2}))
	require.InDelta(t, 0.125, equalError([]float64{0.3, 0.6, 0.7, 0.8}, []float64{0.1, 0.2, 0.25, 0.5}), 1e-9)
}

// What the attacks read below a seal, by the description of a token, is what its
// rotation turned.
func TestSealed(t *testing.T) {
	keys, err := token.Derive([][]byte{make([]byte, 32)}, [][]byte{make([]byte, 32)}, "acme")
	require.NoError(t, err)
	v := make([]float32, 64)
	for i := range v {
		v[i] = float32(i) - 30
	}
	of, err := face.NewTemplate(v)
	require.NoError(t, err)
	text, err := keys.Make(token.Claims{ID: uuid.New(), Accuracy: 1, Pack: "default", Version: "3"}, "", token.Kept{Template: of, Photos: 1}, token.NewSalt(), nil)
	require.NoError(t, err)
	beside, seen, err := sealed(keys, text)
	require.NoError(t, err)
	require.Len(t, beside, besideBytes)
	require.Len(t, seen, len(of))
	require.InDelta(t, 0, cosineOf(seen, floats(of)), 0.6)
	var square float64
	for _, x := range seen {
		square += x * x
	}
	require.Greater(t, square, 127.0*127)
}
