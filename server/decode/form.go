package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// form is a struct that is being filled in, whichever way its fields come.
type form struct {
	fields fields
	filled map[string]bool
	// lenient passes over fields that there are not.
	lenient bool
	// free takes what clients send that write every field, and as text; see Fields.
	free bool
}

type field struct {
	// name is the field's own, whichever of its names it is found by.
	name     string
	value    reflect.Value
	required bool
}

func newForm(into any) *form {
	return &form{fields: fieldsOf(reflect.ValueOf(into).Elem()), filled: map[string]bool{}}
}

// fields are a struct's, by the names of their tags.
type fields map[string]field

func fieldsOf(target reflect.Value) fields {
	fields := fields{}
	for i := range target.NumField() {
		if target.Type().Field(i).Anonymous {
			maps.Copy(fields, fieldsOf(target.Field(i)))
			continue
		}
		tag := target.Type().Field(i).Tag
		name, option, _ := strings.Cut(tag.Get("param"), ",")
		if name == "" {
			continue
		}
		fields[name] = field{name: name, value: target.Field(i), required: option == "required"}
		for alias := range strings.FieldsSeq(tag.Get("also")) {
			fields[alias] = fields[name]
		}
	}
	return fields
}

// unknown is the fault of a field that there is not.
func (f fields) unknown(path, name string) error {
	known := strings.Join(slices.Sorted(maps.Keys(f)), ", ")
	return fault(join(path, quote(name)), "is not a field of this request, whose fields are %s", known)
}

// TakesPhoto tells whether a struct has a field for a photo.
func TakesPhoto(into any) bool { return newForm(into).hasPhoto() }

func (f *form) hasPhoto() bool {
	for _, fd := range f.fields {
		if fd.isPhoto() {
			return true
		}
	}
	return false
}

// needsPhoto tells whether a photo must be given.
func (f *form) needsPhoto() bool {
	for _, fd := range f.fields {
		if fd.isPhoto() && fd.required {
			return true
		}
	}
	return false
}

// passes tells whether a field is not looked at.
func (f *form) passes(name string) bool {
	_, ok := f.fields[name]
	return f.lenient && !ok
}

// take finds the field of that name and marks it as filled.
func (f *form) take(name string) (reflect.Value, error) {
	fd, ok := f.fields[name]
	switch {
	case !ok:
		return reflect.Value{}, f.fields.unknown("", name)
	case f.filled[fd.name] && !fd.isPhotos():
		return reflect.Value{}, fault(name, "is given more than once")
	}
	f.filled[fd.name] = true
	return fd.value, nil
}

func (f *form) takesPhoto(name string) bool {
	fd, ok := f.fields[name]
	return ok && fd.isPhoto()
}

func (fd field) isPhoto() bool {
	_, one := reflect.TypeAssert[Photo](fd.value)
	return one || fd.isPhotos()
}

func (fd field) isPhotos() bool {
	_, several := reflect.TypeAssert[Photos](fd.value)
	return several
}

// accepts are the media types that can fill the form in: photos come in any,
// and one photo alone as itself.
func (f *form) accepts() []string {
	types := []string{mediaJSON}
	photos, others := 0, 0
	for name, fd := range f.fields {
		switch {
		case name != fd.name: // another name of a field that is counted
		case fd.isPhoto():
			photos++
		case fd.required:
			others++
		}
	}
	if photos > 0 {
		types = append(types, mediaForm)
	}
	if photos == 1 && others == 0 && f.takesPhoto(rawPhoto) {
		types = append(types, mediaImage+"*")
	}
	return types
}

// photo fills in the bytes of a photo, which it keeps; a field of several grows
// with each.
func (f *form) photo(name string, content []byte) error {
	if len(content) == 0 {
		return fault(name, "is empty")
	}
	v, err := f.take(name)
	if err != nil {
		return err
	}
	if photos, ok := reflect.TypeAssert[*Photos](v.Addr()); ok {
		*photos = append(*photos, content)
		return nil
	}
	v.SetBytes(content)
	return nil
}

// text fills in a parameter of a query or a form: a string as it is, all else
// as JSON.
func (f *form) text(name, text string) error {
	v, err := f.take(name)
	if err != nil {
		return err
	}
	if wrong := unkeepable(text); wrong != "" {
		return fault(name, "%s", wrong)
	}
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.String {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		v.SetString(text)
		return nil
	}
	if f.free && text == "" {
		return nil
	}
	raw := bytes.TrimSpace(unmarked([]byte(text)))
	if f.free && kindOf(v) == reflect.Bool {
		raw = boolean(raw)
	}
	return value(raw, v, name)
}

// json fills in the members of a JSON object.
func (f *form) json(body []byte) error {
	body = unmarked(body)
	if err := shape(body); err != nil {
		return err
	}
	err := f.members(body)
	if fault, ok := errors.AsType[*Error](err); ok && fault.malformed {
		fault.Reason += position(body)
	}
	return err
}

// shape tells what a body is that is no JSON object.
func shape(body []byte) error {
	if !utf8.Valid(body) {
		return fault("", "is not UTF-8, as JSON must be")
	}
	s := scanner{body}
	switch first := s.next(); {
	case first == '{':
		return nil
	case first == 0:
		return fault("", "has an empty body; send a JSON object")
	case json.Valid(body):
		return fault("", "must be a JSON object, and not a list, a text, a number or the like")
	default:
		return fault("", "is not JSON%s", position(body))
	}
}

// position says where a text stops being JSON.
func position(body []byte) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(body, &json.RawMessage{})); ok {
		return fmt.Sprintf(", from byte %d on", syntax.Offset)
	}
	return ""
}

func (f *form) members(body []byte) error {
	seen := 0
	return object(body, "", func(name string, raw []byte) error {
		if seen++; seen > maxParts {
			return fault("", "has more than %d fields", maxParts)
		}
		if f.passes(name) {
			return nil
		}
		v, err := f.take(name)
		if err != nil {
			return err
		}
		if f.free {
			if string(raw) == "null" {
				return nil
			}
			raw = untexted(raw, v)
		}
		return value(raw, v, name)
	})
}

// untexted is the number or boolean in a text where one is wanted.
func untexted(raw []byte, v reflect.Value) []byte {
	kind := kindOf(v)
	if kind != reflect.Int && kind != reflect.Bool && kind != reflect.Float64 {
		return raw
	}
	text, err := unquote(raw)
	if err != nil {
		return raw
	}
	if text = bytes.TrimSpace(text); kind == reflect.Bool {
		return boolean(text)
	}
	return text
}

// boolean is the JSON of what languages and browsers write for true and false.
func boolean(text []byte) []byte {
	switch strings.ToLower(string(text)) {
	case "true", "1", "on":
		return []byte("true")
	case "false", "0", "off":
		return []byte("false")
	}
	return text
}

// kindOf is the kind of a field, or of what it points to.
func kindOf(v reflect.Value) reflect.Kind {
	if v.Kind() == reflect.Pointer {
		return v.Type().Elem().Kind()
	}
	return v.Kind()
}

// unmarked is a JSON text without the byte order mark that some systems write
// before it (RFC 8259, section 8.1).
func unmarked(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// complete reports a required field that is missing.
func (f *form) complete() error {
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		if fd := f.fields[name]; fd.required && fd.value.IsZero() && fd.name == name {
			return fault(name, "is required")
		}
	}
	return nil
}
