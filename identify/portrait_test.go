package identify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
)

// A portrait is the face that a photo is of, and what cannot be used is named by
// the caller's argument.
func TestPortrait(t *testing.T) {
	s := newService(t)
	f, err := s.Portrait(t.Context(), "", "image[1]", photograph(t, shown{Person: "ann", Take: 1}))
	require.NoError(t, err)
	again, err := s.Portrait(t.Context(), "", "image[1]", photograph(t, shown{Person: "ann", Take: 1}))
	require.NoError(t, err)
	require.Equal(t, f.Template, again.Template)
	require.NoError(t, f.Template.Check())

	_, err = s.Portrait(t.Context(), "", "image[1]", photograph(t))
	require.ErrorIs(t, err, identify.ErrNoFace)
	var argument *identify.ArgumentError
	require.ErrorAs(t, err, &argument)
	require.Equal(t, "image[1]", argument.Argument)
}
