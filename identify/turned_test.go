package identify_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest/composite"
	"oneton/identify"
	"oneton/store"
)

// TestTurnedStrangers inserts twelve people whose photos are all turned alike:
// each is somebody new, found again upright, and kept as sent.
func TestTurnedStrangers(t *testing.T) {
	s, named := demo(t), heads(t)
	names := slices.Sorted(maps.Keys(named))[:12]
	for quarter := range 4 {
		in := fmt.Sprintf("turned-%d", quarter)
		policy := s.DefaultPolicy()
		policy.KeepPhotos = true
		_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: in, Policy: policy})
		require.NoError(t, err)
		inserted := map[string]string{}
		for _, name := range names {
			photo, err := composite.JPEG(composite.Turned(photoOf(composite.Placement{Head: named[name], X: 320, Y: 240, Width: 150}), quarter))
			require.NoError(t, err)
			a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: in, Photos: [][]byte{photo}, Insert: true})
			require.NoError(t, err)
			require.NotNil(t, a.Inserted, "%s turned by %d quarters is taken for another", name, quarter)
			added := a.Inserted.Faces[0]
			require.Equal(t, (360-90*quarter)%360, added.Rotation)
			kept, err := s.Photo(t.Context(), by, in, added.ID)
			require.NoError(t, err)
			require.Equal(t, photo, kept.Bytes)
			inserted[name] = string(a.Inserted.Subject.ID)
		}
		for _, name := range names {
			upright, err := composite.JPEG(photoOf(composite.Placement{Head: named[name], X: 300, Y: 260, Width: 130}))
			require.NoError(t, err)
			a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: in, Photos: [][]byte{upright}})
			require.NoError(t, err)
			require.Equal(t, identify.One, a.Probes[0].Outcome, name)
			require.Equal(t, store.SubjectID(inserted[name]), a.Probes[0].Candidates[0].Subject)
		}
	}
}
