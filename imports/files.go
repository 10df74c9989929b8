package imports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"oneton/photo"
)

// files are the photos in a folder, outside of which nothing is opened.
type files struct {
	root *os.Root
	// most is the largest photo in bytes.
	most int64
}

func openFiles(folder string, most int64) (files, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return files{}, fmt.Errorf("%w: %w", ErrSource, err)
	}
	return files{root, most}, nil
}

// photo reads the photo at the path within the folder.
func (f files) photo(path string) ([]byte, error) {
	// What is swapped for a pipe must not hold us up.
	file, err := f.root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unopened(err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, unopened(err)
	case info.IsDir():
		return nil, refuse(CodeNotAFile, "it is a folder, not a file", "name a photo")
	case !info.Mode().IsRegular():
		return nil, notAFile()
	case info.Size() > f.most:
		return nil, tooLarge(f.most)
	}
	return readPhoto(file, f.most)
}

// readPhoto reads a photo of at most so many bytes, and sees that it may be one.
func readPhoto(r io.Reader, most int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, unopened(err)
	case int64(len(content)) > most:
		return nil, tooLarge(most)
	}
	return content, checkPhoto(content)
}

// checkPhoto refuses what is no photo.
func checkPhoto(content []byte) error {
	if len(content) == 0 {
		return refuse(CodeEmpty, "the file is empty", "put the photo there, or leave it out")
	}
	if _, err := photo.MediaType(content); err != nil {
		text, _ := strings.CutPrefix(err.Error(), photo.ErrUnsupported.Error()+": ")
		return refuse(CodeNotAPhoto, text, "photos are still JPEG, PNG, WebP or BMP; leave other files out")
	}
	return nil
}

func tooLarge(most int64) *Refusal {
	return refuse(CodeTooLarge, fmt.Sprintf("it has more than the %d bytes that a photo may have", most), "save the photo smaller, or raise image.max_bytes and server.max_body")
}

func notAFile() *Refusal {
	return refuse(CodeNotAFile, "it is a device, a pipe or a socket, not a file", "leave it out")
}

// unopened is why a file cannot be read.
func unopened(err error) *Refusal {
	reason := err.Error()
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		reason = path.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(CodeMissing, "there is no such file", "put it there, or mend the path")
	case errors.Is(err, syscall.ENOTDIR):
		return refuse(CodeMissing, "there is a file where the path has a folder", "mend the path")
	case errors.Is(err, syscall.ELOOP):
		return refuse(CodeMissing, "its links lead round in a circle, or through too many", "mend the link, or leave it out")
	case errors.Is(err, syscall.ENAMETOOLONG):
		return refuse(CodeMissing, "the path is longer than one can be", "mend the path")
	case escapes(err):
		return refuse(CodeOutside, "the path leads out of the folder", "move the photo into the folder, or name another folder")
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.EWOULDBLOCK):
		return notAFile()
	}
	return refuse(CodeUnreadable, "it cannot be read: "+reason, "see to it that it can be read, and run the import again")
}

// escapes tells whether a path led out of its folder, an error without a name.
func escapes(err error) bool {
	path, ok := errors.AsType[*fs.PathError](err)
	return ok && path.Err.Error() == "path escapes from parent"
}

// within is a path of a table's row as one within the folder, or a refusal.
func (f files) within(path string) (string, *Refusal) {
	outside := refuse(CodeOutside, "the path leads out of the folder", "move the photo into the folder, or name another folder")
	if before, _, ok := strings.Cut(path, "://"); ok && before != "" && !strings.ContainsAny(before, `/\`) {
		return "", refuse(CodeURL, "it is a URL, and nothing is fetched", "fetch the photo into a file, and name that")
	}
	if strings.Contains(path, "\x00") {
		return "", refuse(CodeRow, "the path has a NUL, U+0000", "mend the path")
	}
	if filepath.IsAbs(path) {
		folder, err := filepath.Abs(f.root.Name())
		if err != nil {
			return "", outside
		}
		if path, err = filepath.Rel(folder, path); err != nil {
			return "", outside
		}
	}
	if _, err := f.root.Lstat(path); errors.Is(err, fs.ErrNotExist) && !strings.Contains(path, "/") {
		path = strings.ReplaceAll(path, `\`, "/") // as tables from Windows have it
	}
	if path = filepath.Clean(path); !filepath.IsLocal(path) {
		return "", outside
	}
	return path, nil
}
