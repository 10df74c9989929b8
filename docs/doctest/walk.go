package doctest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Call is one that a guide shows, and how it was answered.
type Call struct {
	Line, Method, Path string
	Status             int
	Body               []byte
}

// Walker follows a guide command by command, as a reader who looks at each answer before
// the next one.
type Walker struct {
	Reader

	// Value is what the reader puts in the place of an example, or false for what the
	// answer before has in that place.
	Value func(name string, last Call) (string, bool)
	// Called is told of each call, where it is not nil.
	Called func(Call)
}

var (
	assignment = regexp.MustCompile(`^(\w+)=(\S*)$`)
	uuid       = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// told has curl say behind the answer what was called, and how it was answered.
const told = `curl() { command curl -sS -w '\n%{http_code} %{method} %{url}' "$@"; }
oneton() { :; } # which the operator has done
`

// Walk runs each line of the blocks of sh of the guide, and holds the last answer to a
// block of json that follows. Files are the reader's, by name.
func (w Walker) Walk(t *testing.T, path string, files map[string][]byte) (calls []Call) {
	t.Helper()
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	w.Folder = t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(w.Folder+"/"+name, content, 0o600))
	}
	w.Environ = os.Environ()
	var last Call
	for _, b := range block.FindAllStringSubmatch(string(guide), -1) {
		switch b[1] {
		case "sh":
			for line := range strings.Lines(strings.ReplaceAll(b[2], "http://127.0.0.1:8080", w.Server)) {
				line = strings.TrimSpace(line)
				if set := assignment.FindStringSubmatch(line); set != nil {
					w.Environ = append(w.Environ, set[1]+"="+w.value(set[1], set[2], last))
					continue
				}
				printed := w.run(t, "bash", "-c", told+line)
				if !strings.Contains(line, "curl ") {
					continue
				}
				last = callOf(t, line, printed)
				calls = append(calls, last)
				if w.Called != nil {
					w.Called(last)
				}
			}
		case "json":
			var want, got any
			require.NoError(t, json.Unmarshal([]byte(b[2]), &want), "%s shows %s", path, b[2])
			require.NoError(t, json.Unmarshal(last.Body, &got), "%s: %s", last.Line, last.Body)
			require.True(t, like(want, got), "%s shows for %s: %s\nand it is %s", path, last.Line, b[2], last.Body)
		}
	}
	return calls
}

// callOf reads what curl has told.
func callOf(t *testing.T, line, printed string) Call {
	t.Helper()
	at := strings.LastIndexByte(printed, '\n')
	require.GreaterOrEqual(t, at, 0, line)
	said := strings.SplitN(printed[at+1:], " ", 3)
	require.Len(t, said, 3, line)
	status, err := strconv.Atoi(said[0])
	require.NoError(t, err)
	address, err := url.Parse(said[2])
	require.NoError(t, err)
	return Call{Line: line, Method: said[1], Path: address.Path, Status: status, Body: []byte(printed[:at])}
}

// value is what stands in the place of an example: what the reader knows, or the text of
// the last answer that begins as the example does, or is an id as it is; else the example.
func (w Walker) value(name, example string, last Call) string {
	if value, ok := w.Value(name, last); ok {
		return value
	}
	var answer map[string]any
	if last.Status/100 != 2 || json.NewDecoder(bytes.NewReader(last.Body)).Decode(&answer) != nil {
		return example
	}
	begins, _, short := strings.Cut(example, left)
	for _, name := range slices.Sorted(maps.Keys(answer)) {
		text, ok := answer[name].(string)
		if ok && (short && strings.HasPrefix(text, begins) || uuid.MatchString(text) && uuid.MatchString(example)) {
			return text
		}
	}
	return example
}

// Asked tells whether one of the calls is of the method and a path of the pattern, in which
// {name} and :name stand for any segment.
func Asked(calls []Call, method, pattern string) bool {
	path := regexp.MustCompile("^" + regexp.MustCompile(`\{\w+\}|:\w+`).ReplaceAllString(pattern, `[^/]+`) + "$")
	return slices.ContainsFunc(calls, func(c Call) bool { return c.Method == method && path.MatchString(c.Path) })
}
