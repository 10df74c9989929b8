package qdrant

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"oneton/changelog"
	"oneton/index/verify"
	"oneton/store"
)

// Verify reads the whole log, waits until the index has come to its end, and
// compares every gallery's number of faces, and of a sample of faces what they
// hold. What changes meanwhile is not compared.
func (x *Index) Verify(ctx context.Context, log changelog.Log, o verify.Options) (verify.Verification, error) {
	want, err := verify.Read(ctx, log)
	if err != nil {
		return verify.Verification{}, err
	}
	if err := x.waitDurable(ctx, want.Position); err != nil {
		return verify.Verification{}, err
	}
	v := verify.Begin(want)
	if err := x.verifyNumbers(ctx, want, &v); err != nil {
		return verify.Verification{}, err
	}
	if err := x.verifyFaces(ctx, want, o, &v); err != nil {
		return verify.Verification{}, err
	}
	return v, v.Close(ctx, log)
}

// verifyNumbers compares the galleries' numbers of faces, of those too that
// only the index knows.
func (x *Index) verifyNumbers(ctx context.Context, want *verify.Truth, v *verify.Verification) error {
	st, err := x.Status(ctx)
	if err != nil {
		return err
	}
	numbers := maps.Clone(want.Numbers)
	for _, c := range st.Collections {
		for _, g := range c.Galleries {
			v.Number(g.Scope, "recorded number of faces", numbers[g.Scope], g.Faces)
			v.Number(g.Scope, "number of faces", numbers[g.Scope], g.Counted)
			delete(numbers, g.Scope)
		}
	}
	for scope, n := range numbers {
		v.Number(scope, "recorded number of faces", n, 0)
	}
	return nil
}

// verifyFaces compares a sample of each gallery's faces.
func (x *Index) verifyFaces(ctx context.Context, want *verify.Truth, o verify.Options, v *verify.Verification) error {
	for scope, ids := range o.Choose(want) {
		s, err := x.space(ctx, scope.Pack)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(ids, maxPoints) {
			have, err := x.contents(ctx, s, galleryKey{scope.Tenant, scope.Gallery}, some)
			if err != nil {
				return err
			}
			for _, id := range some {
				found, there := have[id]
				v.Face(scope, id, want.Faces[id].Content, found, there)
			}
		}
	}
	return nil
}

// contents are those of the faces that the gallery has.
func (x *Index) contents(ctx context.Context, s *space, k galleryKey, ids []uuid.UUID) (map[uuid.UUID]verify.Content, error) {
	if s == nil {
		return nil, nil
	}
	ask := make([]*api.PointId, len(ids))
	for i, id := range ids {
		ask[i] = api.NewID(id.String())
	}
	found, err := x.client.Get(ctx, &api.GetPoints{
		CollectionName: s.name, Ids: ask, WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(true),
	})
	if err != nil {
		return nil, x.failed(ctx, "get faces", err)
	}
	have := make(map[uuid.UUID]verify.Content, len(found))
	for _, p := range found {
		id, err := uuid.Parse(p.GetId().GetUuid())
		if of := p.GetPayload(); err == nil && galleryOf(p) == k {
			have[id] = verify.ContentOf(store.SubjectID(of[keySubject].GetStringValue()), metadataOf(textsOf(of[keyLabels])), templateOf(p.GetVectors()))
		}
	}
	return have, nil
}

// metadataOf undoes labels. What is none stays as it is, as a key.
func metadataOf(labels []string) map[string]string {
	metadata := make(map[string]string, len(labels))
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		if unescaped, err := url.QueryUnescape(key); err == nil {
			key = unescaped
		}
		metadata[key] = value
	}
	return metadata
}
