package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/index/qdrant/qdranttest"
)

// faultRounds names the variable with the number of rounds.
const faultRounds = "ONETON_TEST_FAULT_ROUNDS"

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv(faultRounds)
	if text == "" {
		return 6
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, faultRounds)
	return n
}

// upTo is a random duration.
func upTo(d time.Duration) time.Duration { return rand.N(d) }

// faults are what can go wrong with a fleet. Each is over, or mends itself,
// when its function returns.
func (f *fleet) faults(t *testing.T) map[string]func() {
	one := func() *replica { return f.replicas[rand.IntN(len(f.replicas))] }
	faults := map[string]func(){
		"kill -9 of a oneton": func() { one().kill() },
		"kill -9 of all onetons": func() {
			for _, r := range f.replicas {
				r.kill()
			}
		},
		"kill -9 of PostgreSQL": func() {
			f.postgres.Kill(t)
			time.Sleep(upTo(500 * time.Millisecond))
			f.postgres.Restart(t)
		},
		"kill -9 of a session of PostgreSQL": func() {
			one().waitReady(t) // and has sessions
			f.postgres.KillSession(t)
		},
		"connections to PostgreSQL cut": func() { one().database.cut() },
		"silence from PostgreSQL, then a cut": func() {
			silence(one().database, 2*time.Second, true)
		},
		"silence from PostgreSQL":        func() { silence(one().database, time.Second, false) },
		"slow connections to PostgreSQL": func() { slowness(one().database) },
	}
	if f.qdrant != nil {
		maps.Copy(faults, map[string]func(){
			"kill -9 of Qdrant": func() {
				f.qdrant.Kill(t)
				time.Sleep(upTo(500 * time.Millisecond))
				f.qdrant.Restart(t)
			},
			"Qdrant stopped for a while": func() {
				f.qdrant.Pause(t)
				time.Sleep(upTo(3 * time.Second))
				f.qdrant.Resume(t)
			},
			"connections to Qdrant cut":       func() { one().search.cut() },
			"silence from Qdrant, then a cut": func() { silence(one().search, 3*time.Second, true) },
			"slow connections to Qdrant":      func() { slowness(one().search) },
		})
	}
	return faults
}

// silence stops a link for a while, and then may cut it.
func silence(l *link, longest time.Duration, cut bool) {
	l.stop()
	time.Sleep(upTo(longest))
	if cut {
		l.cut()
	}
	l.mend()
}

// slowness slows a link down for a while.
func slowness(l *link) {
	l.slow(upTo(100 * time.Millisecond))
	time.Sleep(upTo(time.Second))
	l.mend()
}

// TestFaults lets two tenants' clients enrol, delete and search at two
// replicas while processes are killed and connections fail, and checks after
// each round that everything acknowledged is true and no tenant sees
// another's people. ONETON_TEST_FAULT_ROUNDS is how many rounds.
func TestFaults(t *testing.T) {
	f := startFleet(t, 2, "packs: ['"+patternPack(t)+"']", "embed: {workers: 1}",
		"index: {save: 2s}", "server: {timeout: 5s}")
	f.endure(t, f.faults(t), rounds(t), newLedger(t, f, "acme"), newLedger(t, f, "rival"))
}

// TestFaultsOfQdrant is the same with replicas that search in one Qdrant,
// which fails too.
func TestFaultsOfQdrant(t *testing.T) {
	f := startFleetOn(t, qdranttest.Start(t), 2, "packs: ['"+patternPack(t)+"']", "embed: {workers: 1}", "server: {timeout: 5s}")
	f.endure(t, f.faults(t), rounds(t), newLedger(t, f, "acme"), newLedger(t, f, "rival"))
}

// TestFaultsWithRealPhotos is the same with the default pack and a real face,
// which makes a round slower and its load smaller.
func TestFaultsWithRealPhotos(t *testing.T) {
	f := startFleet(t, 2, "embed: {workers: 1}", "index: {save: 2s}", "server: {timeout: 5s}")
	face := portrait(t)
	ledgers := []*ledger{newLedger(t, f, "acme"), newLedger(t, f, "rival")}
	for _, l := range ledgers {
		l.photo, l.filtered = func(string) []byte { return face }, true
	}
	const share = 3
	f.endure(t, f.faults(t), (rounds(t)+share-1)/share, ledgers[0], ledgers[1])
}

// endure has the fleet work while two faults at most are caused a round, each
// kind as often as the others.
func (f *fleet) endure(t *testing.T, faults map[string]func(), rounds int, a, b *ledger) {
	t.Helper()
	caused := make(map[string]int)
	var order []string
	start := time.Now()
	for round := range rounds {
		ctx, stop := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for i := range 2 {
			name := fmt.Sprintf("%d.%d", round, i)
			clients.Go(func() { a.client(ctx, name, f.replicas, b.someone) })
			clients.Go(func() { b.client(ctx, name, f.replicas, a.someone) })
		}
		for range 1 + rand.IntN(2) {
			if len(order) == 0 {
				for name := range faults {
					order = append(order, name)
				}
				rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			time.Sleep(100*time.Millisecond + upTo(500*time.Millisecond))
			name := order[0]
			order = order[1:]
			faults[name]()
			caused[name]++
		}
		time.Sleep(upTo(500 * time.Millisecond))
		stop()
		clients.Wait()
		for _, r := range f.replicas {
			r.waitReady(t)
		}
		a.check(t, f)
		b.check(t, f)
	}
	a.checkAll(t, f)
	b.checkAll(t, f)
	t.Logf("%d rounds in %v", rounds, time.Since(start).Round(time.Second))
	for name, times := range caused {
		t.Logf("%4d × %s", times, name)
	}
	for _, l := range []*ledger{a, b} {
		t.Logf("%s: %d enrolments, %d deletions and %d searches acknowledged, %d calls failed, nothing lost, nothing wrong",
			l.tenant, l.enrolments, l.deletions, l.searches, l.failed)
		require.NotZero(t, l.enrolments)
		require.NotZero(t, l.searches)
	}
}
