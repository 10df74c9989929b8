package config_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
)

// refusal is what is given, by the environment or in a file, and what is said of
// it; nothing where it is taken.
type refusal struct {
	Given string `json:"given,omitempty"`
	File  string `json:"file,omitempty"`
	Says  string `json:"says"`
}

// What is said of each setting that cannot work, and of files and variables that
// are no settings, is as it stands in the file.
func TestRefusals(t *testing.T) {
	text, err := os.ReadFile("testdata/refusals.json")
	require.NoError(t, err)
	var all []refusal
	require.NoError(t, json.Unmarshal(text, &all))
	require.NotEmpty(t, all)
	for _, r := range all {
		require.Equal(t, r.Says, said(t, r), "%s%s", r.Given, r.File)
	}
}

func said(t *testing.T, r refusal) string {
	t.Helper()
	var environ []string
	for given := range strings.FieldsSeq(r.Given) {
		key, value, _ := strings.Cut(given, "=")
		environ = append(environ, "ONETON_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
	}
	path := ""
	if r.File != "" {
		path = write(t, r.File)
	}
	_, err := config.Load(path, environ, nil)
	if err == nil {
		return ""
	}
	if path == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), path, "FILE")
}
