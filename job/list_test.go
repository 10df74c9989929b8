package job_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store/storetest"
)

// testList pages through the tenant's own jobs of the kinds asked for, the newest first.
func testList(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	effects(t, d.db)
	for _, kind := range []string{"a", "b", "hidden"} {
		d.Handle(kind, handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil }))
	}
	want := make(map[job.ID]bool)
	for n := range 9 {
		kind := []string{"a", "b", "hidden"}[n%3]
		id := d.add(t, job.New{Tenant: acme, Kind: kind})
		want[id] = kind != "hidden"
		d.add(t, job.New{Tenant: other, Kind: kind})
	}
	list := func(q job.Query) (all []job.State) {
		t.Helper()
		for q.Limit = 2; ; q.After = all[len(all)-1].ID {
			page, err := d.List(t.Context(), acme, q)
			require.NoError(t, err)
			all = append(all, page...)
			if len(page) < q.Limit {
				return all
			}
		}
	}
	shown := []string{"a", "b"}
	all := list(job.Query{Kinds: shown})
	require.Len(t, all, 6)
	for i, s := range all {
		require.True(t, want[s.ID])
		require.Equal(t, acme, s.Tenant)
		require.Equal(t, job.Queued, s.Status)
		if i > 0 {
			require.Less(t, s.ID, all[i-1].ID)
		}
	}
	require.Len(t, list(job.Query{Kinds: shown, Kind: "a"}), 3)
	require.Empty(t, list(job.Query{Kinds: shown, Kind: "hidden"}))
	require.Empty(t, list(job.Query{}))
	_, err := d.Cancel(t.Context(), acme, all[0].ID)
	require.NoError(t, err)
	require.Len(t, list(job.Query{Kinds: shown, Status: job.Cancelled}), 1)
	require.Len(t, list(job.Query{Kinds: shown, Status: job.Queued}), 5)
}
