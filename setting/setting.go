// Package setting is how a room declares what an operator may set of it: beside
// its Config, with a name, a default, the values that it may have and a sentence
// for the documents. What loads settings, checks them and documents them goes by
// these declarations alone.
package setting

import (
	"fmt"
	"reflect"
)

// Setting is one value that an operator may set.
type Setting struct {
	// Key is its name, with dots, as in embed.workers.
	Key string
	// Value points to it: to a string, bool, int, float64, time.Duration or
	// []string. What is there before anything was loaded is the default.
	Value any
	// Means is its row in the documents, Markdown from the repository's root.
	Means string
	// Shown is what the documents say instead of a default that means something
	// else, as one a core, and Bytes is set of a number of bytes, whole MiB by
	// default.
	Shown string
	Bytes bool
	// OK tells whether the value can work, and Want what it must be. Without
	// Want any value can.
	Want string
	OK   bool
	// Hidden is set of what may hold a secret: no message shows it.
	Hidden bool
}

// Error says which setting is wrong, what it holds and what it may hold.
type Error struct {
	Key   string
	Value any
	Want  string
}

// Error is one sentence for the operator.
func (e *Error) Error() string {
	return fmt.Sprintf("config: %s is %v, but must be %s", e.Key, e.Value, e.Want)
}

// Check returns an *Error for the first setting that cannot work.
func Check(settings []Setting) error {
	for _, s := range settings {
		if s.OK || s.Want == "" {
			continue
		}
		value := reflect.ValueOf(s.Value).Elem()
		switch {
		case s.Hidden && value.IsZero():
			return &Error{s.Key, "empty", s.Want}
		case s.Hidden:
			return &Error{s.Key, "set", s.Want}
		}
		return &Error{s.Key, value.Interface(), s.Want}
	}
	return nil
}
