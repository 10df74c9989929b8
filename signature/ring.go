package signature

import (
	"slices"
	"time"
)

// Key is one of those that sign, have signed or will.
type Key struct {
	// ID is the kid: 32 hexadecimal digits.
	ID                   string
	CreatedAt, SignsFrom time.Time
	// Ends is when all that it signed has expired; zero while no other follows.
	Ends time.Time
	// Use is what it is for now.
	Use Use

	number int64
	opened
}

// Use is what a key is for.
type Use string

// The uses of keys.
const (
	// Signing is the one that signs.
	Signing Use = "signs"
	// Waiting is published and will sign.
	Waiting Use = "waits to sign"
	// Leaving is published until all that it signed has expired.
	Leaving Use = "verifies what it signed"
	// Ended verifies nothing any more.
	Ended Use = "has ended"
	// Foreign is sealed under a secret that this machine has not.
	Foreign Use = "sealed under another secret"
)

// ring is all keys at a time, by their numbers.
type ring struct {
	keys []Key
	now  time.Time
}

// newRing says what each key is for. A key ends after the first of those that were
// made later has begun to sign; one that does not open is as if it were not there.
func newRing(keys []Key, now time.Time) ring {
	r := ring{keys, now}
	var ends time.Time
	for i := len(keys) - 1; i >= 0; i-- {
		k := &keys[i]
		if k.Use == Foreign {
			continue
		}
		k.Ends, k.Use = ends, Leaving
		if !ends.IsZero() && !now.Before(ends) {
			k.Use = Ended
		} else if k.SignsFrom.After(now) {
			k.Use = Waiting
		}
		if over := k.SignsFrom.Add(kept); ends.IsZero() || over.Before(ends) {
			ends = over
		}
	}
	if s := r.signs(); s >= 0 {
		keys[s].Use = Signing
	}
	return r
}

// signs is the place of the key that signs: the last one of those whose time has come,
// and before any has, the one that is to be first. It is -1 when there is none.
func (r ring) signs() int {
	signs := -1
	for i, k := range r.keys {
		if k.Use == Leaving || k.Use == Signing || k.Use == Waiting && (signs < 0 || r.keys[signs].Use == Waiting && k.SignsFrom.Before(r.keys[signs].SignsFrom)) {
			signs = i
		}
	}
	return signs
}

// signing is the key that signs.
func (r ring) signing() (Key, bool) {
	if i := r.signs(); i >= 0 {
		return r.keys[i], true
	}
	return Key{}, false
}

// published are the keys that verify.
func (r ring) published() []Key {
	return slices.DeleteFunc(slices.Clone(r.keys), func(k Key) bool { return k.Use == Ended || k.Use == Foreign })
}

// newest is the key that was made last.
func (r ring) newest() (Key, bool) {
	all := r.published()
	if len(all) == 0 {
		return Key{}, false
	}
	return all[len(all)-1], true
}

// next is the number of the next key.
func (r ring) next() int64 {
	if len(r.keys) == 0 {
		return 1
	}
	return r.keys[len(r.keys)-1].number + 1
}
