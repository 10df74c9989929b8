package indextest

import (
	"context"
	"maps"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// testT is a test or one check of a property.
type testT interface {
	require.TestingT
	Helper()
}

// feed is the log and the truth of a test: it applies changes to the index and
// to a model in which every search is brute force.
type feed struct {
	index   Index
	options Options
	seq     uint64
	// rows are the live faces.
	rows map[string]modelRow
	// last is the batch applied last.
	last []changelog.Change
}

type modelRow struct {
	scope    index.Scope
	subject  store.SubjectID
	template face.Template
	metadata map[string]string
}

func newFeed(x Index, o Options) *feed {
	return &feed{index: x, options: o, rows: make(map[string]modelRow)}
}

// newScope is a gallery that never was.
func newScope() index.Scope {
	return index.Scope{Tenant: store.TenantID(uuid.NewString()), Gallery: store.GalleryID(uuid.NewString()), Pack: "pack-a"}
}

func newID() string { return uuid.NewString() }

func put(s index.Scope, subject, id string, t face.Template, metadata map[string]string) changelog.Change {
	return changelog.Change{
		Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
		Subject: store.SubjectID(subject), Face: store.FaceID(id), Template: t, Metadata: metadata,
	}
}

func remove(s index.Scope, id string) changelog.Change {
	return changelog.Change{Kind: changelog.DeleteFace, Tenant: s.Tenant, Gallery: s.Gallery, Face: store.FaceID(id)}
}

func label(s index.Scope, subject store.SubjectID, metadata map[string]string) changelog.Change {
	return changelog.Change{Kind: changelog.PutMetadata, Tenant: s.Tenant, Gallery: s.Gallery, Subject: subject, Metadata: metadata}
}

func drop(s index.Scope) changelog.Change {
	return changelog.Change{Kind: changelog.DropGallery, Tenant: s.Tenant, Gallery: s.Gallery}
}

// apply gives the changes their positions and brings index and model there.
func (f *feed) apply(t testT, changes ...changelog.Change) {
	t.Helper()
	for i := range changes {
		f.seq++
		changes[i].Seq = f.seq
	}
	f.last = changes
	for _, c := range changes {
		f.model(c)
	}
	f.replay(t, changes)
}

// replay applies what was applied before, or what only the model has seen.
func (f *feed) replay(t testT, changes []changelog.Change) {
	t.Helper()
	require.NoError(t, f.index.Apply(context.Background(), changes, f.seq))
	require.Equal(t, f.seq, f.index.Position())
}

func (f *feed) model(c changelog.Change) {
	switch c.Kind {
	case changelog.PutFace:
		f.rows[string(c.Face)] = modelRow{index.Scope{Tenant: c.Tenant, Gallery: c.Gallery, Pack: c.Pack}, c.Subject, c.Template, c.Metadata}
	case changelog.DeleteFace:
		delete(f.rows, string(c.Face))
	case changelog.PutMetadata:
		for id, r := range f.rows {
			if r.scope.Tenant == c.Tenant && r.scope.Gallery == c.Gallery && r.subject == c.Subject {
				r.metadata = c.Metadata
				f.rows[id] = r
			}
		}
	case changelog.DropGallery:
		maps.DeleteFunc(f.rows, func(_ string, r modelRow) bool {
			return r.scope.Tenant == c.Tenant && r.scope.Gallery == c.Gallery
		})
	}
}
