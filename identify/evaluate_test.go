package identify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/store"
)

// A gallery where one person is enrolled twice, one photo is somebody else's, and all
// others are themselves: the evaluation names just those.
func TestEvaluate(t *testing.T) {
	s := newService(t)
	const people = 40
	for i := range people {
		p := fmt.Sprint("p", i)
		enrol(t, s, p, photograph(t, shown{Person: p}), photograph(t, shown{Person: p, Take: 1}))
	}
	enrol(t, s, "again", photograph(t, shown{Person: "p7", Take: 5}))
	stray, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "p3", Photos: [][]byte{photograph(t, shown{Person: "q"})}})
	require.NoError(t, err)
	var told []int
	e, err := s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery, Progress: func(done, of int) error {
		require.Equal(t, 2000, of)
		told = append(told, done)
		return nil
	}})
	require.NoError(t, err)
	require.Equal(t, 2*people+2, e.Enrolled)
	require.Equal(t, people+1, e.People)
	require.Equal(t, people+1, e.SearchedPeople)
	require.Equal(t, 2*people+2, e.Searched)
	require.Len(t, told, 2*people+2)
	require.Equal(t, 2*people+1, e.Mates)

	require.True(t, e.Alike[0].Suspect)
	require.ElementsMatch(t, []store.SubjectID{"again", "p7"}, []store.SubjectID{e.Alike[0].A.Subject, e.Alike[0].B.Subject})
	require.Equal(t, 2, e.Suspects)
	for i, a := range e.Alike[1:] {
		require.False(t, a.Suspect, "%v", a)
		require.LessOrEqual(t, a.Cosine, e.Alike[i].Cosine)
		require.NotEqual(t, a.A.Subject, a.B.Subject)
	}
	require.Equal(t, stray.Faces[0].ID, e.Unlike[0].Face)
	require.Equal(t, store.SubjectID("p3"), e.Unlike[0].Subject)
	require.Equal(t, 2, e.Unlike[0].Others)
	require.Len(t, e.Unlike, 1, "all others are like their person")

	// The two who are one were answered with each other; else chance made none at 1 %.
	require.InDelta(t, 0.01, e.Policy.FPIR, 0)
	require.Equal(t, 2, e.Policy.Found)
	require.InDelta(t, 2./(people+1), e.Policy.Measured.Share, 1e-12)
	require.Zero(t, e.Policy.Distinct.Share)
	require.Less(t, e.Policy.Measured.Low, 2./(people+1))
	require.Greater(t, e.Policy.Measured.High, 2./(people+1))
	for _, r := range e.Rates {
		require.InDelta(t, table().Identification(r.FPIR, e.Enrolled), r.Threshold, 1e-12)
	}
	require.InDelta(t, 1./(2*people+1), e.Missed.Share, 1e-12)

	// Who is set aside is not looked at, and fewer faces may be asked for.
	_, err = s.SetAside(t.Context(), by, gallery, "p3", stray.Faces[0].ID, true)
	require.NoError(t, err)
	e, err = s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery, Faces: 10})
	require.NoError(t, err)
	require.Equal(t, 10, e.Searched)
	require.Empty(t, e.Unlike)
	require.Equal(t, 2*people+1, e.Enrolled)

	gone := errors.New("gone")
	_, err = s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery, Progress: func(int, int) error { return gone }})
	require.ErrorIs(t, err, gone)
	ended, end := context.WithCancel(t.Context())
	_, err = s.Evaluate(ended, by, identify.EvaluationRequest{Gallery: gallery, Progress: func(int, int) error { end(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery, Faces: identify.MaxEvaluated + 1})
	require.ErrorIs(t, err, identify.ErrInvalid)
	_, err = s.Evaluate(t.Context(), store.Actor{Tenant: "other"}, identify.EvaluationRequest{Gallery: gallery})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// A promise that is not kept shows: people who all look like one another are answered
// with each other.
func TestEvaluateBrokenPromise(t *testing.T) {
	s := newService(t)
	for i := range 30 {
		p := fmt.Sprint("p", i)
		enrol(t, s, p, photograph(t, shown{Person: p, Like: "ann", Near: 0.7}))
	}
	e, err := s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery})
	require.NoError(t, err)
	require.Greater(t, e.Policy.Measured.Low, e.Policy.FPIR)
	require.Equal(t, 30, e.Suspects, "more than can be enrolled twice")
	require.Zero(t, e.Mates)
	require.Nil(t, e.Missed)
}

// Nothing is said of a gallery without people, and of one person nothing but that.
func TestEvaluateFew(t *testing.T) {
	s := newService(t)
	e, err := s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery})
	require.NoError(t, err)
	require.Zero(t, e.Searched)
	require.InDelta(t, 1, e.Policy.Measured.High, 0)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "ann", Take: 1}))
	e, err = s.Evaluate(t.Context(), by, identify.EvaluationRequest{Gallery: gallery})
	require.NoError(t, err)
	require.Equal(t, 2, e.Searched)
	require.Empty(t, e.Alike)
	require.Empty(t, e.Unlike)
	require.Zero(t, e.Policy.Found)
}
