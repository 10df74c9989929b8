package job

import (
	"errors"
	"time"
)

// These errors are what a queue answers, what work tells it, and why work is told to
// end; see context.Cause.
var (
	// ErrKind means that nobody handles jobs of that kind.
	ErrKind = errors.New("job: unknown kind")

	// ErrTooLarge means that an input has more than MaxInput bytes.
	ErrTooLarge = errors.New("job: input is too large")

	// ErrEnded means that the job has ended already and cannot be cancelled.
	ErrEnded = errors.New("job: has ended")

	// ErrInvalid is what work returns when it cannot begin for want of something in its
	// input: the job is Invalid at once.
	ErrInvalid = errors.New("job: invalid input")

	// ErrFailed is what work returns when another attempt would change nothing: the job
	// is Failed at once.
	ErrFailed = errors.New("job: failed")

	// ErrLost means that the job is not this worker's any more: its lease ran out, and
	// another one may do it. What this one does to it has no effect.
	ErrLost = errors.New("job: lease is lost")

	// ErrCancelled means that the job was cancelled.
	ErrCancelled = errors.New("job: was cancelled")

	// ErrExpired means that the job was not done within its time.
	ErrExpired = errors.New("job: was not done within its time")

	// ErrStopping means that the process stops; the job goes back to the queue, and the
	// attempt does not count.
	ErrStopping = errors.New("job: process is stopping")

	// ErrPanicked means that work has a fault and panicked. It is tried again.
	ErrPanicked = errors.New("job: panicked")

	// ErrFault is what a job says in place of an error that its tenant is not to know:
	// any that work does not say on purpose. The log has it.
	ErrFault = errors.New("a fault of the server, whose log says more under the job's id")
)

// Retry is an error of work that asks for the next attempt after exactly that time.
// The attempt counts.
func Retry(err error, after time.Duration) error { return &retryError{err, after} }

// Again is an error of work that is to go on at that time, as by a schedule of its own.
// The attempt does not count.
func Again(at time.Time) error { return &againError{at} }

type againError struct{ at time.Time }

func (e *againError) Error() string { return "job: goes on later" }

type retryError struct {
	err   error
	after time.Duration
}

func (e *retryError) Error() string { return e.err.Error() }

func (e *retryError) Unwrap() error { return e.err }
