package identify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// Faces are compared as their photos are, whatever their quality.
func TestCompareIsVerifyOfFaces(t *testing.T) {
	s := newService(t)
	portrait := func(content []byte) photo.Face {
		f, err := s.Portrait(t.Context(), "", "photo", content)
		require.NoError(t, err)
		return f
	}
	rapid.Check(t, func(r *rapid.T) {
		face := func(name string) shown {
			f := shown{
				Person: rapid.SampledFrom([]string{"ann", "bob"}).Draw(r, name), Take: rapid.IntRange(0, 5).Draw(r, name+"'s take"),
				Doubt: rapid.Float64Range(0, 0.6).Draw(r, name+"'s doubt"),
			}
			if rapid.IntRange(0, 9).Draw(r, name+" is poor") == 0 {
				f.Reasons = []string{photo.ReasonNotComparable}
			}
			return f
		}
		a, b := photograph(t, face("one")), photograph(t, face("other"))
		want, err := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: a, Reference: b})
		require.NoError(t, err)
		got, err := s.Compare(t.Context(), "", portrait(a), portrait(b))
		require.NoError(t, err)
		require.Equal(t, identify.Likeness{
			Comparable: want.Probe.Comparable() && want.Reference.Comparable(), Cosine: want.Cosine, Score: want.Score, FMR: want.FMR,
		}, got)
	})
	_, err := s.Compare(t.Context(), "unknown", photo.Face{}, photo.Face{})
	require.ErrorIs(t, err, photo.ErrPack)
}

// A photo whose face was seen is searched and enrolled as that face, unless more is
// asked of it.
func TestFacesThatWereSeen(t *testing.T) {
	s := newService(t)
	ann, bob := photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "bob"})
	f, err := s.Portrait(t.Context(), "", "photo", ann)
	require.NoError(t, err)
	seen := identify.Portraits{Faces: []photo.Face{f}}
	e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "ann", Create: true, Photos: [][]byte{jpegOf(bob)}, Seen: seen})
	require.NoError(t, err)
	require.Equal(t, f.Template, e.Faces[0].Template, "the photo was not looked at")
	search := func(seen identify.Portraits) identify.Outcome {
		a, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{bob}, Seen: seen})
		require.NoError(t, err)
		return a.Probes[0].Outcome
	}
	_, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{bob}, Seen: seen})
	require.ErrorIs(t, err, photo.ErrUnsupported, "a photo it must be")
	require.Equal(t, identify.Nobody, search(identify.Portraits{Pack: "another", Faces: seen.Faces}), "of another pack")
	require.Equal(t, identify.Nobody, search(identify.Portraits{Faces: []photo.Face{f, f}}), "of other photos")
	_, err = s.UpdatePolicy(t.Context(), by, gallery, func(g store.Gallery) (store.Policy, error) {
		g.Policy.Liveness = store.GateReport
		return g.Policy, nil
	})
	require.NoError(t, err)
	require.Equal(t, identify.Nobody, search(seen), "liveness is to be judged")
}

// jpegOf begins as a JPEG does.
func jpegOf(content []byte) []byte { return append([]byte("\xff\xd8\xff"), content...) }
