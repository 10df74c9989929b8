package qdrant

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// The payload of a face. Metadata are labels, one string for each key with its
// value, so that one index serves every key and a hostile key is only text.
const (
	keyTenant  = "tenant"
	keyGallery = "gallery"
	keySubject = "subject"
	keyLabels  = "labels"
)

// vectorName is the vector of a face. Points without it are not faces.
const vectorName = "template"

// namespace is that of the ids which this index makes up.
var namespace = uuid.MustParse("5b8f7c5e-53a8-4e0c-9d0e-0a9c3d1f2b64")

// galleryKey names a gallery across all packs.
type galleryKey struct {
	tenant  store.TenantID
	gallery store.GalleryID
}

// galleryOf is the gallery of a face.
func galleryOf(p *api.RetrievedPoint) galleryKey {
	return galleryKey{store.TenantID(p.GetPayload()[keyTenant].GetStringValue()), store.GalleryID(p.GetPayload()[keyGallery].GetStringValue())}
}

// madeUp is the id of a point that is no face.
func madeUp(kind string, of ...string) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s %q", kind, of)).String()
}

// within is the filter by which faces are searched, counted and deleted:
// every call that does so builds it here, so that none can leave its gallery.
func within(k galleryKey, more ...*api.Condition) *api.Filter {
	return &api.Filter{Must: append([]*api.Condition{
		api.NewMatchKeyword(keyTenant, string(k.tenant)),
		api.NewMatchKeyword(keyGallery, string(k.gallery)),
	}, more...)}
}

// label is unambiguous, since an escaped key has no equals sign.
func label(key, value string) string { return url.QueryEscape(key) + "=" + value }

// labels are sorted, so that equal metadata are equal payloads.
func labels(metadata map[string]string) []string {
	all := make([]string, 0, len(metadata))
	for k, v := range metadata {
		all = append(all, label(k, v))
	}
	slices.Sort(all)
	return all
}

// facePoint is the point of a face that was put.
func facePoint(k galleryKey, id string, c changelog.Change) *api.PointStruct {
	return &api.PointStruct{
		Id:      api.NewID(id),
		Vectors: api.NewVectorsMap(map[string]*api.Vector{vectorName: api.NewVectorDense(c.Template)}),
		Payload: map[string]*api.Value{
			keyTenant:  api.NewValueString(string(k.tenant)),
			keyGallery: api.NewValueString(string(k.gallery)),
			keySubject: api.NewValueString(string(c.Subject)),
			keyLabels:  texts(labels(c.Metadata)),
		},
	}
}

func texts(all []string) *api.Value {
	values := make([]*api.Value, len(all))
	for i, s := range all {
		values[i] = api.NewValueString(s)
	}
	return api.NewValueFromList(values...)
}

func textsOf(v *api.Value) []string {
	values := v.GetListValue().GetValues()
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.GetStringValue()
	}
	return all
}

// templateOf is the stored vector, bit for bit as it was put.
func templateOf(v *api.VectorsOutput) face.Template {
	return v.GetVectors().GetVectors()[vectorName].GetDense().GetData()
}

func pointIDs(ids ...string) []*api.PointId {
	all := make([]*api.PointId, len(ids))
	for i, id := range ids {
		all[i] = api.NewID(id)
	}
	return all
}
