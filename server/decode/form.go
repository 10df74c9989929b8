package decode

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// form is a struct that is being filled in, whichever way its fields come.
type form struct {
	fields map[string]field
	filled map[string]bool
}

type field struct {
	value    reflect.Value
	required bool
}

func newForm(into any) *form {
	return &form{fields: fieldsOf(reflect.ValueOf(into).Elem()), filled: map[string]bool{}}
}

func fieldsOf(target reflect.Value) map[string]field {
	fields := map[string]field{}
	for i := range target.NumField() {
		name, option, _ := strings.Cut(target.Type().Field(i).Tag.Get("param"), ",")
		if name != "" {
			fields[name] = field{value: target.Field(i), required: option == "required"}
		}
	}
	return fields
}

// take finds the field of that name and marks it as filled.
func (f *form) take(name string) (reflect.Value, error) {
	fd, ok := f.fields[name]
	switch {
	case !ok:
		return reflect.Value{}, fault(quote(name), "is not a field of this request")
	case f.filled[name]:
		return reflect.Value{}, fault(name, "is given more than once")
	}
	f.filled[name] = true
	return fd.value, nil
}

func (f *form) takesPhoto(name string) bool {
	fd, ok := f.fields[name]
	if !ok {
		return false
	}
	switch fd.value.Interface().(type) {
	case Photo, Photos:
		return true
	}
	return false
}

// photo fills in the bytes of a photo; a field of several grows with each.
func (f *form) photo(name string, content []byte) error {
	if len(content) == 0 {
		return fault(name, "is empty")
	}
	if photos, ok := reflect.TypeAssert[*Photos](f.fields[name].value.Addr()); ok {
		f.filled[name] = true
		*photos = append(*photos, bytes.Clone(content))
		return nil
	}
	v, err := f.take(name)
	if err != nil {
		return err
	}
	v.SetBytes(bytes.Clone(content))
	return nil
}

// text fills in a parameter of a query or a form: a string as it is, all else
// as JSON.
func (f *form) text(name, text string) error {
	v, err := f.take(name)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return fault(name, "is not UTF-8")
	}
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.String {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		v.SetString(text)
		return nil
	}
	return value(bytes.TrimSpace([]byte(text)), v, name)
}

// json fills in the members of a JSON object.
func (f *form) json(body []byte) error {
	if !utf8.Valid(body) {
		return fault("", "is not UTF-8")
	}
	return object(body, "", func(name string, raw []byte) error {
		v, err := f.take(name)
		if err != nil {
			return err
		}
		return value(raw, v, name)
	})
}

// complete reports a required field that is missing.
func (f *form) complete() error {
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		if fd := f.fields[name]; fd.required && fd.value.IsZero() {
			return fault(name, "is required")
		}
	}
	return nil
}

// quote keeps a name that the caller made up short and printable.
func quote(name string) string {
	const longest = 64
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r == 0x7f {
			return '?'
		}
		return r
	}, name)
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return name
}
