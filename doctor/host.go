package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/dustin/go-humanize"

	"oneton/search"
)

var (
	errNoAVX2 = errors.New("this processor shows no AVX2")
	errNoRoom = errors.New("too little is free")
)

// generic is the kernel of processors without instructions that are known.
const generic = "generic"

func lookAtProcessor(context.Context, *patient) (string, error) {
	set, err := search.New(search.Config{Dimension: 1, Workers: 1})
	if err != nil {
		return "", err
	}
	kernel := set.Kernel()
	if err := set.Close(); err != nil {
		return "", err
	}
	if kernel == generic && runtime.GOARCH == "amd64" && os.Getenv("ONETON_SIMD") == "" {
		return "", warning{errNoAVX2}
	}
	return "templates are scanned by " + kernel, nil
}

// lookAtFolder tells whether what belongs in the data folder can be written.
func lookAtFolder(_ context.Context, p *patient) (string, error) {
	folder, err := filepath.Abs(p.cfg.Data)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		above, err := nearest(folder)
		if err == nil {
			err = writable(above)
		}
		if err != nil {
			return "", fmt.Errorf("%s cannot be made: %w", folder, err)
		}
		return folder + " is not there yet, and a server makes it", nil
	}
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is no folder: %w", folder, errNotFolder)
	}
	paths := []string{folder}
	for _, name := range []string{"oneton.db", "oneton.db-wal", "index", filepath.Join("index", "index")} {
		if path := filepath.Join(folder, name); exists(path) {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if err := writable(path); err != nil {
			return "", fmt.Errorf("%s cannot be written: %w", path, err)
		}
	}
	return folder + " can be written", nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// nearest is the folder that is there in which a path would be made.
func nearest(path string) (string, error) {
	for {
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			return "", fmt.Errorf("%s is no folder: %w", path, errNotFolder)
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotFolder) || path == filepath.Dir(path) {
			return path, err
		}
		path = filepath.Dir(path)
	}
}

// lookAtDisk tells whether there is room for what a server adds: the rest of its
// reserve, and a photo of the largest size.
func lookAtDisk(_ context.Context, p *patient) (string, error) {
	folder, err := filepath.Abs(p.cfg.Data)
	if err != nil {
		return "", err
	}
	if folder, err = nearest(folder); err != nil {
		return "", skipped("the folder comes first")
	}
	free, err := freeBytes(folder)
	if err != nil {
		return "", err
	}
	wanted := uint64(max(missingReserve(p.cfg), int64(p.cfg.Embed.Limits.Bytes)))
	says := fmt.Sprintf("%s free of %s", humanize.IBytes(free), folder)
	if free < wanted {
		return "", fmt.Errorf("%w: %s, and %s are needed", errNoRoom, says, humanize.IBytes(wanted))
	}
	return says, nil
}
