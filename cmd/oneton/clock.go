package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// jumpBound is how far the clock may get ahead of the time that the
	// process counts itself, and stopBound how long a server may have been
	// stopped, before the clock is doubted.
	jumpBound = time.Hour
	stopBound = 24 * time.Hour
	// doubtTime is how long a doubted clock holds up retention at most:
	// whoever keeps the server off for a month still wants it.
	doubtTime = 24 * time.Hour
	// clockKeep is how often the time is kept in the file.
	clockKeep = 6 * time.Hour
)

// clock tells whether the time of day can be believed before it deletes
// anything for good. It compares it with the time that passed by the process's
// own count, and over stops with the time that it keeps in a file. The owner
// can vouch for the time, by accept.
type clock struct {
	path string
	// kept is the time in the file, believed and at the last time that was
	// believed, by the time of day and by the process's count.
	kept, believed time.Time
	at             time.Duration
	// counted is set from the first look on, ever once the time was believed.
	counted, ever bool
	// doubted is when doubts began, by the process's count.
	doubted time.Duration
	doubts  bool
}

func clockPath(data string) string { return filepath.Join(data, "clock") }

// check returns how far the clock is ahead of what can be believed, or 0 when
// it is believed. passed is the process's count.
func (c *clock) check(now time.Time, passed time.Duration) (ahead time.Duration, err error) {
	now = now.Round(0)
	kept, err := readClock(c.path)
	if err != nil {
		return 0, err
	}
	vouched := c.counted && !kept.Equal(c.kept)
	if !c.counted {
		c.counted, c.believed, c.at = true, kept, passed
	}
	c.kept = kept
	bound := stopBound
	if c.ever {
		bound = jumpBound
	}
	ahead = now.Sub(c.believed.Add(passed - c.at))
	if c.believed.IsZero() || vouched || ahead <= bound {
		return 0, c.believe(now, passed)
	}
	if !c.doubts {
		c.doubts, c.doubted = true, passed
	}
	if passed-c.doubted >= doubtTime {
		return 0, c.believe(now, passed)
	}
	return ahead, nil
}

func (c *clock) believe(now time.Time, passed time.Duration) error {
	c.doubts, c.ever, c.believed, c.at = false, true, now, passed
	if since := now.Sub(c.kept); since >= 0 && since < clockKeep {
		return nil
	}
	kept, err := keepClock(c.path, now)
	c.kept = kept
	return err
}

// readClock is the time in the file; without one it is zero.
func readClock(path string) (time.Time, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	var t time.Time
	if err == nil {
		err = t.UnmarshalText(text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time last seen from %s, which may be removed: %w", path, err)
	}
	return t, nil
}

func keepClock(path string, now time.Time) (kept time.Time, err error) {
	kept = now.Round(0).UTC()
	text, err := kept.MarshalText()
	if err == nil {
		err = replaceFile(path, text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("keep the time: %w", err)
	}
	return kept, nil
}

// replaceFile gives a private file another content, whole or not at all.
func replaceFile(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
