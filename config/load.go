package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"oneton/setting"
)

const prefix = "ONETON_"

// foreign are variables of the same prefix that are not settings.
var foreign = map[string]bool{
	"ONETON_CONFIG": true, "ONETON_SERVER": true, "ONETON_KEY": true, "ONETON_KEY_FILE": true, "ONETON_PASSPHRASE": true, "ONETON_CACHE": true, "ONETON_PHOTOS": true, "ONETON_SIMD": true,
}

// Load reads the settings in the order that Config's comment gives. path may
// be empty; environ has the form of os.Environ; flags maps keys such as
// "embed.workers" to values. An unknown key, wherever it stands, is an error
// that names it. Every error is an *Error.
func Load(path string, environ []string, flags map[string]any) (Config, error) {
	c, err := load(path, environ, flags)
	if err != nil {
		return c, &Error{err}
	}
	return c, nil
}

// Error says why the settings cannot be had, or cannot work.
type Error struct{ Err error }

// Error is one sentence for the operator.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func load(path string, environ []string, flags map[string]any) (Config, error) {
	c := Default()
	settings := c.Settings()
	k, defaults, byVariable := koanf.New("."), make(map[string]any), make(map[string]string)
	for _, s := range settings {
		defaults[s.Key] = reflect.ValueOf(s.Value).Elem().Interface()
		byVariable[prefix+strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))] = s.Key
	}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read defaults: %w", err)
	}
	if path != "" {
		in := koanf.New(".")
		if err := in.Load(file.Provider(path), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("read config file %s: %w", path, err)
		}
		if err := known(in, path, settings); err != nil {
			return Config{}, err
		}
		if err := k.Merge(in); err != nil {
			return Config{}, fmt.Errorf("read config file %s: %w", path, err)
		}
	}
	var unknown error
	variables := env.Provider(".", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(variable, value string) (string, any) {
			key, ok := byVariable[variable]
			switch {
			case ok:
				return key, value
			case !foreign[variable] && !strings.HasPrefix(variable, prefix+"TEST_"):
				unknown = &setting.Error{Key: "environment variable " + variable, Value: "set", Want: "the name of a setting" + suggest(variable, slices.Collect(maps.Keys(byVariable)))}
			}
			return "", nil
		},
	})
	if err := k.Load(variables, nil); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if unknown != nil {
		return Config{}, unknown
	}
	given := koanf.New(".")
	if err := given.Load(confmap.Provider(flags, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read flags: %w", err)
	}
	if err := known(given, "a flag", settings); err != nil {
		return Config{}, err
	}
	if err := k.Merge(given); err != nil {
		return Config{}, fmt.Errorf("read flags: %w", err)
	}
	if err := decode(k, settings); err != nil {
		return Config{}, fmt.Errorf("decode settings: %w", err)
	}
	return c, c.Validate()
}

// known is an error for the first key that is no setting's, which says where it is.
func known(k *koanf.Koanf, where string, settings []setting.Setting) error {
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.Key
	}
	for _, key := range slices.Sorted(slices.Values(k.Keys())) {
		part := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, key+".") })
		if empty, ok := k.Get(key).(map[string]any); part && (k.Get(key) == nil || ok && len(empty) == 0) {
			k.Delete(key) // a part without a setting
			continue
		}
		if !slices.Contains(names, key) {
			return &setting.Error{Key: key, Value: "set by " + where, Want: "the name of a setting" + suggest(key, names)}
		}
	}
	return nil
}

// decode puts what was loaded where the settings are, and refuses what is none.
func decode(k *koanf.Koanf, settings []setting.Setting) error {
	loaded := reflect.New(shape(settings, ""))
	err := k.UnmarshalWithConf("", loaded.Interface(), koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName:          tag,
		ErrorUnused:      true,
		RootName:         root,
		WeaklyTypedInput: true,
		DecodeHook:       mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		// Keys are whole without the root's name, which the library wants.
		return errors.New(strings.NewReplacer("'"+root+".", "'", "'"+root+"'", "''").Replace(err.Error()))
	}
	for _, s := range settings {
		value := loaded.Elem()
		for part := range strings.SplitSeq(s.Key, ".") {
			value = value.FieldByName(field + part)
		}
		reflect.ValueOf(s.Value).Elem().Set(value)
	}
	return nil
}

const (
	tag, root = "koanf", "settings"
	// field makes an exported name of a part of a key.
	field = "F_"
)

// shape is a struct with a field for each setting whose key begins with the
// prefix, and a struct within it for each part that has settings of its own.
func shape(settings []setting.Setting, prefix string) reflect.Type {
	var fields []reflect.StructField
	for _, s := range settings {
		rest, ok := strings.CutPrefix(s.Key, prefix)
		name, _, nested := strings.Cut(rest, ".")
		if !ok || slices.ContainsFunc(fields, func(f reflect.StructField) bool { return f.Name == field+name }) {
			continue
		}
		of := reflect.TypeOf(s.Value).Elem()
		if nested {
			of = shape(settings, prefix+name+".")
		}
		fields = append(fields, reflect.StructField{Name: field + name, Type: of, Tag: reflect.StructTag(fmt.Sprintf("%s:%q", tag, name))})
	}
	return reflect.StructOf(fields)
}
