package decode_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/decode"
)

type described struct {
	Metadata decode.Object `param:"metadata"`
}

// An object comes as itself or as a text, in JSON, and as a form's field.
func TestObject(t *testing.T) {
	const object = `{ "a": {"b": [1, "é"]},"c":null }`
	const whole = `{"a":{"b":[1,"é"]},"c":null}`
	text, err := json.Marshal(object)
	require.NoError(t, err)
	contentType, form := formOf(t, "metadata", " "+object+" ")
	for name, c := range map[string]struct{ contentType, body, want string }{
		"itself":          {inJSON, `{"metadata":` + object + `}`, whole},
		"a text":          {inJSON, `{"metadata":` + string(text) + `}`, whole},
		"a form's":        {contentType, form, whole},
		"left out":        {inJSON, `{}`, ""},
		"null":            {inJSON, `{"metadata":null}`, ""},
		"empty":           {inJSON, `{"metadata":{}}`, "{}"},
		"empty in a form": {byBrowser, "metadata=", ""},
	} {
		var d described
		require.NoError(t, decode.Fields(c.contentType, []byte(c.body), &d), name)
		require.Equal(t, c.want, string(d.Metadata), name)
	}
	for body, says := range map[string]string{
		`{"metadata":[]}`:               "metadata must be a JSON object, or a text that is one",
		`{"metadata":""}`:               "metadata must be a JSON object, or a text that is one",
		`{"metadata":"x"}`:              "metadata must be a JSON object, or a text that is one",
		`{"metadata":5}`:                "metadata must be a JSON object, or a text that is one",
		`{"metadata":"{"}`:              "metadata is not valid JSON",
		`{"metadata":"{\"a\":tru}"}`:    "metadata is not valid JSON",
		`{"metadata":"{} {}"}`:          "metadata has something after its end",
		`{"metadata":{"a":1,"a":2}}`:    "metadata.a is given more than once",
		`{"metadata":{"a":["\u0000"]}}`: "metadata has a text that has a NUL, U+0000",
		`{"metadata":{"\ud800":1}}`:     `metadata has a name that has half of a surrogate pair alone, such as "\ud800"`,
		`{"metadata":{"a":"` + strings.Repeat("a", 1<<16) + `"}}`: "metadata is longer than 65536 bytes",
	} {
		var d described
		require.EqualError(t, decode.Fields(inJSON, []byte(body), &d), says, "%.80s", body)
		require.Nil(t, d.Metadata)
	}
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	contentType, form = formOf(t, "metadata", deep)
	require.Error(t, decode.Fields(contentType, []byte(form), &described{}), "too deep")
}
