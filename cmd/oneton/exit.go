package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"oneton/archive"
	"oneton/archive/gallery"
	"oneton/backup"
	"oneton/client"
	"oneton/config"
	"oneton/node"
	"oneton/store"
)

// The exit codes of all commands; docs/commands.md tells them.
const (
	exitDone = 0
	// exitFailed is whatever has no code of its own.
	exitFailed = 1
	// exitUsage is a command line or a setting that is wrong.
	exitUsage = 2
	// exitNo is a question that was answered with no: nobody was found, it is not the
	// person, there is no face.
	exitNo = 3
	// exitRefused is what was asked and refused: sent again, it will be again.
	exitRefused = 4
	// exitUnreachable is no answer, or one that says to come again.
	exitUnreachable = 5
	// exitSignal is added to the number of the signal that ended a command.
	exitSignal = 128
)

// usage is an error of the command line, which says what to do.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// usageError is what kong says of a command line, with where to read on.
func usageError(err error) error {
	command := "oneton"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		command = parse.Context.Selected().FullPath()
	}
	return usage{fmt.Errorf("%w; '%s --help' says how it is used", err, command)}
}

// answeredNo is an answer that was printed, and is no.
type answeredNo struct{}

func (answeredNo) Error() string { return "the answer is no" }

// report says what went wrong, and returns the exit code that stands for it.
func report(stderr io.Writer, err error) int {
	code := exitCode(err)
	if code != exitDone && code != exitNo {
		fmt.Fprintf(stderr, "oneton: error: %v\n", err)
	}
	return code
}

// exitCode is what stands for the error.
func exitCode(err error) int {
	var wrong usage
	var set *config.Error
	var answer *client.Error
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, new(answeredNo)):
		return exitNo
	case errors.As(err, &wrong), errors.As(err, &set), errors.Is(err, client.ErrConfig):
		return exitUsage
	case errors.Is(err, client.ErrUnreachable), errors.Is(err, store.ErrUnavailable), errors.Is(err, node.ErrOpen), errors.Is(err, node.ErrCommand):
		return exitUnreachable
	case errors.As(err, &answer):
		if answer.Status >= 500 && !errors.Is(err, client.Damaged) && !errors.Is(err, client.StorageFull) || answer.Status == 429 {
			return exitUnreachable
		}
		return exitRefused
	case errors.Is(err, errSomeRefused), errors.Is(err, errNothing), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrExists), errors.Is(err, store.ErrInvalid),
		errors.Is(err, fs.ErrExist), errors.Is(err, node.ErrNotEmpty), errors.Is(err, store.ErrNewerSchema), errors.Is(err, node.ErrOlder),
		errors.Is(err, backup.ErrFormat), errors.Is(err, gallery.ErrFormat), errors.Is(err, backup.ErrSealed), errors.Is(err, archive.ErrDamaged), errors.Is(err, archive.ErrCut):
		return exitRefused
	default:
		return exitFailed
	}
}

// stopped is a signal as the cause of a context's end.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return s.signal.String() }

// signals is a context that the signals to stop end.
func signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	come := make(chan os.Signal, 1)
	signal.Notify(come, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case s := <-come:
			cancel(stopped{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(come)
		cancel(nil)
	}
}

// interrupted is the exit code of the signal that ended the context, or 0.
func interrupted(ctx context.Context) int {
	var s stopped
	if number, ok := context.Cause(ctx), errors.As(context.Cause(ctx), &s); number != nil && ok {
		if n, ok := s.signal.(syscall.Signal); ok {
			return exitSignal + int(n)
		}
	}
	return 0
}
