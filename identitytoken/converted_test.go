package identitytoken_test

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/identitytoken/token"
)

// What a token rounds away is nothing to the conversion of a real pack: templates of
// earlier versions that were in tokens become what they become without.
func TestRealTemplatesAreConverted(t *testing.T) {
	p := embedtest.Pack(t, "default")
	k, err := token.Derive([][]byte{make([]byte, 32)}, [][]byte{make([]byte, 32)}, "ours")
	require.NoError(t, err)
	require.NotEmpty(t, p.Converts)
	for _, earlier := range p.Converts {
		for range 100 {
			u := make([]float32, 128)
			for i := range u {
				u[i] = float32(random.NormFloat64())
			}
			if earlier.Restore != nil { // the last is the doubt of a good photo
				length := 0.0
				for _, x := range u[:127] {
					length += float64(x) * float64(x)
				}
				u[127] = float32(-0.05 * math.Sqrt(length))
			}
			was, err := face.NewTemplate(u)
			require.NoError(t, err)
			const score = 0.93
			want, wanted, err := p.Convert(earlier.Version, was, score)
			require.NoError(t, err)

			c := token.Claims{ID: uuid.New(), Accuracy: 4, Pack: "default", Version: earlier.Version}
			text, err := k.Make(c, "", token.Kept{Template: was, Photos: 1, Score: score}, token.NewSalt(), []byte("secret"))
			require.NoError(t, err)
			o, err := k.Open(text, "")
			require.NoError(t, err)
			kept, err := o.Kept([]byte("secret"))
			require.NoError(t, err)
			got, scored, err := p.Convert(earlier.Version, kept.Template, kept.Score)
			require.NoError(t, err)
			cosine, err := got.Cosine(want)
			require.NoError(t, err)
			require.Greater(t, cosine, 0.999, "version %s", earlier.Version)
			require.InDelta(t, wanted, scored, 0.02, "version %s", earlier.Version)
		}
	}
}
