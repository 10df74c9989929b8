package config

import (
	"fmt"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
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
	k := koanf.New(".")
	if err := k.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		return Config{}, fmt.Errorf("read defaults: %w", err)
	}
	byVariable := make(map[string]string)
	for _, key := range k.Keys() {
		byVariable[prefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
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
				unknown = &FieldError{"environment variable " + variable, "set", "the name of a setting"}
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
	var c Config
	err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result:           &c,
		TagName:          "koanf",
		ErrorUnused:      true,
		WeaklyTypedInput: true,
		DecodeHook:       mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		return Config{}, fmt.Errorf("decode settings: %w", err)
	}
	return c, c.Validate()
}
