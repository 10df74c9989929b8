package store_test

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/store"
)

func TestCheckEnrolment(t *testing.T) {
	unit := func(n int) face.Template {
		v := make(face.Template, n)
		v[0] = 1
		return v
	}
	one := func(v face.Template) []store.Face {
		return []store.Face{{ID: store.FaceID(uuid.NewString()), Pack: "default", Template: v}}
	}
	require.NoError(t, store.CheckEnrolment(store.Subject{}, one(unit(128)), nil, false))
	require.NoError(t, store.CheckEnrolment(store.Subject{}, one(unit(1024)), nil, false))

	nan := unit(128)
	nan[5] = float32(math.NaN())
	for name, faces := range map[string][]store.Face{
		"longer than any index holds": one(unit(1025)),
		"not a number":                one(nan),
		"no length":                   one(make(face.Template, 128)),
		"not of length one":           one(face.Template{1, 1}),
		"no id":                       {{Pack: "default", Template: unit(2)}},
		"no pack":                     {{ID: store.FaceID(uuid.NewString()), Template: unit(2)}},
		"two dimensions in a pack":    append(one(unit(2)), one(unit(3))...),
	} {
		require.ErrorIs(t, store.CheckEnrolment(store.Subject{}, faces, nil, false), store.ErrInvalid, name)
	}
	require.ErrorIs(t, store.CheckEnrolment(store.Subject{}, one(unit(2)), make([]store.Photo, 2), false), store.ErrInvalid)
}
