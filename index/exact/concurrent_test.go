package exact_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/index"
	"oneton/index/exact"
)

// held is a context whose n-th question after its end is not answered until
// open is closed; reached is closed when it is asked. What asks stands still
// there.
type held struct {
	context.Context
	n             atomic.Int64
	reached, open chan struct{}
}

func hold(t *testing.T, n int64) *held {
	h := &held{Context: t.Context(), reached: make(chan struct{}), open: make(chan struct{})}
	h.n.Store(n)
	return h
}

func (h *held) Err() error {
	if h.n.Add(-1) == 0 {
		close(h.reached)
		<-h.open
	}
	return h.Context.Err()
}

func (h *held) wait(t *testing.T) {
	t.Helper()
	select {
	case <-h.reached:
	case <-time.After(time.Minute):
		t.Fatal("never came here")
	}
}

func subjects(r index.Result) []string {
	out := []string{}
	for _, h := range r.Hits {
		out = append(out, string(h.Subject))
	}
	return out
}

// someone returns an index that knows ann, of the red team.
func someone(t *testing.T) (*exact.Index, changelog.Change) {
	t.Helper()
	x, ann := create(t), put(1, "ann", template("ann"))
	ann.Metadata = map[string]string{"team": "red"}
	require.NoError(t, x.Apply(t.Context(), []changelog.Change{ann}, 1))
	return x, ann
}

// TestChangesDoNotWaitForASearch stops a search in the midst of its scan, and
// applies changes meanwhile: they are done, another search sees them, and the
// one that was stopped does not.
func TestChangesDoNotWaitForASearch(t *testing.T) {
	for name, filter := range map[string]map[string][]string{"plain": nil, "filtered": {"team": {"red"}}} {
		t.Run(name, func(t *testing.T) {
			x, ann := someone(t)
			slow := hold(t, 2) // the first question comes before the scan
			type answer struct {
				index.Result
				err error
			}
			stopped := make(chan answer)
			q := query(template("ann"))
			q.Filter = filter
			go func() {
				r, err := x.Search(slow, q)
				stopped <- answer{r, err}
			}()
			slow.wait(t)

			gone := ann
			gone.Kind = changelog.DeleteFace
			bob := put(2, "bob", template("bob"))
			bob.Metadata = ann.Metadata
			require.NoError(t, x.Apply(t.Context(), []changelog.Change{bob}, 2))
			require.NoError(t, x.Apply(t.Context(), []changelog.Change{gone}, 3))
			now, err := x.Search(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, []string{"bob"}, subjects(now))
			require.Equal(t, uint64(3), now.Position)
			dropped := changelog.Change{Kind: changelog.DropGallery, Tenant: scope.Tenant, Gallery: scope.Gallery}
			require.NoError(t, x.Apply(t.Context(), []changelog.Change{dropped}, 4))
			require.NoError(t, x.Close())

			close(slow.open)
			then := <-stopped
			require.NoError(t, then.err)
			require.Equal(t, []string{"ann"}, subjects(then.Result))
			require.Equal(t, 1, then.Faces)
			require.Equal(t, uint64(1), then.Position)
		})
	}
}

// TestSearchesDoNotWaitForChanges stops an Apply when all its work is done
// and nothing is shown: searches answer as of before it.
func TestSearchesDoNotWaitForChanges(t *testing.T) {
	x, ann := someone(t)
	reached, open := make(chan struct{}), make(chan struct{})
	x.OnStaged(scope, func() {
		close(reached)
		<-open
	})
	gone := ann
	gone.Kind = changelog.DeleteFace
	bob := put(3, "bob", template("bob"))
	bob.Metadata = ann.Metadata
	applied := make(chan error)
	go func() { applied <- x.Apply(t.Context(), []changelog.Change{gone, bob}, 3) }()
	<-reached
	for _, filter := range []map[string][]string{nil, {"team": {"red"}}} {
		q := query(template("ann"))
		q.Filter = filter
		r, err := x.Search(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, []string{"ann"}, subjects(r))
		require.Equal(t, uint64(1), r.Position)
		n, err := x.Faces(t.Context(), scope)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	close(open)
	require.NoError(t, <-applied)
	r, err := x.Search(t.Context(), query(template("ann")))
	require.NoError(t, err)
	require.Equal(t, []string{"bob"}, subjects(r))
	require.Equal(t, uint64(3), r.Position)
}

// TestPositionOfWhatIsHalfApplied stops an Apply between two galleries: what
// was emptied or dropped already says so by its position.
func TestPositionOfWhatIsHalfApplied(t *testing.T) {
	for name, kind := range map[string]changelog.Kind{"dropped": changelog.DropGallery, "emptied": changelog.DeleteFace} {
		t.Run(name, func(t *testing.T) {
			x, ann := someone(t)
			gone := ann
			gone.Kind = kind
			other := put(3, "bob", template("bob"))
			other.Gallery = "other"
			slow := hold(t, 2)
			applied := make(chan error)
			// Galleries are brought along from the one with the last change on.
			go func() { applied <- x.Apply(slow, []changelog.Change{other, gone}, 3) }()
			slow.wait(t)
			require.Equal(t, uint64(1), x.Position())
			r, err := x.Search(t.Context(), query(template("ann")))
			require.NoError(t, err)
			require.Empty(t, r.Hits)
			require.Equal(t, uint64(3), r.Position)
			close(slow.open)
			require.NoError(t, <-applied)
			r, err = x.Search(t.Context(), query(template("ann")))
			require.NoError(t, err)
			require.Equal(t, uint64(3), r.Position)
		})
	}
}
