package qdrant

import (
	"context"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/index"
	"oneton/store"
)

// The payload of a measurement of recall; see Recall.
const (
	keyOfPack       = "of_pack"
	keyProbes       = "probes"
	keyMissed       = "missed"
	keyOverlap      = "overlap"
	keyK            = "k"
	keyMatedCosine  = "mated_cosine"
	keyDegree       = "degree"
	keyConstruct    = "construct"
	keyEF           = "ef"
	keyOversampling = "oversampling"
	keyMeasuredAt   = "measured_at"
	keyAccepted     = "accepted"
	kindRecall      = "recall"
)

func recallID(k galleryKey) string { return madeUp("recall", string(k.tenant), string(k.gallery)) }

// record writes the measurement beside the faces.
func (x *Index) record(ctx context.Context, s *space, r Recall) error {
	point := &api.PointStruct{
		Id:      api.NewID(recallID(galleryKey{r.Scope.Tenant, r.Scope.Gallery})),
		Vectors: noVectors(),
		Payload: map[string]*api.Value{
			keyKind:         api.NewValueString(kindRecall),
			keyOfTenant:     api.NewValueString(string(r.Scope.Tenant)),
			keyOfGallery:    api.NewValueString(string(r.Scope.Gallery)),
			keyOfPack:       api.NewValueString(r.Scope.Pack),
			keyFaces:        api.NewValueInt(int64(r.Faces)),
			keyProbes:       api.NewValueInt(int64(r.Probes)),
			keyMissed:       api.NewValueInt(int64(r.Missed)),
			keyOverlap:      api.NewValueDouble(r.Overlap),
			keyK:            api.NewValueInt(int64(r.K)),
			keyMatedCosine:  api.NewValueDouble(r.MatedCosine),
			keyDegree:       api.NewValueInt(int64(r.Degree)),
			keyConstruct:    api.NewValueInt(int64(r.Construct)),
			keyEF:           api.NewValueInt(int64(r.EF)),
			keyOversampling: api.NewValueDouble(r.Oversampling),
			keyMeasuredAt:   api.NewValueInt(r.MeasuredAt.UnixMicro()),
			keyAccepted:     api.NewValueBool(r.Accepted),
		},
	}
	return x.update(ctx, s, upserts([]*api.PointStruct{point}))
}

// recallOf reads what record wrote; without a point it is nil.
func recallOf(p *api.RetrievedPoint) *Recall {
	if p == nil {
		return nil
	}
	of := p.GetPayload()
	number := func(key string) int { return int(of[key].GetIntegerValue()) }
	return &Recall{
		Scope: index.Scope{
			Tenant: store.TenantID(of[keyOfTenant].GetStringValue()), Gallery: store.GalleryID(of[keyOfGallery].GetStringValue()), Pack: of[keyOfPack].GetStringValue(),
		},
		Faces:        number(keyFaces),
		Probes:       number(keyProbes),
		Missed:       number(keyMissed),
		Overlap:      of[keyOverlap].GetDoubleValue(),
		K:            number(keyK),
		MatedCosine:  of[keyMatedCosine].GetDoubleValue(),
		Degree:       number(keyDegree),
		Construct:    number(keyConstruct),
		EF:           number(keyEF),
		Oversampling: of[keyOversampling].GetDoubleValue(),
		MeasuredAt:   time.UnixMicro(of[keyMeasuredAt].GetIntegerValue()).UTC(),
		Accepted:     of[keyAccepted].GetBoolValue(),
	}
}
