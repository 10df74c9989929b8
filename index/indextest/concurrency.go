package indextest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

const searchers = 4

// whileSearching runs do while goroutines search, and returns what is wrong
// with their answers.
func whileSearching(do func(), search func(worker int) error) error {
	var stop atomic.Bool
	var wg sync.WaitGroup
	errs := make([]error, searchers)
	for w := range searchers {
		wg.Go(func() {
			for !stop.Load() && errs[w] == nil {
				errs[w] = search(w)
			}
		})
	}
	do()
	stop.Store(true)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// testAtomicBatches moves all subjects of a gallery from one team to the other
// and back, replacing every template, in one batch each. A search sees either
// all in one team or all in the other.
func testAtomicBatches(t *testing.T, f *feed) {
	const people = 20
	rounds := f.options.Changes * 2 / 5
	rng, s := newRand(40), newScope()
	ids, templates := make([]string, people), [2][]face.Template{}
	for i := range people {
		ids[i] = newID()
		for phase := range templates {
			templates[phase] = append(templates[phase], randomTemplate(rng, dimension))
		}
	}
	phase := func(n int) []changelog.Change {
		changes := make([]changelog.Change, people)
		for i := range changes {
			changes[i] = put(s, fmt.Sprint("p", i), ids[i], templates[n%2][i], map[string]string{"team": fmt.Sprint(n % 2)})
		}
		return changes
	}
	f.apply(t, phase(0)...)
	probe := randomTemplate(rng, dimension)
	err := whileSearching(func() {
		for n := range rounds {
			f.apply(t, phase(n+1)...)
		}
	}, func(w int) error {
		r, err := f.index.Search(context.Background(), index.Query{
			Scope: s, Probe: probe, K: 2 * people, Threshold: -1, Filter: map[string][]string{"team": {fmt.Sprint(w % 2)}},
		})
		if err != nil {
			return err
		}
		if n := len(r.Hits); n != 0 && n != people {
			return fmt.Errorf("%d of %d subjects are in the team", n, people)
		}
		if r.Faces != people {
			return fmt.Errorf("%d faces", r.Faces)
		}
		// Every batch has people entries, so that the position names its phase.
		if even := (r.Position/people)%2 == 1; even != (len(r.Hits) > 0) == (w%2 == 0) {
			return fmt.Errorf("position %d with %d hits in team %d", r.Position, len(r.Hits), w%2)
		}
		return nil
	})
	require.NoError(t, err)
}

// testCountWhileChanging adds and removes people while others search: the
// number of faces that an answer says, and that its threshold follows from, is
// that of what was searched.
func testCountWhileChanging(t *testing.T, f *feed) {
	const people = 20
	rounds := f.options.Changes / 5
	rng, s := newRand(42), newScope()
	probe := randomTemplate(rng, dimension)
	ids := make([]string, people)
	for i := range ids {
		ids[i] = newID()
	}
	err := whileSearching(func() {
		for n := range rounds {
			var changes []changelog.Change
			for i, id := range ids[:1+rng.IntN(people)] {
				if n%2 == 0 {
					changes = append(changes, put(s, fmt.Sprint("p", i), id, randomTemplate(rng, dimension), nil))
				} else {
					changes = append(changes, remove(s, id))
				}
			}
			f.apply(t, changes...)
		}
	}, func(int) error {
		asked := -1
		r, err := f.index.Search(context.Background(), index.Query{
			Scope: s, Probe: probe, K: 2 * people,
			ThresholdFor: func(faces int) float64 { asked = faces; return -1 },
		})
		if err != nil {
			return err
		}
		if len(r.Hits) != r.Faces || asked != r.Faces {
			return fmt.Errorf("%d faces were searched, %d are answered and the threshold is of %d", len(r.Hits), r.Faces, asked)
		}
		return nil
	})
	require.NoError(t, err)
}

// testSearchesWithChanges enrols and removes people, one after the other,
// while others search: whoever is enrolled up to the answer's position is
// found, and whoever is removed is not.
func testSearchesWithChanges(t *testing.T, f *feed) {
	people := f.options.Changes / 2
	rng := newRand(41)
	scopes := []index.Scope{newScope(), newScope()}
	var templates []face.Template
	for range people {
		templates = append(templates, randomTemplate(rng, 32))
	}
	// Person i is put at position 2i+1 into gallery i%2, and person i-10 is
	// removed at 2i+2.
	const life = 10
	ids := make([]string, people)
	for i := range ids {
		ids[i] = newID()
	}
	enrolled := func(i int, position uint64) bool {
		return position >= uint64(2*i+1) && position < uint64(2*(i+life)+2)
	}
	var turn atomic.Int64
	err := whileSearching(func() {
		for i := range people {
			f.apply(t, put(scopes[i%2], fmt.Sprint("p", i), ids[i], templates[i], map[string]string{"odd": fmt.Sprint(i % 2)}))
			if gone := i - life; gone >= 0 {
				f.apply(t, remove(scopes[gone%2], ids[gone]))
			} else {
				f.apply(t, remove(scopes[0], newID()))
			}
		}
	}, func(int) error {
		i := int(turn.Add(1)) % people
		q := index.Query{Scope: scopes[i%2], Probe: templates[i], K: 3, Threshold: 0.99}
		if i%3 == 0 {
			q.Filter = map[string][]string{"odd": {fmt.Sprint(i % 2)}}
		}
		r, err := f.index.Search(context.Background(), q)
		if err != nil {
			return err
		}
		if found := len(r.Hits) == 1 && r.Hits[0].Subject == store.SubjectID(fmt.Sprint("p", i)); found != enrolled(i, r.Position) {
			return fmt.Errorf("person %d at position %d: found is %v", i, r.Position, found)
		}
		return nil
	})
	require.NoError(t, err)
}
