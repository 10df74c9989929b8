package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

func testLog(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	require.Zero(t, position(t, s))
	changes, next, err := s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Zero(t, next)

	g := newGallery(t, s)
	faces := newFaces(2)
	after, err := s.Enrol(ctx, subject(g.ID, "p", "team", "red"), faces, nil, true)
	require.NoError(t, err)
	changes, next, err = s.Changes(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, after, next)
	require.Len(t, changes, 2)
	for i, c := range changes {
		require.NotZero(t, c.Seq)
		require.Equal(t, changelog.Change{
			Seq: c.Seq, Kind: changelog.PutFace, Tenant: g.Tenant, Gallery: g.ID, Pack: Pack,
			Subject: "p", Face: faces[i].ID, Template: faces[i].Template, Metadata: map[string]string{"team": "red"},
		}, c)
	}
	require.Equal(t, after, changes[1].Seq)

	changes, next, err = s.Changes(ctx, after, 10)
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Equal(t, after, next, "the log's end")
}

// testLogIsTheCallers changes all that one entry holds, and looks at the others.
func testLogIsTheCallers(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	enrolled := subject(newGallery(t, s).ID, "p", "team", "red")
	_, err := s.Enrol(ctx, enrolled, newFaces(3), nil, true)
	require.NoError(t, err)
	read := func() []changelog.Change {
		changes, _, err := s.Changes(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, changes, 3)
		return changes
	}
	want, got := read(), read()
	for i := range got {
		require.Equal(t, want[i:], got[i:])
		got[i].Metadata["team"] = "blue"
		clear(got[i].Template)
		_ = append(got[i].Template, 1)
	}
	require.Equal(t, want, read())
	_ = append(got[:1], changelog.Change{}, changelog.Change{})
	require.Equal(t, want, read())
}

func testLogLeavesOut(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	const people = 10
	for _, id := range names(people) {
		enrol(t, s, g, store.SubjectID(id), 1)
	}
	end := position(t, s)
	for _, id := range names(people) {
		_, err := s.DeleteSubject(ctx, g.ID, store.SubjectID(id))
		require.NoError(t, err)
	}
	r := newReplay(0)
	for r.position < end {
		changes, next, err := s.Changes(ctx, r.position, 3)
		require.NoError(t, err)
		require.Greater(t, next, r.position, "an empty list is progress")
		for _, c := range changes {
			require.NotEqual(t, changelog.PutFace, c.Kind, "nothing of an erased face is told")
		}
		r.position = next
	}
	RequireReplay(t, s)
}

// testLogAgain is about a view that lags: what was true at the position it has
// reached must be in it, though the face was put again later.
func testLogAgain(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	enrol(t, s, g, "p", 1)
	enrolled := position(t, s)
	for _, team := range []string{"red", "blue"} {
		_, err := describe(ctx, s, g.ID, "p", map[string]string{"team": team})
		require.NoError(t, err)
	}
	r := newReplay(0)
	for r.position < enrolled {
		r.step(t, s, 1)
	}
	require.Len(t, r.rows, 1, "the view has reached the enrolment's position")
	RequireReplay(t, s)
}

func testLogLimits(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	enrol(t, s, g, "p", 7)
	want := live(t, s)
	for _, limit := range []int{1, 2, 6, 7, 8, 1000} {
		r := newReplay(0)
		r.catchUp(t, s, limit)
		require.Equal(t, want, r.rows)
	}
	changes, next, err := s.Changes(ctx, 2, 0)
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Equal(t, uint64(2), next)
	changes, next, err = s.Changes(ctx, 1<<40, 10)
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Equal(t, uint64(1<<40), next, "beyond the end")

	_, err = s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	dropped := position(t, s)
	_, err = s.DeleteTenant(ctx, g.Tenant)
	require.NoError(t, err)
	require.Equal(t, dropped, position(t, s), "a tenant without galleries leaves no trace in the log")
	require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: g.Tenant, Name: "again", CreatedAt: epoch}))
	enrol(t, s, gallery(t, s, g.Tenant, "staff"), "p", 1)
	require.Greater(t, position(t, s), dropped, "positions are never reused")
	RequireReplay(t, s)
}

// testLogCompacted removes what is useless of the log, and checks that views
// come to the same wherever they were, and that no position is used again.
func testLogCompacted(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	for _, id := range names(6) {
		enrol(t, s, g, store.SubjectID(id), 2)
	}
	behind := newReplay(0)
	behind.catchUp(t, s, 100)
	for _, id := range names(4) {
		_, _, err := s.UpdateMetadata(ctx, g.ID, store.SubjectID(id), func(store.Subject) (map[string]string, error) { return map[string]string{"team": id}, nil })
		require.NoError(t, err)
		_, err = s.DeleteSubject(ctx, g.ID, store.SubjectID(id))
		require.NoError(t, err)
	}
	end := position(t, s)
	n, err := s.CompactLog(ctx)
	require.NoError(t, err)
	require.Equal(t, 4*2+4, n, "the faces and the metadata of those who are gone")
	n, err = s.CompactLog(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, end, position(t, s))
	behind.catchUp(t, s, 3)
	require.Equal(t, live(t, s), behind.rows)
	RequireReplay(t, s)

	// The last row stays, whatever it says.
	_, _, err = s.UpdateMetadata(ctx, g.ID, store.SubjectID(names(6)[5]), func(store.Subject) (map[string]string, error) { return nil, nil })
	require.NoError(t, err)
	enrol(t, s, g, "last", 1)
	end = position(t, s)
	_, err = s.CompactLog(ctx)
	require.NoError(t, err)
	require.Equal(t, end, position(t, s))
	enrol(t, s, g, "later", 1)
	require.Greater(t, position(t, s), end)
	RequireReplay(t, s)
}
