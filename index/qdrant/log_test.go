package qdrant_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// logOf is a log of random changes that a store could have made.
type logOf struct {
	rng       *rand.Rand
	scopes    []index.Scope
	templates []face.Template
	faces     []string
	live      map[string]index.Scope

	mu      sync.Mutex
	changes []changelog.Change
}

// Changes and Position make it a changelog.Log.
func (l *logOf) Changes(_ context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	changes, end := l.after(after)
	return changes[:min(limit, len(changes))], min(end, after+uint64(limit)), nil
}

func (l *logOf) Position(context.Context) (uint64, error) { return l.end(), nil }

func newLogOf(rng *rand.Rand) *logOf {
	home, foreign := newScope(), newScope()
	sister, other := home, home
	sister.Gallery, other.Pack = store.GalleryID(uuid.NewString()), "pack-b"
	l := &logOf{rng: rng, scopes: []index.Scope{home, sister, foreign, other}, live: make(map[string]index.Scope)}
	for range 8 {
		l.templates = append(l.templates, random(rng, dimension))
	}
	for range 12 {
		l.faces = append(l.faces, uuid.NewString())
	}
	return l
}

func (l *logOf) end() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.changes))
}

// after is everything after a position.
func (l *logOf) after(position uint64) ([]changelog.Change, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := uint64(len(l.changes))
	return slices.Clone(l.changes[min(position, end):]), end
}

func (l *logOf) grow(n int) {
	for range n {
		s, id := l.scopes[l.rng.IntN(len(l.scopes))], l.faces[l.rng.IntN(len(l.faces))]
		have, live := l.live[id]
		var c changelog.Change
		switch elsewhere := live && (have.Tenant != s.Tenant || have.Gallery != s.Gallery); {
		case l.rng.IntN(12) == 0:
			c = drop(s)
			for id, have := range l.live {
				if have.Gallery == s.Gallery {
					delete(l.live, id)
				}
			}
		case elsewhere, l.rng.IntN(4) == 0:
			c = remove(have, id)
			if !live {
				c = remove(s, id)
			}
			delete(l.live, id)
		default:
			metadata := map[string]string{"team": []string{"red", "blue"}[l.rng.IntN(2)]}
			// A subject of its own for each face: metadata are the subject's.
			c = put(s, "p-"+id, id, l.templates[l.rng.IntN(len(l.templates))], metadata)
			l.live[id] = s
		}
		c.Seq = l.end() + 1
		l.mu.Lock()
		l.changes = append(l.changes, c)
		l.mu.Unlock()
	}
}
