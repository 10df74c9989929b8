package decode

import (
	"encoding/json"
	"reflect"
)

// value decodes raw into v, whose type bounds what raw may be.
func value(raw []byte, v reflect.Value, path string) error {
	if string(raw) == "null" {
		return fault(path, "must not be null; leave it out, or give it a value")
	}
	switch target := v.Addr().Interface().(type) {
	case *Photo:
		return target.decode(raw, path)
	case *Photos:
		return target.decode(raw, path)
	}
	if len(raw) > maxText {
		return fault(path, "is longer than %d bytes", maxText)
	}
	if target, ok := reflect.TypeAssert[*Object](v.Addr()); ok {
		return target.decode(raw, path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return value(raw, v.Elem(), path)
	case reflect.Struct:
		return structure(raw, v, path)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		return object(raw, path, func(name string, raw []byte) error {
			element := reflect.New(v.Type().Elem()).Elem()
			if err := value(raw, element, join(path, quote(name))); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(name), element)
			return nil
		})
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return list(raw, path, func(raw []byte) error {
			element := reflect.New(v.Type().Elem()).Elem()
			if err := value(raw, element, path); err != nil {
				return err
			}
			v.Set(reflect.Append(v, element))
			return nil
		})
	case reflect.String:
		text, wrong := unquoteText(raw)
		if wrong != "" {
			return fault(path, "%s", wrong)
		}
		v.SetString(text)
		return nil
	default:
		if v.CanInt() {
			raw = whole(raw)
		}
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			return fault(path, "%s", must(v.Kind()))
		}
		return nil
	}
}

func structure(raw []byte, v reflect.Value, path string) error {
	fields := fieldsOf(v)
	return object(raw, path, func(name string, raw []byte) error {
		fd, ok := fields[name]
		if !ok {
			return fields.unknown(path, name)
		}
		return value(raw, fd.value, join(path, name))
	})
}

func must(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "must be true or false"
	case reflect.Float64:
		return "must be a number"
	default:
		return "must be a whole number"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
