package identify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/store"
)

func TestVerifyPhotos(t *testing.T) {
	s := newService(t)
	v, err := s.Verify(t.Context(), by, identify.VerifyRequest{
		Photo: photograph(t, shown{Person: "ann", Take: 1}), Reference: photograph(t, shown{Person: "ann", Take: 2}),
	})
	require.NoError(t, err)
	require.True(t, v.Match)
	require.InDelta(t, table().Threshold(1e-4), v.Threshold, 1e-12)
	require.InDelta(t, table().FMR(v.Cosine), v.FMR, 1e-12)
	require.NotNil(t, v.Reference)

	v, err = s.Verify(t.Context(), by, identify.VerifyRequest{
		Photo: photograph(t, shown{Person: "ann"}), Reference: photograph(t, shown{Person: "bob"}),
	})
	require.NoError(t, err)
	require.False(t, v.Match)
}

func TestVerifySubjectPaysForEveryFace(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "ann", Take: 2}))
	v, err := s.Verify(t.Context(), by, identify.VerifyRequest{
		Photo: photograph(t, shown{Person: "ann", Take: 2}), Gallery: gallery, Subject: "ann", FMR: 1e-3,
	})
	require.NoError(t, err)
	require.True(t, v.Match)
	require.Equal(t, e.Faces[1].ID, v.Face)
	require.InDelta(t, table().Threshold(1e-3/2), v.Threshold, 1e-12)
}

func TestVerifyRefuses(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	ann := photograph(t, shown{Person: "ann"})
	for name, c := range map[string]struct {
		req  identify.VerifyRequest
		want error
	}{
		"nothing to compare with": {identify.VerifyRequest{Photo: ann}, identify.ErrInvalid},
		"both":                    {identify.VerifyRequest{Photo: ann, Reference: ann, Gallery: gallery, Subject: "ann"}, identify.ErrInvalid},
		"no gallery":              {identify.VerifyRequest{Photo: ann, Subject: "ann"}, identify.ErrInvalid},
		"rate of one":             {identify.VerifyRequest{Photo: ann, Reference: ann, FMR: 1}, identify.ErrInvalid},
		"unknown subject":         {identify.VerifyRequest{Photo: ann, Gallery: gallery, Subject: "bob"}, store.ErrNotFound},
		"faceless reference":      {identify.VerifyRequest{Photo: ann, Reference: photograph(t)}, identify.ErrNoFace},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Verify(t.Context(), by, c.req)
			require.ErrorIs(t, err, c.want)
		})
	}
}
