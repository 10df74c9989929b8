package config

import (
	"fmt"
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
	"ONETON_CONFIG": true, "ONETON_CACHE": true, "ONETON_PHOTOS": true, "ONETON_SIMD": true,
}

// Load reads the settings in the order that Config's comment gives. path may
// be empty; environ has the form of os.Environ; flags maps keys such as
// "embed.workers" to values. An unknown key, wherever it stands, is an error
// that names it.
func Load(path string, environ []string, flags map[string]any) (Config, error) {
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
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
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
				unknown = &setting.Error{Key: "environment variable " + variable, Value: "set", Want: "the name of a setting"}
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
	if err := k.Load(confmap.Provider(flags, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read flags: %w", err)
	}
	if err := decode(k, settings); err != nil {
		return Config{}, fmt.Errorf("decode settings: %w", err)
	}
	return c, c.Validate()
}

// decode puts what was loaded where the settings are, and refuses what is none.
func decode(k *koanf.Koanf, settings []setting.Setting) error {
	loaded := reflect.New(shape(settings, ""))
	err := k.UnmarshalWithConf("", loaded.Interface(), koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName:          tag,
		ErrorUnused:      true,
		WeaklyTypedInput: true,
		DecodeHook:       mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		return err
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
	tag = "koanf"
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
