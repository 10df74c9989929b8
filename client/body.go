package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"strconv"
)

// body is what a request sends, opened anew each time that it is sent.
type body func() (content, error)

type content struct {
	io.ReadCloser

	kind string
	// length is -1 where it is not known.
	length int64
}

// jsonBody sends the value.
func jsonBody(value any) (body, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return func() (content, error) {
		return content{io.NopCloser(bytes.NewReader(b)), "application/json", int64(len(b))}, nil
	}, nil
}

// part is a field of a form: a photo, or a text.
type part struct {
	name  string
	text  string
	photo *Photo
}

// form is a body of several parts.
type form []part

func (f *form) text(name, value string) {
	if value != "" {
		*f = append(*f, part{name: name, text: value})
	}
}

func (f *form) flag(name string, set bool) {
	if set {
		f.text(name, "true")
	}
}

func (f *form) number(name string, value *float64) {
	if value != nil {
		f.text(name, strconv.FormatFloat(*value, 'g', -1, 64))
	}
}

func (f *form) json(name string, value any) error {
	b, err := json.Marshal(value)
	if err == nil {
		f.text(name, string(b))
	}
	return err
}

func (f *form) metadata(m map[string]string) error {
	if len(m) == 0 {
		return nil
	}
	return f.json("metadata", m)
}

func (f *form) photos(name string, photos ...Photo) {
	for i := range photos {
		*f = append(*f, part{name: name, photo: &photos[i]})
	}
}

// body is the form as multipart/form-data (RFC 7578).
func (f form) body() (content, error) {
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	var readers []io.Reader
	var opened closers
	length := int64(0)
	flush := func() {
		length += addLength(length, int64(frame.Len()))
		readers = append(readers, bytes.NewReader(bytes.Clone(frame.Bytes())))
		frame.Reset()
	}
	for _, p := range f {
		if p.photo == nil {
			if err := w.WriteField(p.name, p.text); err != nil {
				return content{}, errors.Join(err, opened.Close())
			}
			continue
		}
		r, size, err := p.photo.open()
		if err != nil {
			return content{}, errors.Join(err, opened.Close())
		}
		opened = append(opened, r)
		// Files' names may tell of people, and nobody needs them.
		_, err = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(p.name, "photo")},
			"Content-Type":        {"application/octet-stream"},
		})
		if err != nil {
			return content{}, errors.Join(err, opened.Close())
		}
		flush()
		readers = append(readers, r)
		if size < 0 {
			length = -1
		} else {
			length += addLength(length, size)
		}
	}
	if err := w.Close(); err != nil {
		return content{}, errors.Join(err, opened.Close())
	}
	flush()
	return content{struct {
		io.Reader
		io.Closer
	}{io.MultiReader(readers...), opened}, w.FormDataContentType(), length}, nil
}

// addLength is what more bytes add to a length: nothing where that is not known.
func addLength(length, more int64) int64 {
	if length < 0 {
		return 0
	}
	return more
}

type closers []io.Closer

func (cs closers) Close() error {
	var errs []error
	for _, c := range cs {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
