package face_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/face"
)

func vector(t *rapid.T) []float32 {
	return rapid.SliceOfN(rapid.Float32Range(-1e6, 1e6), 1, 600).Draw(t, "vector")
}

func TestNewTemplateHasLengthOneAndTheDirection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := vector(t)
		var norm float64
		for _, x := range v {
			norm += float64(x) * float64(x)
		}
		norm = math.Sqrt(norm)
		template, err := face.NewTemplate(v)
		if norm < 1e-12 {
			require.ErrorIs(t, err, face.ErrZero)
			return
		}
		require.NoError(t, err)
		self, err := template.Cosine(template)
		require.NoError(t, err)
		require.InDelta(t, 1, self, 1e-5)
		for i := range v {
			require.InDelta(t, float64(v[i])/norm, template[i], 1e-6)
		}
	})
}

func TestTemplateBytesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		template := face.Template(vector(t))
		back, err := face.TemplateFromBytes(template.Bytes())
		require.NoError(t, err)
		require.Equal(t, template, back)
	})
	_, err := face.TemplateFromBytes(make([]byte, 7))
	require.ErrorIs(t, err, face.ErrDimension)
}

func TestNoTemplateOfNoDirection(t *testing.T) {
	for name, c := range map[string]struct {
		v    []float32
		want error
	}{
		"zero":           {[]float32{0, 0}, face.ErrZero},
		"empty":          {nil, face.ErrZero},
		"not a number":   {[]float32{1, float32(math.NaN())}, face.ErrNotFinite},
		"infinite":       {[]float32{1, float32(math.Inf(-1))}, face.ErrNotFinite},
		"both infinites": {[]float32{float32(math.Inf(1)), float32(math.Inf(-1))}, face.ErrNotFinite},
	} {
		_, err := face.NewTemplate(c.v)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := face.Template{1}.Cosine(face.Template{1, 0})
	require.ErrorIs(t, err, face.ErrDimension)
}

func TestIoU(t *testing.T) {
	a := face.Box{X: 0, Y: 0, Width: 10, Height: 10}
	require.InDelta(t, 1, a.IoU(a), 1e-6)
	require.InDelta(t, 1.0/3, a.IoU(face.Box{X: 5, Width: 10, Height: 10}), 1e-6)
	require.Zero(t, a.IoU(face.Box{X: 10, Width: 10, Height: 10}))
	require.Zero(t, a.IoU(face.Box{X: -20, Y: -20, Width: 5, Height: 5}))
}
