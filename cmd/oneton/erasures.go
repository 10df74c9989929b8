package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"oneton/audit"
	"oneton/node"
)

type erasuresCommand struct {
	Save   erasuresSave   `cmd:"" help:"Add to a file what was deleted or revoked since it was written last; for a schedule, and a place that outlives the database."`
	Replay erasuresReplay `cmd:"" help:"Delete and revoke anew, in a database that was restored, what was since the backup was made."`
}

type erasuresSave struct {
	settings
	output
	File string `arg:"" help:"The file, lines of JSON; it is made where it is not there." type:"path"`
}

// overlap is for how long before the file's newest line deeds are looked for: servers'
// clocks differ, and what was begun first may be done last.
const overlap = time.Hour

// Run appends what is not in the file.
func (c *erasuresSave) Run(ctx context.Context) error {
	f, err := os.OpenFile(c.File, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return usage{fmt.Errorf("open the file of erasures: %w", err)}
	}
	defer f.Close()
	newest, recent, err := known(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	added := 0
	err = c.with(ctx, func(t *node.Truth) error {
		out := bufio.NewWriter(f)
		lines := json.NewEncoder(out)
		for after := ""; ; {
			entries, err := audit.NewDeeds(t.Store).From(ctx, newest.Add(-overlap), after, deedsAtOnce)
			if err != nil {
				return err
			}
			for _, e := range entries {
				after = e.ID
				if recent[e.ID] || !node.IsErasure(e.Deed) {
					continue
				}
				if err := lines.Encode(e); err != nil {
					return err
				}
				added++
			}
			if len(entries) < deedsAtOnce {
				return errors.Join(out.Flush(), f.Sync())
			}
		}
	})
	if err != nil {
		return fmt.Errorf("save erasures: %w", err)
	}
	return c.say(map[string]any{"file": c.File, "added": added}, "%s: %s added", c.File, count(added, "erasure"))
}

// known is when the newest deed of the file was done, and which deeds it has. What a clock
// that was ahead has dated to come does not count, or what is done until then would be
// left out. A line that was not written to its end is cut off.
func known(f *os.File) (newest time.Time, recent map[string]bool, err error) {
	newest, recent = time.Unix(0, 0).Add(overlap), make(map[string]bool)
	whole := int64(0)
	for e, err := range entries(f, &whole) {
		if err != nil {
			return newest, nil, err
		}
		if e.At.After(newest) && !e.At.After(time.Now()) {
			newest = e.At
		}
		recent[e.ID] = true
	}
	if err := f.Truncate(whole); err != nil {
		return newest, nil, err
	}
	_, err = f.Seek(whole, io.SeekStart)
	return newest, recent, err
}

// entries are the lines of a file of erasures, whose whole lines it counts in bytes.
func entries(r io.Reader, whole *int64) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		in := bufio.NewReader(r)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if errors.Is(err, io.EOF) { // what follows the last line's end was not written to its own
				return
			}
			var e audit.Entry
			if err == nil {
				*whole += int64(len(line))
				err = json.Unmarshal(line, &e)
			}
			if err == nil && (e.ID == "" || e.At.IsZero() || e.Verb == "") {
				err = errNoErasure
			}
			if err != nil {
				err = fmt.Errorf("line %d: %w", n, err)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

var errNoErasure = errors.New("it is no line of 'oneton erasures save'")

type erasuresReplay struct {
	settings
	output
	File  string    `arg:"" help:"The file that 'oneton erasures save' has written." type:"existingfile"`
	Since time.Time `help:"When the backup was made, as 'oneton restore' said: 2027-01-31T00:00:00Z." required:""`
}

// Run erases anew.
func (c *erasuresReplay) Run(ctx context.Context) error {
	r, err := c.replay(ctx, c.settings, c.File, c.Since)
	if err != nil {
		return err
	}
	return c.print(r, func(w io.Writer) error { return tellReplayed(w, r) })
}

func (o output) replay(ctx context.Context, s settings, path string, made time.Time) (r node.Replayed, err error) {
	cfg, err := s.load(nil)
	if err != nil {
		return r, err
	}
	f, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	// All of it is read before anything is done.
	for _, err := range entries(f, new(int64)) {
		if err != nil {
			return r, usage{fmt.Errorf("read %s: %w", path, err)}
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return r, err
	}
	return node.Replay(ctx, cfg, made, entries(f, new(int64)))
}

func tellReplayed(w io.Writer, r node.Replayed) error {
	_, err := fmt.Fprintf(w, "%s done again, %d had nothing to end, %d were in the backup\n", count(r.Erased, "erasure"), r.Gone, r.Before)
	if err == nil && r.Ended > 0 {
		_, err = fmt.Fprintf(w, "%s deleted, as it had come due\n", count(r.Ended, "subject"))
	}
	if err == nil && r.Imports > 0 {
		_, err = fmt.Fprintf(w, "%s under way when the backup was made will go on when a server starts, also with people who were deleted since: look at them with 'oneton job list'\n", count(r.Imports, "import"))
	}
	return err
}
