package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// row is what a view knows of a face.
type row struct {
	Tenant   store.TenantID
	Gallery  store.GalleryID
	Subject  store.SubjectID
	Pack     string
	Template face.Template
	Metadata map[string]string
}

// replay is the plainest view: the faces that the log says are live.
type replay struct {
	rows     map[store.FaceID]row
	position uint64
}

func newReplay(position uint64) *replay {
	return &replay{rows: make(map[store.FaceID]row), position: position}
}

func (r *replay) apply(changes []changelog.Change) {
	for _, c := range changes {
		switch c.Kind {
		case changelog.PutFace:
			r.rows[c.Face] = row{c.Tenant, c.Gallery, c.Subject, c.Pack, c.Template, c.Metadata}
		case changelog.DeleteFace:
			delete(r.rows, c.Face)
		case changelog.PutMetadata:
			for id, row := range r.rows {
				if row.Gallery == c.Gallery && row.Subject == c.Subject {
					row.Metadata = c.Metadata
					r.rows[id] = row
				}
			}
		case changelog.DropGallery:
			for id, row := range r.rows {
				if row.Gallery == c.Gallery {
					delete(r.rows, id)
				}
			}
		}
	}
}

// read reads and applies one batch, and reports whether the log went on. An
// error is also anything that a log promises of a batch and this one breaks.
func (r *replay) read(s changelog.Log, limit int) (more bool, err error) {
	changes, next, err := s.Changes(context.Background(), r.position, limit)
	if err != nil {
		return false, err
	}
	if len(changes) > limit || next < r.position {
		return false, fmt.Errorf("%d of %d changes from %d to %d", len(changes), limit, r.position, next)
	}
	last := r.position
	for _, c := range changes {
		if c.Seq <= last || c.Seq > next || c.Tenant == "" || c.Gallery == "" {
			return false, fmt.Errorf("change %+v between %d and %d", c, last, next)
		}
		last = c.Seq
	}
	r.apply(changes)
	more = next > r.position
	r.position = next
	return more, nil
}

// step is read for a test's own goroutine.
func (r *replay) step(t require.TestingT, s changelog.Log, limit int) bool {
	more, err := r.read(s, limit)
	require.NoError(t, err)
	return more
}

// catchUp reads the log to its end.
func (r *replay) catchUp(t require.TestingT, s changelog.Log, limit int) {
	for more := true; more; {
		more = r.step(t, s, limit)
	}
	p, err := s.Position(context.Background())
	require.NoError(t, err)
	require.GreaterOrEqual(t, p, r.position)
}

// live is what every view must hold, read from the store without its log.
func live(t require.TestingT, s Store) map[store.FaceID]row {
	ctx := context.Background()
	const all = 1 << 20
	rows := make(map[store.FaceID]row)
	tenants, err := s.Tenants(ctx, store.Page{Limit: all})
	require.NoError(t, err)
	for _, tn := range tenants {
		galleries, err := s.Galleries(ctx, tn.ID, store.Page{Limit: all})
		require.NoError(t, err)
		for _, g := range galleries {
			subjects, err := s.Subjects(ctx, g.ID, store.Page{Limit: all})
			require.NoError(t, err)
			for _, sub := range subjects {
				faces, err := s.Faces(ctx, g.ID, sub.ID)
				require.NoError(t, err)
				require.Len(t, faces, sub.Faces)
				for _, f := range faces {
					if !f.AsideAt.IsZero() {
						continue
					}
					rows[f.ID] = row{tn.ID, g.ID, sub.ID, f.Pack, f.Template, sub.Metadata}
				}
			}
		}
	}
	return rows
}

// RequireReplay checks that the log, read from its beginning, rebuilds exactly
// the faces that the store holds.
func RequireReplay(t *testing.T, s Store) {
	t.Helper()
	r := newReplay(0)
	r.catchUp(t, s, 100)
	require.Equal(t, live(t, s), r.rows)
	require.Equal(t, position(t, s), r.position)
}
