package qdrant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// keyPack names the template space in a collection's metadata.
const keyPack = "pack"

// markersPerShard makes it all but sure that every shard of a collection
// holds a marker, since a point's id decides where it lies: of 16 for each of
// s shards, one shard has none with a probability below s·e⁻¹⁶.
const markersPerShard = 16

// space is the collection of one space's templates, or, without a pack, the
// one that holds the index's position when there are no others yet.
type space struct {
	name string
	pack string
	// dimension is that of the templates.
	dimension int
	// markers are the ids of the points that hold the collection's position.
	markers []string
}

func newSpace(name string, shards int) *space {
	s := &space{name: name, markers: make([]string, 1)}
	if shards > 1 {
		s.markers = make([]string, shards*markersPerShard)
	}
	for i := range s.markers {
		s.markers[i] = madeUp("marker", fmt.Sprint(i))
	}
	return s
}

// plain are the names of spaces that a collection's may have in it: those of
// packs, and with a version.
var plain = regexp.MustCompile(`^[a-z0-9.@-]{1,128}$`)

// collectionName is unambiguous: a space whose name has other characters
// is named by its hash.
func (x *Index) collectionName(pack string) string {
	if !plain.MatchString(pack) {
		sum := sha256.Sum256([]byte(pack))
		pack = "_" + hex.EncodeToString(sum[:16])
	}
	return x.cfg.Prefix + "_" + pack
}

// own tells whether a collection belongs to this index.
func (x *Index) own(collection string) bool {
	return collection == x.cfg.Prefix || strings.HasPrefix(collection, x.cfg.Prefix+"_")
}

// create makes the collection of a pack, or with no pack that of the position,
// and its indexes. What is there already is left as it is.
func (x *Index) create(ctx context.Context, pack string, dimension int) (*space, error) {
	c := &api.CreateCollection{
		CollectionName:    x.cfg.Prefix,
		ShardNumber:       api.PtrOf(uint32(1)),
		ReplicationFactor: api.PtrOf(uint32(x.cfg.Replicas)),
		Metadata:          map[string]*api.Value{keyPack: api.NewValueString(pack)},
	}
	if pack != "" {
		c.CollectionName = x.collectionName(pack)
		c.ShardNumber = api.PtrOf(uint32(x.cfg.Shards))
		c.VectorsConfig = api.NewVectorsConfigMap(map[string]*api.VectorParams{
			// The dot product is the cosine of unit vectors, and leaves them
			// bit for bit as they are.
			vectorName: {Size: uint64(dimension), Distance: api.Distance_Dot},
		})
		c.HnswConfig, c.OptimizersConfig = noGraph()
	}
	s := newSpace(c.CollectionName, int(c.GetShardNumber()))
	s.pack, s.dimension = pack, dimension
	if err := x.client.CreateCollection(ctx, c); err != nil && status.Code(err) != codes.AlreadyExists {
		return nil, x.failed(ctx, "create collection", err)
	}
	if pack == "" {
		return s, nil
	}
	return s, x.createIndexes(ctx, s)
}

// noGraph keeps the templates as they come: a scan of all of a gallery is
// fastest that way, and a graph would be built for nothing.
func noGraph() (*api.HnswConfigDiff, *api.OptimizersConfigDiff) {
	return &api.HnswConfigDiff{M: api.PtrOf(uint64(0)), PayloadM: api.PtrOf(uint64(0))},
		&api.OptimizersConfigDiff{IndexingThreshold: api.PtrOf(uint64(0))}
}

func (x *Index) createIndexes(ctx context.Context, s *space) error {
	for _, field := range []struct {
		name   string
		kind   api.FieldType
		params *api.PayloadIndexParams
	}{
		{keyTenant, api.FieldType_FieldTypeKeyword, api.NewPayloadIndexParamsKeyword(&api.KeywordIndexParams{IsTenant: api.PtrOf(true)})},
		{keyGallery, api.FieldType_FieldTypeKeyword, nil},
		{keySubject, api.FieldType_FieldTypeKeyword, nil},
		{keyLabels, api.FieldType_FieldTypeKeyword, nil},
		{keyKind, api.FieldType_FieldTypeKeyword, nil},
	} {
		_, err := x.client.CreateFieldIndex(ctx, &api.CreateFieldIndexCollection{
			CollectionName: s.name, Wait: api.PtrOf(true),
			FieldName: field.name, FieldType: &field.kind, FieldIndexParams: field.params,
		})
		if err != nil {
			return x.failed(ctx, "create index of "+field.name, err)
		}
	}
	return nil
}

// open looks at a collection that is there.
func (x *Index) open(ctx context.Context, name string) (*space, error) {
	info, err := x.client.GetCollectionInfo(ctx, name)
	if err != nil {
		return nil, x.failed(ctx, "look at collection "+name, err)
	}
	params := info.GetConfig().GetParams()
	s := newSpace(name, int(params.GetShardNumber()))
	s.pack = info.GetConfig().GetMetadata()[keyPack].GetStringValue()
	s.dimension = int(params.GetVectorsConfig().GetParamsMap().GetMap()[vectorName].GetSize())
	return s, nil
}
