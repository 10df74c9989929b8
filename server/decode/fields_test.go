package decode_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/decode"
)

type fielded struct {
	Token  string        `param:"token,required" also:"identity_token"`
	Level  *int          `param:"level"`
	Images decode.Photos `param:"image" also:"face photo"`
}

type texts struct {
	Email string `param:"email,required"`
	Ends  bool   `param:"ends"`
}

const (
	inJSON    = "application/json"
	byBrowser = "application/x-www-form-urlencoded"
)

// formOf is a multipart form of names and contents.
func formOf(t *testing.T, parts ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		require.NoError(t, w.WriteField(parts[i], parts[i+1]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

// A field is found by each of its names, photos by several at once, in every
// kind of body.
func TestFieldsByTheirOtherNames(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	contentType, form := formOf(t, "photo", "one", "identity_token", "t", "image", "two", "face", "three", "level", "4")
	for name, c := range map[string]struct{ contentType, body string }{
		"form": {contentType, form},
		"JSON": {inJSON, fmt.Sprintf(`{"photo":%q,"identity_token":"t","image":[%q,"data:image/png;base64,%s"],"level":4}`,
			b64([]byte("one")), b64([]byte("two")), b64([]byte("three")))},
	} {
		t.Run(name, func(t *testing.T) {
			var r fielded
			require.NoError(t, decode.Fields(c.contentType, []byte(c.body), &r))
			require.Equal(t, "t", r.Token)
			require.Equal(t, 4, *r.Level)
			require.Equal(t, decode.Photos{[]byte("one"), []byte("two"), []byte("three")}, r.Images)
		})
	}
	for _, c := range []struct{ contentType, body string }{
		{inJSON, `{"identity_token":"t","token":"t"}`},
		{inJSON, `{"token":"t","token":"t"}`},
	} {
		var fault *decode.Error
		var r fielded
		require.ErrorAs(t, decode.Fields(c.contentType, []byte(c.body), &r), &fault)
		require.Contains(t, fault.Error(), "is given more than once")
	}
	var fault *decode.Error
	require.ErrorAs(t, decode.Fields(inJSON, []byte(`{}`), &fielded{}), &fault)
	require.Equal(t, "token is required", fault.Error())
}

// Bodies are taken as clients send them: by their type or, where that says
// nothing, by their first byte.
func TestFieldsOfEveryType(t *testing.T) {
	contentType, form := formOf(t, "email", "a@b", "ends", "true")
	for name, c := range map[string]struct{ contentType, body string }{
		"JSON":              {inJSON, `{"email":"a@b","ends":true}`},
		"JSON, charset":     {"application/json; charset=utf-8", `{"email":"a@b","ends":true}`},
		"JSON, capitals":    {"Application/JSON", `{"email":"a@b","ends":true}`},
		"JSON untold":       {"", ` {"email":"a@b","ends":true}`},
		"JSON by curl":      {byBrowser, "\ufeff" + `{"email":"a@b","ends":true}`},
		"multipart":         {contentType, form},
		"urlencoded":        {byBrowser, "email=a%40b&ends=true"},
		"urlencoded, UTF-8": {byBrowser + "; charset=UTF-8", "ends=true&email=a@b"},
	} {
		t.Run(name, func(t *testing.T) {
			var r texts
			require.NoError(t, decode.Fields(c.contentType, []byte(c.body), &r))
			require.Equal(t, texts{"a@b", true}, r)
			text, err := decode.Field(c.contentType, []byte(c.body), "email")
			require.NoError(t, err)
			require.Equal(t, "a@b", text)
			text, err = decode.Field(c.contentType, []byte(c.body), "auth_token")
			require.NoError(t, err)
			require.Empty(t, text)
		})
	}
	for name, c := range map[string]struct{ contentType, body string }{
		"text": {"text/plain", "email=a"}, "untold": {"", "email=a"}, "malformed type": {"application/json; =", `{"email":"a"}`},
		"an image": {"image/jpeg", "\xff\xd8"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, decode.Fields(c.contentType, []byte(c.body), &texts{}), decode.ErrMediaType)
			_, err := decode.Field(c.contentType, []byte(c.body), "email")
			require.ErrorIs(t, err, decode.ErrMediaType)
		})
	}
	var without fielded
	require.NoError(t, decode.Fields(byBrowser, []byte("token=t&level=1"), &without), "which may have no photo")
	require.Equal(t, 1, *without.Level)
	var fault *decode.Error
	require.ErrorAs(t, decode.Fields(byBrowser, []byte("token=t&face=x"), &fielded{}), &fault)
	require.Equal(t, "face", fault.Field)
	var needs struct {
		Image decode.Photos `param:"image,required"`
	}
	require.ErrorIs(t, decode.Fields(byBrowser, []byte("image=x"), &needs), decode.ErrMediaType)
	require.Error(t, decode.Fields("", nil, &texts{}), "email is required")
	text, err := decode.Field("", nil, "email")
	require.NoError(t, err)
	require.Empty(t, text)
}

// Clients that write every field, and everything as text, are taken as they are.
func TestFieldsThatAreNotGiven(t *testing.T) {
	type fields struct {
		Level  *int          `param:"level"`
		Count  int           `param:"count"`
		Ends   bool          `param:"ends"`
		Secret *string       `param:"secret"`
		Image  decode.Photo  `param:"image1"`
		Images decode.Photos `param:"image"`
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range []string{"level", "count", "ends", "image1", "image", "image"} {
		require.NoError(t, w.WriteField(name, ""))
	}
	require.NoError(t, w.Close())
	for _, c := range []struct{ contentType, body string }{
		{w.FormDataContentType(), b.String()},
		{byBrowser, "level=&count=&ends="},
		{inJSON, `{"level":null,"count":null,"ends":null,"secret":null,"image":null,"image1":null}`},
	} {
		var r fields
		require.NoError(t, decode.Fields(c.contentType, []byte(c.body), &r), c.body)
		require.Equal(t, fields{}, r)
	}
	for _, body := range []string{`{"level":"5","count":" 5.0 ","ends":"true"}`, `{"level":5,"count":5,"ends":true}`} {
		var r fields
		require.NoError(t, decode.Fields(inJSON, []byte(body), &r))
		five := 5
		require.Equal(t, fields{Level: &five, Count: 5, Ends: true}, r)
	}
	for _, text := range []string{"true", "True", "TRUE", "1", "on"} {
		for contentType, body := range map[string]string{byBrowser: "ends=" + text, inJSON: `{"ends":"` + text + `"}`} {
			var r fields
			require.NoError(t, decode.Fields(contentType, []byte(body), &r))
			require.True(t, r.Ends, body)
		}
	}
	for _, text := range []string{"false", "False", "0", "off"} {
		var r fields
		require.NoError(t, decode.Fields(byBrowser, []byte("ends="+text), &r))
		require.False(t, r.Ends, text)
	}
	var r fields
	require.NoError(t, decode.Fields(byBrowser, []byte("secret="), &r))
	require.NotNil(t, r.Secret, "an empty text is one")
	contentType, form := formOf(t, "image", "data:image/png;base64,b25l", "image", "two", "image1", "data:;base64,_-8=")
	require.NoError(t, decode.Fields(contentType, []byte(form), &r))
	require.Equal(t, decode.Photos{[]byte("one"), []byte("two")}, r.Images)
	require.Equal(t, decode.Photo{0xff, 0xef}, r.Image)

	var empty bytes.Buffer
	w = multipart.NewWriter(&empty)
	_, err := w.CreateFormFile("image", "a.jpg")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for _, c := range []struct{ contentType, body string }{
		{w.FormDataContentType(), empty.String()},
		{inJSON, `{"level":""}`},
		{inJSON, `{"level":"five"}`},
		{inJSON, `{"level":"null"}`},
		{inJSON, `{"level":"[5]"}`},
		{inJSON, `{"ends":"yes"}`},
		{inJSON, `{"ends":1}`},
		{byBrowser, "ends=2"},
		{inJSON, `{"level":null,"level":5}`},
		{inJSON, `{"secret":5}`},
		{inJSON, `{"image":[null]}`},
		{byBrowser, "level=&level=5"},
		{byBrowser, "level=five"},
	} {
		var fault *decode.Error
		require.ErrorAs(t, decode.Fields(c.contentType, []byte(c.body), &fields{}), &fault, c.body)
	}
	// Calls of other APIs stay as strict as they were.
	require.Error(t, decode.Request(inJSON, nil, []byte(`{"level":null}`), &fields{}))
	require.Error(t, decode.Request(inJSON, nil, []byte(`{"level":"5"}`), &fields{}))
	require.Error(t, decode.Request("", []byte("level="), nil, &fields{}))
	require.Error(t, decode.Request("", []byte("ends=True"), nil, &fields{}))
}

// One field is found in whatever else a body has, and twice it is refused.
func TestFieldAmongOthers(t *testing.T) {
	const name = "auth_token"
	many, once := []string{name, "t"}, []string{"image", strings.Repeat("x", 1<<20), "x", "", name, "t"}
	for len(many) < 2*100 {
		many = append(many, "x", "")
	}
	longType, long := formOf(t, many...)
	onceType, form := formOf(t, once...)
	twiceType, twice := formOf(t, name, "t", name, "u")
	type c struct{ contentType, body string }
	for _, c := range []c{{onceType, form}, {inJSON, `{"image":["***"],"other":{"auth_token":"u"},"auth_token":"t"}`}, {byBrowser, "a=1&a=2&auth_token=t"}} {
		text, err := decode.Field(c.contentType, []byte(c.body), name)
		require.NoError(t, err)
		require.Equal(t, "t", text)
	}
	for _, c := range []c{
		{longType, long},
		{twiceType, twice},
		{onceType, form[:len(form)-10]},
		{inJSON, `{"auth_token":"t","auth_token":"u"}`},
		{inJSON, `{"auth_token":["t"]}`},
		{inJSON, `{"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `,"auth_token":"t"}`},
		{inJSON, `{` + strings.Repeat(`"a":1,`, 2) + `"auth_token":"t"}`},
		{inJSON, `{"auth_token":"t"} {"auth_token":"u"}`},
		{byBrowser, "auth_token=t&auth_token=u"},
		{byBrowser, "auth_token=%zz"},
		{byBrowser, strings.Repeat("a=1&", 100) + "auth_token=t"},
	} {
		_, err := decode.Field(c.contentType, []byte(c.body), name)
		var fault *decode.Error
		require.ErrorAs(t, err, &fault, "%.60s", c.body)
	}
	var all strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&all, `"f%d":1,`, i)
	}
	_, err := decode.Field(inJSON, []byte(`{`+all.String()+`"auth_token":"t"}`), name)
	require.ErrorContains(t, err, "more than 64 fields")
}

// A form that breaks off anywhere is refused, and not taken for a shorter one.
func TestFormsThatBreakOff(t *testing.T) {
	contentType, form := formOf(t, "email", "a@b", "ends", "true")
	whole := strings.LastIndex(form, "--") + len("--")
	for n := 1; n < whole; n++ {
		var r texts
		require.Error(t, decode.Fields(contentType, []byte(form[:n]), &r), "%q", form[:n])
		_, err := decode.Field(contentType, []byte(form[:n]), "other")
		require.Error(t, err, "%q", form[:n])
		require.Error(t, decode.Request(contentType, nil, []byte(form[:n]), &fielded{}), "%q", form[:n])
	}
	require.NoError(t, decode.Fields(contentType, []byte(form[:whole]), &texts{}))
}

// Neither form of a body panics, and what one field is does not depend on whether
// it is asked for alone.
func FuzzFields(f *testing.F) {
	f.Add(inJSON, `{"email":"a","ends":true}`)
	f.Add(byBrowser, "email=a&ends=true")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		var r texts
		all := decode.Fields(contentType, []byte(body), &r)
		text, err := decode.Field(contentType, []byte(body), "email")
		if all == nil {
			require.NoError(t, err)
			require.Equal(t, r.Email, text)
		}
	})
}
