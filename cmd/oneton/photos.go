package main

import (
	"errors"
	"fmt"
	"os"

	"oneton/client"
)

var (
	errNothingNamed    = errors.New("nothing is named that is to change")
	errMetadataOfAdded = errors.New("--add adds photos and leaves the metadata; 'oneton subject change' replaces them")
	errStdinTwice      = errors.New("standard input can be one photo only")
)

// photosOf are the photos in files, which must be there; - is standard input.
func photosOf(paths ...string) ([]client.Photo, error) {
	photos := make([]client.Photo, len(paths))
	stdin := false
	for i, path := range paths {
		if path == "-" {
			if stdin {
				return nil, usage{errStdinTwice}
			}
			stdin = true
			photos[i] = client.Reader(os.Stdin)
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.IsDir():
			err = fmt.Errorf("%s is a folder", path)
		case !info.Mode().IsRegular():
			err = fmt.Errorf("%s is no file; what comes by a pipe is read from standard input, -", path)
		}
		if err != nil {
			return nil, usage{fmt.Errorf("read photo: %w", err)}
		}
		photos[i] = client.File(path)
	}
	return photos, nil
}

// count says how many of something there are.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
