package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"oneton/backup"
	"oneton/imports"
)

const (
	// redraw is how often a bar is drawn, and restate how often a line is written where
	// nobody looks on.
	redraw  = 200 * time.Millisecond
	restate = 10 * time.Second
)

// stage is how far something has come.
type stage struct {
	// text says it.
	text string
	// done is how much that is of the whole, which is 0 while nobody knows.
	done, whole int64
}

// progress shows how far something has come.
type progress struct {
	now  func(gone time.Duration) stage
	stop chan struct{}
	done chan struct{}
}

// showProgress shows it on a terminal as a bar, elsewhere as plain lines, until its end.
func showProgress(to *os.File, now func(gone time.Duration) stage) *progress {
	p := &progress{now, make(chan struct{}), make(chan struct{})}
	if term.IsTerminal(int(to.Fd())) { //nolint:gosec // a descriptor
		go p.bar(to)
	} else {
		go p.lines(to, restate)
	}
	return p
}

func (p *progress) end() {
	close(p.stop)
	<-p.done
}

// bar draws a bar with the rate and the time that is left.
func (p *progress) bar(to io.Writer) {
	defer close(p.done)
	b := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(to), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(true),
		progressbar.OptionShowElapsedTimeOnFinish(), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(redraw/2), progressbar.OptionClearOnFinish())
	begun := time.Now()
	for whole := int64(0); ; {
		s := p.now(time.Since(begun))
		if whole == 0 && s.whole > 0 {
			whole = s.whole
			b.ChangeMax64(whole)
		}
		b.Describe(s.text)
		_ = b.Set64(s.done) // beyond its end where a folder grows
		select {
		case <-p.stop:
			_ = b.Finish()
			return
		case <-time.After(redraw):
		}
	}
}

// lines writes a line now and then.
func (p *progress) lines(to io.Writer, pause time.Duration) {
	defer close(p.done)
	begun := time.Now()
	for {
		select {
		case <-p.stop:
			return
		case <-time.After(pause):
		}
		gone := time.Since(begun)
		fmt.Fprintln(to, p.now(gone).line(gone))
	}
}

// line is a line of the progress, with the time that is left where that is known.
func (s stage) line(gone time.Duration) string {
	if s.done <= 0 || s.whole <= 0 {
		return s.text
	}
	part := min(float64(s.done)/float64(s.whole), 1)
	left := time.Duration(float64(gone) * (1 - part) / part).Round(time.Second)
	return fmt.Sprintf("%.1f %%, %s left: %s", 100*part, left, s.text)
}

// ofImport is how far an import has come.
func ofImport(l *imports.Loader) func(time.Duration) stage {
	return func(gone time.Duration) stage {
		t := l.Totals()
		s := stage{text: fmt.Sprintf("%d photos, %.1f a second, %d refused", t.Items, float64(t.Items)/gone.Seconds(), t.Refused), done: t.Parts}
		if size, known := l.Size(); known {
			s.whole = size
		}
		return s
	}
}

// rowsDone is how many rows a backup, a restore or a copy has done.
type rowsDone struct {
	mu    sync.Mutex
	step  backup.Step
	table string
	rows  int64
	// file is what is read of a backup of so many bytes, nil where there is none.
	file *counter
	size int64
}

// tell is a backup.Progress.
func (d *rowsDone) tell(step backup.Step, table string, rows int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step, d.table, d.rows = step, table, rows
}

func (d *rowsDone) stage(time.Duration) stage {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.step == "" {
		return stage{text: "beginning"}
	}
	s := stage{text: fmt.Sprintf("%d rows %s, table %s", d.rows, d.step, d.table)}
	if d.file != nil && d.step != backup.Compared {
		s.done, s.whole = d.file.n.Load(), d.size
	}
	return s
}
