package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oneton/config"
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
	// clockKeep is how often the time is kept in the file, and doubtKeep how
	// often it is for how long it has been doubted.
	clockKeep = 6 * time.Hour
	doubtKeep = 10 * time.Minute
)

// clock tells whether the time of day can be believed before it deletes
// anything for good. It compares it with the time that passed by the process's
// own count, and over stops with the time that it keeps in a file. The owner
// can vouch for the time, by accept.
type clock struct {
	path string
	// kept is what the file says, believed and at the last time that was
	// believed, by the time of day and by the process's count.
	kept     seen
	believed time.Time
	at       time.Duration
	// counted is set from the first look on, ever once the time was believed.
	counted, ever bool
	// doubted is when doubts began, by the process's count, as if it had run
	// for as long as processes before it doubted the same.
	doubted time.Duration
	doubts  bool
}

// seen is the last time that was believed, and for how long processes have run
// that doubt what the clock has said since.
type seen struct {
	time    time.Time
	doubted time.Duration
}

// AcceptClock vouches for the time, which a server on the data folder then goes
// by within a minute, and returns it as it is kept.
func AcceptClock(cfg config.Config, now time.Time) (time.Time, error) {
	if err := Begun(cfg); err != nil { // no server reads a time there
		return time.Time{}, err
	}
	accepted, err := keepClock(clockPath(cfg.Data), now)
	return accepted.time, err
}

func clockPath(data string) string { return filepath.Join(data, "clock") }

// check tells whether the clock is believed, and how far it is ahead of what
// can be where it is not. passed is the process's count. An error beside a clock
// that is believed means that the time could not be kept, as on a full disk.
func (c *clock) check(now time.Time, passed time.Duration) (believed bool, ahead time.Duration, err error) {
	now = now.Round(0)
	kept, err := readClock(c.path)
	if err != nil {
		return false, 0, err
	}
	vouched := c.counted && !kept.time.Equal(c.kept.time)
	if !c.counted {
		c.counted, c.believed, c.at = true, kept.time, passed
	}
	c.kept = kept
	bound := stopBound
	if c.ever {
		bound = jumpBound
	}
	ahead = now.Sub(c.believed.Add(passed - c.at))
	if c.believed.IsZero() || vouched || ahead <= bound {
		return true, 0, c.believe(now, passed)
	}
	if !c.doubts {
		c.doubts, c.doubted = true, passed-kept.doubted
	}
	doubted := passed - c.doubted
	if doubted >= doubtTime {
		return true, 0, c.believe(now, passed)
	}
	if doubted-kept.doubted >= doubtKeep {
		c.kept.doubted = doubted
		err = c.kept.keep(c.path)
	}
	return false, ahead, err
}

func (c *clock) believe(now time.Time, passed time.Duration) error {
	c.doubts, c.ever, c.believed, c.at = false, true, now, passed
	if since := now.Sub(c.kept.time); since >= 0 && since < clockKeep && c.kept.doubted == 0 {
		return nil
	}
	kept, err := keepClock(c.path, now)
	if err == nil { // else the next look would take what the file says for the owner's word
		c.kept = kept
	}
	return err
}

// readClock is what the file says; without one it is zero.
func readClock(path string) (seen, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{}, nil
	}
	var s seen
	at, doubted, doubts := strings.Cut(string(text), " ")
	if err == nil {
		err = s.time.UnmarshalText([]byte(at))
	}
	if err == nil && doubts {
		s.doubted, err = time.ParseDuration(doubted)
	}
	if err != nil {
		return seen{}, fmt.Errorf("read the time last seen from %s, which may be removed: %w", path, err)
	}
	return s, nil
}

// keepClock keeps a time that is believed.
func keepClock(path string, now time.Time) (seen, error) {
	s := seen{time: now.Round(0).UTC()}
	return s, s.keep(path)
}

func (s seen) keep(path string) error {
	text, err := s.time.MarshalText()
	if s.doubted > 0 {
		text = fmt.Appendf(text, " %s", s.doubted)
	}
	if err == nil {
		err = replaceFile(path, text)
	}
	if err != nil {
		return fmt.Errorf("keep the time: %w", err)
	}
	return nil
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
