package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/pool"
	"oneton/store"
	"oneton/store/storetest"
)

// Many jobs of many callers are each done once, by two processes that take all that
// there is at once.
func testMany(t *testing.T, open storetest.Open) {
	desks := []*desk{newDesk(t, open(t), config()), newDesk(t, open(t), config())}
	effects(t, desks[0].db)
	for _, d := range desks {
		d.Handle("many", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
			return nil, d.db.Update(ctx, "effect", func(tx store.Tx) error {
				if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
					return err
				}
				return j.Finish(tx, nil, nil)
			})
		}))
		d.run(t)
	}
	const callers, each = 8, 12
	var wg sync.WaitGroup
	ids := make(chan job.ID, callers*each)
	for c := range callers {
		wg.Go(func() {
			for range each {
				_ = desks[c%2].db.Update(context.Background(), "add", func(tx store.Tx) error {
					id, err := desks[c%2].Add(tx, job.New{Tenant: []store.TenantID{acme, other}[c%2], Kind: "many"})
					ids <- id
					return err
				})
			}
		})
	}
	wg.Wait()
	close(ids)
	n := 0
	for id := range ids {
		n++
		require.Eventually(t, func() bool {
			return desks[0].count(t, `SELECT count(*) FROM jobs WHERE id = $1 AND status = 'succeeded'`, id) == 1
		}, patience, time.Millisecond)
		require.Equal(t, int64(1), desks[0].count(t, `SELECT count(*) FROM effects WHERE job = $1`, id))
	}
	require.Equal(t, callers*each, n)
}

// script is what comes of a job's attempts, one after the other.
type script []string

// expected is how a job of the script ends that may begin that often, and in which of
// its attempts.
func (s script) expected(attempts int) (status job.Status, attempt int) {
	for _, outcome := range s {
		attempt++
		switch outcome {
		case "succeeds":
			return job.Succeeded, attempt
		case "fails":
			return job.Failed, attempt
		case "invalid":
			return job.Invalid, attempt
		case "busy", "goes on":
			attempt--
		default:
			if attempt == attempts {
				return job.Failed, attempt
			}
		}
	}
	panic("a script ends with an end")
}

// Whatever comes of jobs, of whichever tenant, priority and delay, in two processes,
// each ends as its attempts say, after so many.
func testScripts(t *testing.T, open storetest.Open) {
	const jobs, attempts = 60, 3
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(outcomes ...string) string { return outcomes[random.IntN(len(outcomes))] }
	scripts := make([]script, jobs)
	calls := make([]atomic.Int64, jobs)
	do := func(_ context.Context, j *job.Job) ([]byte, error) {
		n, err := strconv.Atoi(string(j.Input))
		if err != nil {
			return nil, err
		}
		switch outcome := scripts[n][calls[n].Add(1)-1]; outcome {
		case "succeeds":
			return j.Input, nil
		case "fails":
			return j.Input, job.ErrFailed
		case "invalid":
			return j.Input, job.ErrInvalid
		case "busy":
			return nil, pool.ErrBusy
		case "goes on":
			return nil, job.Again(time.Now())
		case "asks":
			return nil, job.Retry(errors.New(outcome), time.Millisecond)
		case "panics":
			panic(outcome)
		default:
			return nil, errors.New(outcome)
		}
	}
	desks := []*desk{newDesk(t, open(t), config()), newDesk(t, open(t), config())}
	for _, d := range desks {
		d.Handle("scripted", job.Kind{Attempts: attempts, Do: do, Backoff: func(int) time.Duration { return time.Millisecond }})
	}
	ids, owners := make([]job.ID, jobs), make([]store.TenantID, jobs)
	for i := range scripts {
		for range random.IntN(5) {
			scripts[i] = append(scripts[i], pick("breaks", "panics", "asks", "busy", "goes on", "goes on"))
		}
		scripts[i] = append(scripts[i], pick("succeeds", "fails", "invalid"))
		owners[i] = []store.TenantID{acme, other, ""}[random.IntN(3)]
		ids[i] = desks[i%2].add(t, job.New{
			Tenant: owners[i], Kind: "scripted", Input: fmt.Append(nil, i), Priority: random.IntN(21) - 10, Delay: time.Duration(random.IntN(300)) * time.Millisecond,
		})
	}
	for _, d := range desks {
		d.run(t)
	}
	for i, id := range ids {
		s := desks[i%2].wait(t, owners[i], id)
		status, attempt := scripts[i].expected(attempts)
		require.Equal(t, status, s.Status, "%v: %+v", scripts[i], s)
		require.Equal(t, attempt, s.Attempt, "%v: %+v", scripts[i], s)
	}
	require.Zero(t, desks[0].inputs(t))
}
