package exact_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/verify"
	"oneton/store"
)

// fixedLog is a log that does not grow.
type fixedLog []changelog.Change

func (l fixedLog) Changes(_ context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	end := min(uint64(len(l)), after+uint64(limit))
	return l[min(after, end):end], end, nil
}

func (l fixedLog) Position(context.Context) (uint64, error) { return uint64(len(l)), nil }

// TestVerify compares an index with a log that it has not followed, and
// expects to be told exactly the difference.
func TestVerify(t *testing.T) {
	const people = 20
	rng := rand.New(rand.NewPCG(3, 0))
	s := index.Scope{Tenant: "t", Gallery: "g", Pack: "p"}
	other := index.Scope{Tenant: "t", Gallery: "h", Pack: "p"}
	log := make(fixedLog, people)
	for i := range log {
		v := make([]float32, 16)
		for j := range v {
			v[j] = float32(rng.NormFloat64())
		}
		template, err := face.NewTemplate(v)
		require.NoError(t, err)
		id := uuid.NewString()
		log[i] = changelog.Change{
			Seq: uint64(i + 1), Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
			Subject: store.SubjectID("subject-" + id), Face: store.FaceID(id), Template: template, Metadata: map[string]string{"team": "red"},
		}
	}
	id := log[7].Face
	for name, test := range map[string]struct {
		change func(c *changelog.Change)
		want   []verify.Difference
	}{
		"nothing":    {func(*changelog.Change) {}, nil},
		"a subject":  {func(c *changelog.Change) { c.Subject = "eve" }, []verify.Difference{{Scope: s, Face: string(id), What: "different"}}},
		"metadata":   {func(c *changelog.Change) { c.Metadata = nil }, []verify.Difference{{Scope: s, Face: string(id), What: "different"}}},
		"a template": {func(c *changelog.Change) { c.Template = log[8].Template }, []verify.Difference{{Scope: s, Face: string(id), What: "different"}}},
		"missing": {func(c *changelog.Change) { c.Kind = changelog.DeleteFace }, []verify.Difference{
			{Scope: s, What: "number of faces", Want: people, Have: people - 1},
			{Scope: s, Face: string(id), What: "missing"},
		}},
		"another gallery's": {func(c *changelog.Change) { c.Gallery = other.Gallery }, []verify.Difference{
			{Scope: s, What: "number of faces", Want: people, Have: people - 1},
			{Scope: s, Face: string(id), What: "missing"},
			{Scope: other, What: "number of faces", Have: 1},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := exact.New(exact.Config{})
			require.NoError(t, err)
			defer func() { require.NoError(t, x.Close()) }()
			followed := append(fixedLog(nil), log...)
			test.change(&followed[7])
			require.NoError(t, x.Apply(t.Context(), followed, people))
			v, err := x.Verify(t.Context(), log, verify.Options{})
			require.NoError(t, err)
			require.Equal(t, test.want, v.Differences)
			require.Equal(t, people, v.Faces)
			require.Equal(t, people, v.Compared)
			v, err = x.Verify(t.Context(), log, verify.Options{Sample: 5})
			require.NoError(t, err)
			require.Equal(t, 5, v.Compared)
		})
	}
}
