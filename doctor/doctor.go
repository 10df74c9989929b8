// Package doctor says why a server does not start, or does not do what it should,
// in one line: the cause, and what to do. It looks at what the settings name and
// changes nothing, whether a server runs or none can start. A server that refuses
// to start says the same, by Diagnose.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"oneton/config"
)

// State is what a check came to.
type State string

// The states of a finding. A server works in spite of a warning. What could not
// be looked at because of another finding is skipped.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Finding is what a check came to.
type Finding struct {
	// Check is its name, one of a fixed list.
	Check string `json:"check"`
	State State  `json:"state"`
	// Cause is set of warnings and failures: a stable name.
	Cause Cause `json:"cause,omitempty"`
	// Says is one line of what was found, and Do what to do about it.
	Says string `json:"says"`
	Do   string `json:"do,omitempty"`
}

// String is the finding in one line.
func (f Finding) String() string {
	said := f.Says
	if f.Cause != "" {
		said = f.Cause.title() + ": " + said
	}
	if f.Do != "" {
		said += ". " + f.Do
	}
	return said
}

// Healthy tells whether nothing has failed.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Failed {
			return false
		}
	}
	return true
}

// errSkipped means that a check cannot be made, for want of what it wraps.
var errSkipped = errors.New("not looked at")

// warning is an error in spite of which a server works.
type warning struct{ error }

func (w warning) Unwrap() error { return w.error }

// check is one thing that is looked at: what was found, or what is wrong.
type check struct {
	name string
	look func(ctx context.Context, p *patient) (says string, err error)
}

// patient is what is looked at, and what checks have found for later ones.
type patient struct {
	cfg config.Config
	now func() time.Time
	// sight is the database, nil where it cannot be looked at.
	sight sight
	// used tells that a process has the data folder.
	used bool
}

// checks are in the order in which a start meets what they look at.
func checks() []check {
	return []check{
		{"processor", lookAtProcessor},
		{"library", lookAtLibrary},
		{"models", lookAtModels},
		{"folder", lookAtFolder},
		{"disk", lookAtDisk},
		{"database", lookAtDatabase},
		{"secret", lookAtSecret},
		{"clock", lookAtClock},
		{"index", lookAtIndex},
		{"address", lookAtAddress},
	}
}

// Examine looks at everything that the settings name.
func Examine(ctx context.Context, cfg config.Config) []Finding {
	return examine(ctx, cfg, time.Now)
}

func examine(ctx context.Context, cfg config.Config, now func() time.Time) []Finding {
	p := &patient{cfg: cfg, now: now}
	defer p.close()
	all := []Finding{{Check: settingsCheck, State: OK, Says: "can work"}}
	for _, c := range checks() {
		says, err := c.look(ctx, p)
		all = append(all, finding(c.name, says, err))
	}
	return all
}

const settingsCheck = "settings"

// ExamineSettings is Examine where the settings cannot be loaded, by err.
func ExamineSettings(err error) []Finding {
	all := []Finding{finding(settingsCheck, "", err)}
	for _, c := range checks() {
		all = append(all, Finding{Check: c.name, State: Skipped, Says: "the settings come first"})
	}
	return all
}

func finding(name, says string, err error) Finding {
	if err == nil {
		return Finding{Check: name, State: OK, Says: says}
	}
	if errors.Is(err, errSkipped) {
		return Finding{Check: name, State: Skipped, Says: strings.TrimPrefix(line(err), errSkipped.Error()+": ")}
	}
	f := Finding{Check: name, State: Failed, Says: line(err)}
	f.Cause, f.Do = causeOf(err)
	if _, ok := errors.AsType[warning](err); ok {
		f.State = Warning
	}
	return f
}

func skipped(why string) error { return fmt.Errorf("%w: %s", errSkipped, why) }

// line is the error in one line.
func line(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' || r == '\r' }), "; ")
}
