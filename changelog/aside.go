package changelog

import (
	"cmp"
	"slices"
	"sync"
)

// maxAside bounds how many changes it remembers.
const maxAside = 1000

// aside are the changes that a view lacks, since what they put is damaged in
// the store or is nothing that the view can hold. What is put again, deleted or
// dropped leaves it.
type aside struct {
	mu    sync.Mutex
	known map[uint64]asideChange
	more  bool
}

type asideChange struct {
	Change
	lost bool
}

// list are the changes by their position; more tells that there were others.
func (a *aside) list() (changes []Change, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.known {
		changes = append(changes, c.Change)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Seq, b.Seq) })
	return changes, a.more
}

// note adds a change, without what it would put, and tells whether it is new.
func (a *aside) note(c Change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.known[c.Seq]; ok {
		return false
	}
	if a.known == nil {
		a.known = make(map[uint64]asideChange)
	}
	if a.more = a.more || len(a.known) == maxAside; !a.more {
		lost := c.Lost()
		c.Template, c.Metadata = nil, nil
		a.known[c.Seq] = asideChange{c, lost}
	}
	return true
}

// overtake forgets the changes that a later one has made good.
func (a *aside) overtake(by []Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) == 0 {
		return
	}
	for _, c := range by {
		if c.Damage != nil {
			continue
		}
		for seq, k := range a.known {
			same := k.Face != "" && k.Face == c.Face
			switch c.Kind {
			case DropGallery:
				same = true
			case PutMetadata:
				same = !k.lost && k.Subject == c.Subject
			default:
			}
			if seq < c.Seq && same && k.Gallery == c.Gallery {
				delete(a.known, seq)
			}
		}
	}
}
