package search

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// guard runs f, and makes a panic of it an error, which is reported with its
// stack.
func (s *Set) guard(doing string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(doing, v)
			if s.cfg.Report != nil {
				s.cfg.Report(fmt.Errorf("%w\n%s", err, stackOf(v)))
			}
		}
	}()
	return f()
}

func panicked(doing string, v any) error {
	if p, ok := v.(*passedOn); ok {
		v = p.value
	}
	return fmt.Errorf("%s: %w: %v", doing, ErrPanicked, v)
}

// passedOn is a panic of another goroutine, with its stack.
type passedOn struct {
	value any
	stack []byte
}

func stackOf(v any) []byte {
	if p, ok := v.(*passedOn); ok {
		return p.stack
	}
	return debug.Stack()
}

// parallel runs f n times at once and waits. It runs none itself: the last
// goroutine made is kept for the processor that makes it, and another that
// would take it has to wait. A panic of one of them it passes on to its caller,
// once all have ended.
func parallel(n int, f func()) {
	if n == 1 {
		f()
		return
	}
	var group sync.WaitGroup
	var once sync.Once
	var caught *passedOn
	for range n {
		group.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					once.Do(func() { caught = &passedOn{v, debug.Stack()} })
				}
			}()
			f()
		})
	}
	group.Wait()
	if caught != nil {
		panic(caught)
	}
}
