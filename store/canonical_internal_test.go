package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// value draws what JSON can say.
func value(t *rapid.T, depth int) any {
	kinds := 5
	if depth > 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.Bool().Draw(t, "bool")
	case 1:
		return nil
	case 2:
		return rapid.Int64().Draw(t, "whole")
	case 3:
		x := rapid.Float64().Filter(func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }).Draw(t, "number")
		return x + 0
	case 4:
		return strings.ReplaceAll(strings.ToValidUTF8(rapid.String().Draw(t, "text"), ""), "\x00", "")
	case 5:
		array := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range array {
			array[i] = value(t, depth-1)
		}
		return array
	default:
		object := make(map[string]any)
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			object[rapid.SampledFrom([]string{"a", "b", "é", "<", "", "a\"", "\\"}).Draw(t, "name")] = value(t, depth-1)
		}
		return object
	}
}

// spelt draws one way to write a value.
func spelt(t *rapid.T, v any) string {
	space := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space") }
	text := func(s string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(rapid.Bool().Draw(t, "escape"))
		if e.Encode(s) != nil {
			t.Fatal(s)
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	var form string
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order") {
			members = append(members, space()+text(name)+space()+":"+spelt(t, v[name]))
		}
		form = "{" + strings.Join(members, ",") + space() + "}"
	case []any:
		var elements []string
		for _, e := range v {
			elements = append(elements, spelt(t, e))
		}
		form = "[" + strings.Join(elements, ",") + space() + "]"
	case float64:
		form = fmt.Sprintf(rapid.SampledFrom([]string{"%.17g", "%.17e", "%v"}).Draw(t, "format"), v)
	case string:
		form = text(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		form = string(b)
	}
	return space() + form + space()
}

// TestCanonicalIsOneForm holds it against what encoding/json reads.
func TestCanonicalIsOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := value(t, 3)
		a, b := spelt(t, v), spelt(t, v)
		require.Equal(t, canonical([]byte(a)), canonical([]byte(b)), "%s and %s", a, b)
		w := value(t, 3)
		c := spelt(t, w)
		var read, other any
		require.NoError(t, json.Unmarshal([]byte(a), &read))
		require.NoError(t, json.Unmarshal([]byte(c), &other))
		if canonical([]byte(a)) == canonical([]byte(c)) {
			require.Equal(t, read, other)
		}
	})
	require.Equal(t, canonical([]byte(`{"a":1,"a":2}`)), canonical([]byte(`{"a": 2}`)))
	require.Equal(t, canonical([]byte(`[0.00000010, -0, -0.0, 3600000000000001]`)), canonical([]byte(`[1e-07,0,0.0,3600000000000001]`)))
	require.Equal(t, canonical([]byte(`[1000000,-2000000,100000000000000000000,0]`)), canonical([]byte(`[1e6,-2000000.00,1E+20,-0e3]`)))
	require.NotEqual(t, canonical([]byte(`3600000000000000`)), canonical([]byte(`3600000000000001`)))
	for _, broken := range []string{"", "{", `{"a"`, "nul", "[1,]", "\xff", `{}x`} {
		require.Equal(t, broken, canonical([]byte(broken)))
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a": [1, "b\\u0041", {"c": null}], "d": 1e-7}`))
	f.Fuzz(func(t *testing.T, text []byte) { canonical(text) })
}
