package search

import (
	"slices"
	"sync"
	"time"
)

const (
	// runLength is how many neighbouring segments are merged at once.
	runLength = 4
	// deadShare is the share of deleted rows, one in so many, from which a
	// sealed segment is rewritten without them.
	deadShare = 4
	// backlog is how many sealed segments may wait for a file before the
	// background work no longer makes way for searches.
	backlog = 4
	// paceRows is after how many rows the background work may rest.
	paceRows = 64
	// retryAfter is how long the background work rests after a failure.
	retryAfter = 10 * time.Second
)

// fault is the last failure of the background work.
type fault struct {
	mu    sync.Mutex
	err   error
	until time.Time
}

func (f *fault) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.until = err, time.Time{}
	if err != nil {
		f.until = time.Now().Add(retryAfter)
	}
}

func (f *fault) last() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *fault) resting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.until)
}

// keep starts the background work when there is some. The caller holds mu.
func (s *Set) keep() {
	v := s.view.Load()
	if s.keeping || s.closed || !s.unlearned(v) && s.plan(v) == nil || s.fault.resting() {
		return
	}
	s.keeping = true
	s.keeper.Go(func() {
		for s.keepOnce() {
		}
	})
}

// keepOnce does one piece of the background work and tells whether to go on.
func (s *Set) keepOnce() bool {
	s.work.Lock()
	defer s.work.Unlock()
	some := false
	err := s.guard("work in the background", func() (err error) {
		some, err = s.keepPiece()
		return err
	})
	if some || err != nil {
		s.fault.set(err)
	}
	if some && err == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// What was to be done since it was looked, the next keep begins.
	s.keeping = false
	if err == nil {
		s.keep()
	}
	return false
}

// keepPiece does a piece of the background work, if there is some. The caller
// holds work.
func (s *Set) keepPiece() (some bool, err error) {
	t, some := s.task()
	if !some {
		return false, nil
	}
	defer t.view.release()
	pace := s.traffic.Pace(s.pressed)
	if t.run == nil {
		return true, s.learn(t.sealed, pace)
	}
	_, err = s.rewrite(t.run, pace)
	return true, err
}

// task is a piece of the background work on a view, to be released: to learn a
// basis of the sealed parts or to rewrite a run of them.
type task struct {
	view        *view
	sealed, run []part
}

func (s *Set) task() (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return task{}, false
	}
	t := task{view: s.view.Load()}
	t.sealed = s.sealed(t.view)
	if !s.unlearned(t.view) {
		if t.run = s.plan(t.view); t.run == nil {
			return task{}, false
		}
	}
	t.view.retain()
	return t, true
}

// unfiled tells whether a part's vectors are in memory and belong in a file.
func (s *Set) unfiled(p part) bool { return s.cfg.Dir != "" && p.number == 0 }

// pressed tells whether somebody waits for the background work, or so much is
// to be done that memory fills up.
func (s *Set) pressed() bool {
	if s.hurried.Load() > 0 {
		return true
	}
	waiting := 0
	for _, p := range s.view.Load().parts {
		if s.unfiled(p) {
			waiting++
		}
	}
	return waiting > backlog
}

// plan chooses neighbouring sealed parts to be written anew as one: a full
// one whose vectors belong in a file, one with many deleted rows, some small
// ones or, last, one in another basis than the set's. The caller holds mu.
func (s *Set) plan(v *view) []part {
	parts := s.sealed(v)
	for i, p := range parts {
		if s.unfiled(p) || p.dead*deadShare >= p.rows {
			return parts[i : i+1]
		}
	}
	for i := 0; i+runLength <= len(parts); i++ {
		run := parts[i : i+runLength]
		sum, top := 0, 0
		for _, p := range run {
			sum += p.rows - p.dead
			top = max(top, p.rows-p.dead)
		}
		// A segment is merged only with as many rows as it has, so that a
		// row is rewritten a logarithmic number of times.
		last := &run[runLength-1]
		fits := run[0].fits(last.id(last.rows - 1))
		if sum <= s.cfg.SegmentRows && 2*top <= sum && fits {
			return run
		}
	}
	for i, p := range parts {
		if p.basis != s.basis.Load() {
			return parts[i : i+1]
		}
	}
	return nil
}

// rewrite makes one segment of the live rows of neighbouring sealed parts and
// puts it in their place, resting as pace says. It returns the part, as it
// was when rewritten. The caller holds work.
func (s *Set) rewrite(run []part, pace *Pace) (part, error) {
	rows := live(run)
	if rows == 0 {
		s.replace(run, nil)
		return part{}, nil
	}
	made, err := s.merge(run, rows, pace)
	if err != nil {
		return part{}, err
	}
	p := part{segment: made, rows: rows}
	p.dense = int(made.offsets[rows-1]) == rows-1
	made.retain()
	defer made.release()
	s.replace(run, &p)
	return p, nil
}

// replace puts p in the place of a run of sealed parts, or nothing when p is
// nil, without the rows that were deleted since the run was looked at.
func (s *Set) replace(run []part, p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	first := slices.IndexFunc(v.parts, func(p part) bool { return p.segment == run[0].segment })
	now := v.parts[first : first+len(run)]
	var put []part
	if p != nil {
		to := *p
		for i := range now {
			to.buryDeleted(&run[i], &now[i])
		}
		put = []part{to}
	}
	parts := slices.Concat(v.parts[:first], put, v.parts[first+len(run):])
	s.publish(newView(parts, v.next))
}

// buryDeleted marks as deleted the rows that were live before and are not now.
func (p *part) buryDeleted(before, now *part) {
	if now.dead == before.dead {
		return
	}
	for row := range now.rows {
		if before.isLive(row) && !now.isLive(row) {
			if p.live == nil {
				p.ownLive()
			}
			if at, ok := p.find(now.id(row), p.rows); ok {
				p.bury(at)
			}
		}
	}
}

// merge makes the segment of a run's live rows, in a file when the set has a
// directory.
func (s *Set) merge(run []part, rows int, pace *Pace) (*segment, error) {
	dimension := s.cfg.Dimension
	filed := s.cfg.Dir != ""
	made, err := newSegment(s.basis.Load(), dimension, rows, firstLive(run), !filed || rows*dimension*4 <= pinnedBytes)
	if err != nil {
		return nil, err
	}
	var file *fileWriter
	if filed {
		s.files++
		made.number = s.files
		if err = s.makeDir(); err != nil {
			made.free()
			return nil, err
		}
		if file, err = createFile(segmentPath(s.cfg.Dir, made.number)); err != nil {
			made.free()
			return nil, err
		}
	}
	to := 0
	var vectors sequence
	memory := make([]float32, dimension)
	err = eachLive(run, func(p *part, row int) error {
		v, err := vectors.at(p.segment, row)
		if err != nil {
			return err
		}
		if to%paceRows == 0 {
			pace.Rest()
		}
		made.copyHot(to, p.segment, row, v, memory)
		if made.vectors != nil {
			copy(made.vectors[to*dimension:], v)
		}
		to++
		if file != nil {
			return file.vector(v)
		}
		return nil
	})
	if err == nil && file != nil {
		made.sum, err = file.finish(made, pace)
	}
	switch {
	case err != nil:
		made.free()
		if file != nil {
			file.abandon()
		}
		return nil, err
	case file != nil && made.vectors != nil:
		_ = file.file.Close()
	case file != nil:
		made.file = &segmentFile{File: file.file, dimension: dimension}
	}
	return made, nil
}

// firstLive is the id of the first live row of the parts.
func firstLive(parts []part) uint64 {
	for _, p := range parts {
		for row := range p.rows {
			if p.isLive(row) {
				return p.id(row)
			}
		}
	}
	return 0
}

// eachLive calls f for every live row of the parts, until it fails.
func eachLive(parts []part, f func(p *part, row int) error) error {
	for i := range parts {
		p := &parts[i]
		for row := range p.rows {
			if p.isLive(row) {
				if err := f(p, row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
