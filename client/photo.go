package client

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Photo is a JPEG, PNG, WebP or BMP to send. It is streamed, and never held in memory
// as a whole.
type Photo struct {
	// open returns the bytes from their beginning, and how many they are, -1 where
	// that is not known.
	open func() (io.ReadCloser, int64, error)
}

// Bytes is a photo in memory.
func Bytes(encoded []byte) Photo {
	return Photo{func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(encoded)), int64(len(encoded)), nil
	}}
}

// File is a photo in a file, which is opened when it is sent.
func File(path string) Photo {
	return Photo{func() (io.ReadCloser, int64, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, 0, fmt.Errorf("open photo: %w", err)
		}
		info, err := f.Stat()
		switch {
		case err != nil:
		case info.IsDir():
			err = fmt.Errorf("open photo: %s is a folder", path)
		case info.Mode().IsRegular():
			return f, info.Size(), nil
		default:
			return f, -1, nil
		}
		_ = f.Close()
		return nil, 0, err
	}}
}

// Reader is a photo that is read once: a call is not sent again once anything of it
// was read.
func Reader(r io.Reader) Photo {
	once := &onceReader{r: r}
	return Photo{func() (io.ReadCloser, int64, error) {
		if once.begun {
			return nil, 0, ErrUsed
		}
		return io.NopCloser(once), -1, nil
	}}
}

// Opener is a photo that can be read anew, such as an object of a store.
func Opener(open func() (io.ReadCloser, error)) Photo {
	return Photo{func() (io.ReadCloser, int64, error) {
		r, err := open()
		if err != nil {
			return nil, 0, fmt.Errorf("open photo: %w", err)
		}
		return r, -1, nil
	}}
}

type onceReader struct {
	r     io.Reader
	begun bool
}

func (o *onceReader) Read(b []byte) (int, error) {
	o.begun = true
	return o.r.Read(b)
}
