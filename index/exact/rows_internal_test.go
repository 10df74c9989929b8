package exact

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRowsOfEveryVersion edits rows at random and compares all versions with
// what they were when made.
func TestRowsOfEveryVersion(t *testing.T) {
	const span = 3 * leafRows * nodeLeaves
	r := rand.New(rand.NewPCG(1, 1))
	type version struct {
		rows rows
		want map[uint32]row
	}
	now := version{want: map[uint32]row{}}
	all := []version{now}
	for range 60 {
		edit, want := now.rows.edit(), maps.Clone(now.want)
		first := uint32(r.IntN(span))
		for i := range uint32(r.IntN(500)) {
			id := (first + i*uint32(1+r.IntN(40))) % span
			want[id] = row{person: &person{}, template: r.Uint64()}
			edit.put(id, want[id])
		}
		keep := r.Float64() * 1.2
		for id := range want {
			if r.Float64() > keep {
				edit.remove(id)
				delete(want, id)
			}
		}
		now = version{edit.rows, want}
		all = append(all, now)
	}
	for _, v := range all {
		require.Equal(t, len(v.want), v.rows.count)
		wrong := 0
		for id := range uint32(span) + 100 {
			got, ok := v.rows.at(id)
			if want, there := v.want[id]; ok != there || ok && got != want {
				wrong++
			}
		}
		require.Zero(t, wrong)
	}
	edit := now.rows.edit()
	for id := range now.want {
		edit.remove(id)
	}
	for _, n := range edit.nodes {
		require.Nil(t, n, "nothing is left of what was removed")
	}
}

// TestOldVersionsAreFreed edits rows here and there, as changes do, and counts
// the versions of a node that stay in memory.
func TestOldVersionsAreFreed(t *testing.T) {
	const versions = 1000
	r := rand.New(rand.NewPCG(1, 1))
	var now rows
	var freed atomic.Int64
	for range versions {
		edit := now.edit()
		edit.put(uint32(r.IntN(leafRows*nodeLeaves)), row{person: &person{}})
		now = edit.rows
		runtime.SetFinalizer(now.nodes[0], func(*rowNode) { freed.Add(1) })
	}
	require.Eventually(t, func() bool {
		runtime.GC()
		return freed.Load() == versions-1
	}, time.Minute, time.Millisecond, "%d", &freed)
	runtime.KeepAlive(now)
}
