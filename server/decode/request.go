// Package decode turns requests into structs, strictly: a field that is
// unknown, given twice, of another type or missing is an Error that names it.
// The same struct takes JSON, a multipart form, or a raw image with its
// parameters in the query.
//
// A struct's fields carry the tag `param:"name"`, or `param:"name,required"`, and
// where callers know them by other names, too, `also:"that this"`.
// They may be strings, numbers, booleans, pointers to these, maps and slices
// of strings, structs with tags of their own, Photo, Photos and Object. Those of a
// struct that is embedded are its own. Texts are UTF-8
// without NUL, as stores keep them. JSON's null is a value of none of these. A
// number is whole when it has no fraction, however it is written: 5, 5.0 and
// 50e-1 are one.
package decode

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

const (
	// maxParts bounds the parts of a form, and the photos of a list.
	maxParts = 64
	// maxText bounds one part that is not a photo, in bytes.
	maxText = 64 << 10
	// rawPhoto is the field that a raw image fills.
	rawPhoto = "photo"
)

// The media types of bodies.
const (
	mediaJSON = "application/json"
	mediaForm = "multipart/form-data"
	// mediaBrowser is a form as browsers encode it.
	mediaBrowser = "application/x-www-form-urlencoded"
	// mediaImage leads those of images.
	mediaImage = "image/"
)

// Request decodes a request into the struct that into points to. Parameters
// other than photos may stand in the query whatever the body is. It returns
// an Error, or ErrMediaType. A raw image's photo is the body itself; all else
// that it stores shares no memory with its inputs.
func Request(contentType string, query, body []byte, into any) error {
	f := newForm(into)
	if err := f.query(string(query)); err != nil {
		return err
	}
	// Many clients name a type with requests that have no body.
	if len(body) == 0 {
		return f.complete()
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = ""
	}
	accepts := f.accepts()
	switch {
	case media == mediaJSON:
		err = f.json(body)
	case media == mediaForm && slices.Contains(accepts, mediaForm):
		err = f.multipart(params["boundary"], body)
	case strings.HasPrefix(media, mediaImage) && slices.Contains(accepts, mediaImage+"*"):
		err = f.photo(rawPhoto, body)
	default:
		err = &MediaTypeError{Accepts: accepts}
	}
	if err != nil {
		return err
	}
	return f.complete()
}

// Fields decodes the fields of a body that is a JSON object, a multipart form or,
// where no photo must be among them, a form as browsers encode it. JSON that comes
// without a Content-Type, or with the one that curl gives whatever it sends, is
// told by its first byte. Clients that write every field are taken as they are: a
// number, a boolean or a photo that is empty in a form, or any field that is null in
// JSON, was not given; in JSON numbers and booleans may be texts, and a text that is a
// boolean may be True, 1 or on, as languages and browsers write it. Photos may be
// data: URLs in multipart forms, too. It returns an Error, or ErrMediaType; what it
// stores shares no memory with the body.
func Fields(contentType string, body []byte, into any) error {
	return free(newForm(into), contentType, body)
}

// KnownFields is Fields for clients whose requests are not ours to correct: fields
// that the struct has not are passed over.
func KnownFields(contentType string, body []byte, into any) error {
	f := newForm(into)
	f.lenient = true
	return free(f, contentType, body)
}

func free(f *form, contentType string, body []byte) error {
	f.free = true
	if len(body) == 0 {
		return f.complete()
	}
	if err := f.read(contentType, body); err != nil {
		return err
	}
	return f.complete()
}

// Field is the text of one field of a body that Fields takes, wherever the body
// has it, and empty where it has not. Nothing else of the body is decoded.
func Field(contentType string, body []byte, name string) (string, error) {
	if len(body) == 0 {
		return "", nil
	}
	var text string
	f := &form{fields: fields{name: {name: name, value: reflect.ValueOf(&text).Elem()}}, filled: map[string]bool{}, lenient: true, free: true}
	err := f.read(contentType, body)
	return text, err
}

// read fills in the fields of a body by its type.
func (f *form) read(contentType string, body []byte) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		return f.mediaType()
	}
	untold := media == mediaBrowser || media == ""
	switch {
	case media == mediaJSON, untold && (&scanner{unmarked(body)}).next() == '{':
		return f.json(body)
	case media == mediaForm:
		return f.multipart(params["boundary"], body)
	case media == mediaBrowser && !f.needsPhoto():
		if bytes.Count(body, []byte("&")) >= maxParts {
			return fault("", "is a form of more than %d fields", maxParts)
		}
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return fault("", "is a malformed form: names and values must be percent-encoded and joined by = and &")
		}
		for name := range values {
			if f.takesPhoto(name) {
				return fault(name, "cannot be sent in a form as browsers encode it; send multipart/form-data or JSON")
			}
		}
		return f.texts(values)
	}
	return f.mediaType()
}

// mediaType is the fault of a body that read does not take.
func (f *form) mediaType() error {
	accepts := []string{mediaJSON, mediaForm}
	if !f.needsPhoto() {
		accepts = append(accepts, mediaBrowser)
	}
	return &MediaTypeError{Accepts: accepts}
}

// JSON decodes a body that must be one JSON object. It returns an Error, or
// ErrMediaType.
func JSON(contentType string, body []byte, into any) error {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != mediaJSON {
		return &MediaTypeError{Accepts: []string{mediaJSON}}
	}
	f := newForm(into)
	if err := f.json(body); err != nil {
		return err
	}
	return f.complete()
}

func (f *form) query(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fault("", "has a malformed query")
	}
	for name := range values {
		if f.takesPhoto(name) {
			return fault(name, "cannot be sent in the query")
		}
	}
	return f.texts(values)
}

// texts fills in the fields of a query, or of a form as browsers encode it.
func (f *form) texts(values url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if f.passes(name) {
			continue
		}
		for _, text := range values[name] {
			if err := f.text(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *form) multipart(boundary string, body []byte) error {
	if boundary == "" {
		return fault("", "is a form without a boundary")
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	// All photos are read into one piece of memory, which the body's length bounds.
	var photos bytes.Buffer
	if f.hasPhoto() {
		photos.Grow(len(body) + bytes.MinRead)
	}
	for range maxParts {
		part, err := r.NextPart()
		// The last boundary makes it io.EOF itself, and so does a form that breaks
		// off in the head of a part.
		if err == io.EOF && bytes.Contains(body, []byte("--"+boundary+"--")) {
			return nil
		}
		if err != nil {
			return fault("", "is a malformed form")
		}
		if f.passes(part.FormName()) {
			continue
		}
		if err := f.part(part, &photos); err != nil {
			return err
		}
	}
	return fault("", "is a form of more than %d parts", maxParts)
}

func (f *form) part(part *multipart.Part, photos *bytes.Buffer) error {
	name := part.FormName()
	if name == "" {
		return fault("", "is a form with a part that has no name")
	}
	if _, known := f.fields[name]; !known { // however long it is
		return f.fields.unknown("", name)
	}
	if f.takesPhoto(name) {
		begin := photos.Len()
		if _, err := photos.ReadFrom(part); err != nil {
			return fault("", "is a malformed form")
		}
		content := slices.Clip(photos.Bytes()[begin:])
		switch {
		case f.free && len(content) == 0 && part.FileName() == "": // no file was chosen
			return nil
		case f.free && bytes.HasPrefix(content, []byte(dataURL)):
			var err error
			if content, err = base64Photo(content, name); err != nil {
				return err
			}
		}
		return f.photo(name, content)
	}
	content, err := io.ReadAll(io.LimitReader(part, maxText+1))
	switch {
	case err != nil:
		return fault("", "is a malformed form")
	case len(content) > maxText:
		return fault(name, "is longer than %d bytes", maxText)
	}
	return f.text(name, string(content))
}
