package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oneton/config"
)

// holdName is the file in the data folder that servers hold together, and a command
// that works on the folder itself alone. It says where the last server listens.
const holdName = "open.lock"

// maxHold is the most that is read of it.
const maxHold = 256

var (
	// ErrOpen is an *OpenError's kind.
	ErrOpen = errors.New("the data folder is open")
	// ErrCommand means that a command works on the data folder.
	ErrCommand = errors.New("a command of oneton works on the data folder; wait for its end")
)

// OpenError means that another process has the data folder open.
type OpenError struct {
	// Data is the folder.
	Data string
	// Address is where a server listens that has it open; empty is a command.
	Address string
}

// Error says by whom it is open.
func (e *OpenError) Error() string {
	if e.Address == "" {
		return fmt.Sprintf("%s is open in a command of oneton; wait for its end", e.Data)
	}
	return fmt.Sprintf("%s is open in a server that listens on %s", e.Data, e.Address)
}

// Is tells that it is an ErrOpen.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// share holds the data folder as a server does; ErrCommand where a command has it alone.
// The first of the servers that have it begins by what first does, before others come.
func share(cfg config.Config, address net.Addr, first func() error) (*os.File, error) {
	path := filepath.Join(cfg.Data, holdName)
	f, err := lockFile(path, false)
	if err == nil {
		// Closed and opened, the file is free for a moment, in which another may be first.
		err = errors.Join(first(), f.Close())
	}
	const tries, pause = 20, 50 * time.Millisecond // another server may be at the above
	for n := 0; err == nil || errors.Is(err, errTurnTaken) && n < tries; n++ {
		if f, err = lockFile(path, true); err == nil {
			break
		}
		time.Sleep(pause)
	}
	if errors.Is(err, errTurnTaken) {
		return nil, fmt.Errorf("open %s: %w", cfg.Data, ErrCommand)
	}
	if err != nil {
		return nil, fmt.Errorf("hold the data folder: %w", err)
	}
	if err := say(f, address.String()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// take holds the data folder for this process alone, or is an *OpenError.
func take(cfg config.Config) (*os.File, error) {
	path := filepath.Join(cfg.Data, holdName)
	f, err := lockFile(path, false)
	if errors.Is(err, errTurnTaken) {
		return nil, &OpenError{Data: cfg.Data, Address: said(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("hold the data folder: %w", err)
	}
	if err := say(f, ""); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func say(f *os.File, text string) error {
	err := f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(text), 0)
	}
	if err != nil {
		return fmt.Errorf("hold the data folder: %w", err)
	}
	return nil
}

// said is what whoever holds the file says; nothing where that cannot be read.
func said(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxHold)) // what cannot be read is not told
	return strings.TrimSpace(string(text))
}
