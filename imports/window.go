package imports

import (
	"slices"
	"sync"

	"oneton/store"
)

const (
	// ahead is how many items wait for each that is being enrolled.
	ahead = 8
	// mostHeld is how many bytes of photos may wait in memory, beside one.
	mostHeld = 64 << 20
)

// window is the part of a source that is being enrolled, and what comes next.
type window struct {
	mu      sync.Mutex
	changed *sync.Cond
	most    int
	held    int
	// waiting is in the source's order.
	waiting []Item
	// busy are the people who are being enrolled.
	busy           map[store.SubjectID]*person
	ended, aborted bool
}

// person has photos being enrolled. Others of theirs wait until one has made them.
type person struct {
	photos int
	made   bool
}

func newWindow(parallel int) *window {
	w := &window{most: ahead * parallel, busy: make(map[store.SubjectID]*person)}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// put adds an item once there is room, or tells that it is for nothing.
func (w *window) put(item Item) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.aborted && (len(w.waiting) >= w.most || w.held > 0 && w.held+item.Held > mostHeld) {
		w.changed.Wait()
	}
	w.waiting = append(w.waiting, item)
	w.held += item.Held
	w.changed.Broadcast()
	return !w.aborted
}

// take is the next item that may begin, once there is one; false is the end.
func (w *window) take() (Item, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.aborted || w.ended && len(w.waiting) == 0 {
			return Item{}, false
		}
		i := slices.IndexFunc(w.waiting, func(item Item) bool {
			p := w.busy[item.Subject]
			return p == nil || p.made || p.photos == 0 || item.Refused != nil
		})
		if i < 0 {
			w.changed.Wait()
			continue
		}
		item := w.waiting[i]
		w.waiting = slices.Delete(w.waiting, i, i+1)
		p := w.busy[item.Subject]
		if p == nil {
			p = &person{}
			w.busy[item.Subject] = p
		}
		p.photos++
		w.changed.Broadcast()
		return item, true
	}
}

// done ends an item; made says that its person is there now.
func (w *window) done(item Item, made bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.busy[item.Subject]
	p.made = p.made || made
	if p.photos--; p.photos == 0 && !slices.ContainsFunc(w.waiting, func(i Item) bool { return i.Subject == item.Subject }) {
		delete(w.busy, item.Subject)
	}
	w.held -= item.Held
	w.changed.Broadcast()
}

// end says that nothing comes any more, and abort that nothing more is to begin.
func (w *window) end() { w.set(&w.ended) }

func (w *window) abort() { w.set(&w.aborted) }

func (w *window) set(flag *bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*flag = true
	w.changed.Broadcast()
}
