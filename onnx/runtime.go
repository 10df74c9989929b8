// Package onnx runs ONNX models on ONNX Runtime and repairs them as they are
// loaded. It is the only importer of the C binding, and no C object outlives
// the call that made it, but sessions and the runtime, which are closed.
package onnx

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Config says where the library is and how its sessions compute.
type Config struct {
	// Library is the file of ONNX Runtime's shared library.
	Library string
	// Threads is how many cores one Run uses; 0 means 1. With 1, a Run computes
	// on the caller's thread alone. More answer a lone caller sooner and many
	// callers later.
	Threads int
}

// Runtime is the loaded ONNX Runtime library. The library has one environment
// in a process, so every Runtime of a process shares it.
type Runtime struct {
	threads  int
	mu       sync.Mutex
	sessions int
	closed   bool
}

// environment counts the open runtimes: the library's state belongs to the
// process, not to a value.
var environment struct {
	mu      sync.Mutex
	library string
	users   int
}

// Open loads the library, or shares the one that is loaded. It is
// ErrLibrary when the library cannot be loaded or is too old, ErrTelemetry when
// it cannot be kept from reporting to its maker, and ErrInUse when this process
// has another one open.
func Open(cfg Config) (*Runtime, error) {
	path, err := filepath.Abs(cfg.Library)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLibrary, err)
	}
	environment.mu.Lock()
	defer environment.mu.Unlock()
	if environment.users > 0 && environment.library != path {
		return nil, fmt.Errorf("open %s: %w: %s is open", path, ErrInUse, environment.library)
	}
	if environment.users == 0 {
		if err := load(path); err != nil {
			return nil, err
		}
		environment.library = path
	}
	environment.users++
	return &Runtime{threads: max(1, cfg.Threads)}, nil
}

// load loads the library at the path, and keeps it from reporting.
func load(path string) error {
	if err := silence(path); err != nil {
		return err
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrLibrary, path, err)
	}
	if err := ort.DisableTelemetry(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrTelemetry, err), ort.DestroyEnvironment())
	}
	return nil
}

// Version is the library's version, such as 1.29.0.
func (r *Runtime) Version() string { return ort.GetVersion() }

// Close unloads the library when this was its last user. It is ErrInUse, and
// nothing is closed, while sessions are open. Closing twice does nothing.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	if r.sessions > 0 {
		return fmt.Errorf("close runtime with %d open sessions: %w", r.sessions, ErrInUse)
	}
	r.closed = true

	environment.mu.Lock()
	defer environment.mu.Unlock()
	environment.users--
	if environment.users > 0 {
		return nil
	}
	if err := ort.DestroyEnvironment(); err != nil {
		return fmt.Errorf("close runtime: %w", err)
	}
	return nil
}

// retain counts a session in, or is ErrClosed.
func (r *Runtime) retain() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.sessions++
	return nil
}

func (r *Runtime) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions--
}
