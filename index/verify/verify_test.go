package verify_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/verify"
	"oneton/store"
)

// growing is a log.
type growing []changelog.Change

func (l growing) Changes(_ context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	end := min(uint64(len(l)), after+uint64(limit))
	return l[min(after, end):end], end, nil
}

func (l growing) Position(context.Context) (uint64, error) { return uint64(len(l)), nil }

func (l growing) with(kind changelog.Kind, gallery, pack, id, subject string) growing {
	return append(l, changelog.Change{
		Seq: uint64(len(l) + 1), Kind: kind, Tenant: "t", Gallery: store.GalleryID(gallery), Pack: pack,
		Face: store.FaceID(id), Subject: store.SubjectID(subject), Template: face.Template{1, 0}, Metadata: map[string]string{"a": "b"},
	})
}

func TestRead(t *testing.T) {
	ids := make([]string, 6)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	log := growing{}.
		with(changelog.PutFace, "g", "p", ids[0], "ann").
		with(changelog.PutFace, "g", "p", ids[1], "bob").
		with(changelog.PutFace, "g", "p", ids[0], "cid").
		with(changelog.DeleteFace, "g", "", ids[1], "").
		with(changelog.DeleteFace, "g", "", ids[2], "").
		with(changelog.PutFace, "h", "p", ids[3], "dan").
		with(changelog.PutFace, "h", "q", ids[4], "dan").
		with(changelog.DropGallery, "h", "", "", "").
		with(changelog.PutFace, "h", "p", ids[5], "eve").
		with(changelog.PutFace, "h", "q", ids[5], "eve")
	w, err := verify.Read(t.Context(), log)
	require.NoError(t, err)
	require.Equal(t, uint64(len(log)), w.Position)
	metadata := map[string]string{"a": "b"}
	g, h := index.Scope{Tenant: "t", Gallery: "g", Pack: "p"}, index.Scope{Tenant: "t", Gallery: "h", Pack: "q"}
	require.Equal(t, map[uuid.UUID]verify.Face{
		uuid.MustParse(ids[0]): {Scope: g, Content: verify.ContentOf("cid", metadata, face.Template{1, 0})},
		uuid.MustParse(ids[5]): {Scope: h, Content: verify.ContentOf("eve", metadata, face.Template{1, 0})},
	}, w.Faces)
	for scope, n := range w.Numbers {
		want := 0
		if scope == g || scope == h {
			want = 1
		}
		require.Equal(t, want, n, scope)
	}
}

// TestContent checks that whatever a face holds is told apart.
func TestContent(t *testing.T) {
	seen := make(map[verify.Content]bool)
	for _, subject := range []string{"", "a", `a" "b`} {
		for _, metadata := range []map[string]string{nil, {"a": ""}, {"": "a"}, {"a": "b"}, {"a": "b", "c": "d"}, {`a" "b" "c`: "d"}} {
			for _, template := range []face.Template{{1, 0}, {0, 1}} {
				c := verify.ContentOf(store.SubjectID(subject), metadata, template)
				require.False(t, seen[c], "%q %v %v", subject, metadata, template)
				seen[c] = true
			}
		}
	}
}

// TestClose leaves out what has changed since.
func TestClose(t *testing.T) {
	id := uuid.New()
	log := growing{}.with(changelog.PutFace, "g", "p", id.String(), "ann").with(changelog.PutFace, "h", "p", uuid.NewString(), "bob")
	v := verify.Verification{Position: 2}
	for _, gallery := range []string{"h", "g"} {
		v.Number(index.Scope{Tenant: "t", Gallery: store.GalleryID(gallery), Pack: "p"}, "number of faces", 1, 2)
		v.Number(index.Scope{Tenant: "t", Gallery: store.GalleryID(gallery), Pack: "p"}, "number of faces", 1, 1)
	}
	require.NoError(t, v.Close(t.Context(), log))
	require.Len(t, v.Differences, 2)
	require.Equal(t, store.GalleryID("g"), v.Differences[0].Scope.Gallery)
	require.NoError(t, v.Close(t.Context(), log.with(changelog.DropGallery, "g", "", "", "")))
	require.Len(t, v.Differences, 1)
	require.Equal(t, store.GalleryID("h"), v.Differences[0].Scope.Gallery)
}

// TestTruthOfMetadata checks that faces hold the metadata that were put last,
// with the subject or with another of its faces.
func TestTruthOfMetadata(t *testing.T) {
	first, second, other := uuid.New(), uuid.New(), uuid.New()
	red, blue, green := map[string]string{"team": "red"}, map[string]string{"team": "blue"}, map[string]string{"team": "green"}
	put := func(gallery store.GalleryID, id uuid.UUID, metadata map[string]string) changelog.Change {
		return changelog.Change{Kind: changelog.PutFace, Gallery: gallery, Subject: "ann", Face: store.FaceID(id.String()), Metadata: metadata}
	}
	log := growing{
		put("g", first, red), put("h", other, red),
		{Kind: changelog.PutMetadata, Gallery: "g", Subject: "ann", Metadata: blue},
		put("g", second, green),
		{Kind: changelog.PutMetadata, Gallery: "g", Subject: "bob", Metadata: blue},
	}
	for i := range log {
		log[i].Seq = uint64(i + 1)
	}
	of := func(end int, id uuid.UUID) verify.Content {
		truth, err := verify.Read(t.Context(), log[:end])
		require.NoError(t, err)
		return truth.Faces[id].Content
	}
	require.Equal(t, verify.ContentOf("ann", red, nil), of(2, first))
	require.Equal(t, verify.ContentOf("ann", blue, nil), of(3, first))
	require.Equal(t, verify.ContentOf("ann", green, nil), of(5, first))
	require.Equal(t, verify.ContentOf("ann", green, nil), of(5, second))
	require.Equal(t, verify.ContentOf("ann", red, nil), of(5, other))
}
