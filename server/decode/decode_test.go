package decode_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/server/decode"
	"oneton/store"
)

// request has a field of every kind that a request may have.
type request struct {
	Name      string              `param:"name"`
	Photo     decode.Photo        `param:"photo,required"`
	K         *int                `param:"k"`
	Threshold *float64            `param:"threshold"`
	Deep      bool                `param:"deep"`
	Metadata  map[string]string   `param:"metadata"`
	Filter    map[string][]string `param:"filter"`
	Policy    struct {
		FPIR *float64 `param:"fpir"`
		Mode *string  `param:"mode"`
	} `param:"policy"`
	Ignored string
}

type several struct {
	ID     *string       `param:"id"`
	Photos decode.Photos `param:"photo,required"`
}

// photoBytes is AAECAwQ= in base64.
var photoBytes = []byte{0, 1, 2, 3, 4}

func ptr[T any](v T) *T { return &v }

func whole() request {
	r := request{
		Name: "ada", Photo: photoBytes, K: ptr(5), Threshold: ptr(-0.25), Deep: true,
		Metadata: map[string]string{"team": "a", "": "empty", "Ünïcode": "\"\\\n<>"},
		Filter:   map[string][]string{"team": {"a", "b"}, "none": {}},
	}
	r.Policy.FPIR, r.Policy.Mode = ptr(1e-3), ptr("off")
	return r
}

const wholeJSON = ` { "name":"ada", "photo":"AAECAwQ=", "k":5, "threshold":-0.25, "deep":true,
	"metadata":{"team":"a","":"empty","Ünïcode":"\"\\\n<>"}, "filter":{"team":["a","b"],"none":[]},
	"policy":{"fpir":1e-3,"mode":"off"} } `

// One request is the same in each of its forms.
func TestFormsAreAlike(t *testing.T) {
	parameters := url.Values{
		"name": {"ada"}, "k": {"5"}, "threshold": {"-0.25"}, "deep": {"true"},
		"metadata": {`{"team":"a","":"empty","Ünïcode":"\"\\\n<>"}`}, "filter": {`{"team":["a","b"],"none":[]}`},
		"policy": {`{"fpir":1e-3,"mode":"off"}`},
	}
	contentType, form := multipartOf(t, parameters, "photo", photoBytes)
	for name, c := range map[string]struct {
		contentType string
		query       string
		body        string
	}{
		"JSON":                   {"application/json", "", wholeJSON},
		"JSON with a charset":    {"application/json; charset=utf-8", "", wholeJSON},
		"JSON with a query":      {"application/json", parameters.Encode(), `{"photo":"AAECAwQ="}`},
		"multipart":              {contentType, "", form},
		"raw image with a query": {"image/jpeg", parameters.Encode(), string(photoBytes)},
		"data URL":               {"application/json", parameters.Encode(), `{"photo":"data:image/png;base64,AAECAwQ="}`},
		"base64 without padding": {"application/json", parameters.Encode(), `{"photo":"AAECAwQ"}`},
		"base64 in lines":        {"application/json", parameters.Encode(), `{"photo":"AAEC\r\nAwQ=\r\n"}`},
		"base64 with escapes":    {"application/json", parameters.Encode(), `{"photo":"\u0041AECAwQ="}`},
	} {
		t.Run(name, func(t *testing.T) {
			var got request
			require.NoError(t, decode.Request(c.contentType, []byte(c.query), []byte(c.body), &got))
			require.Equal(t, whole(), got)
		})
	}
}

// No field, whatever its type and wherever it stands, takes null.
func TestNullIsNoValue(t *testing.T) {
	for path, member := range map[string]string{
		"name": `"name":null`, "k": `"k":null`, "threshold": `"threshold":null`, "deep": `"deep":null`,
		"metadata": `"metadata":null`, "metadata.a": `"metadata":{"a":null}`, "filter": `"filter":null`,
		"filter.a": `"filter":{"a":["b",null]}`, "policy": `"policy":null`, "policy.fpir": `"policy":{"fpir":null}`,
		"policy.mode": `"policy":{"mode":null}`, "photo": `"photo":null`,
	} {
		var got request
		var fault *decode.Error
		body := `{"photo":"AAECAwQ=",` + member + `}`
		if path == "photo" {
			body = `{` + member + `}`
		}
		require.ErrorAs(t, decode.JSON("application/json", []byte(body), &got), &fault)
		require.Equal(t, path, fault.Field)
		require.Contains(t, fault.Reason, "null")
	}
	var got request
	require.Error(t, decode.Request("image/png", []byte("k=null"), photoBytes, &got))
	var photos several
	require.Error(t, decode.JSON("application/json", []byte(`{"photo":["AQ==",null]}`), &photos))
}

// One number has many texts, and so has none that is not whole.
func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]int{
		"5": 5, "5.0": 5, "5.000": 5, "5e0": 5, "5E+0": 5, "0.5e1": 5, "50e-1": 5, "500.0e-2": 5, "-5.0": -5, "-0.0": 0, "0e999999999": 0,
		"9007199254740993.0": 9007199254740993, "9223372036854775807e0": 9223372036854775807, "-9223372036854775808.0": -9223372036854775808,
		"12e2": 1200, "0.0": 0, "100": 100,
	} {
		var got request
		require.NoError(t, decode.JSON("application/json", []byte(`{"photo":"AAECAwQ=","k":`+text+`}`), &got), text)
		require.Equal(t, want, *got.K, text)
		var form request
		require.NoError(t, decode.Request("image/png", []byte("k="+url.QueryEscape(text)), photoBytes, &form), text)
		require.Equal(t, want, *form.K, text)
	}
	for _, text := range []string{
		"5.5", "4.9999999999999999999", "5e-1", "1e999999999", "1e-999999999", "9223372036854775808.0", "1e19",
		"5.", ".5", "5e", "05.0", "+5", "0x5", "5_0", "1e1e1", "5.0.0", "--5", "Infinity", `"5.0"`,
	} {
		var got request
		var fault *decode.Error
		require.ErrorAs(t, decode.JSON("application/json", []byte(`{"photo":"AAECAwQ=","k":`+text+`}`), &got), &fault, text)
		require.Equal(t, "k", fault.Field)
	}
}

// JSON may come with the mark that some systems write before any text.
func TestByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	var got, form request
	require.NoError(t, decode.JSON("application/json", []byte(mark+wholeJSON), &got))
	require.Equal(t, whole(), got)
	contentType, body := multipartOf(t, url.Values{"metadata": {mark + ` {"a":"b"}`}, "name": {mark}}, "photo", photoBytes)
	require.NoError(t, decode.Request(contentType, nil, []byte(body), &form))
	require.Equal(t, map[string]string{"a": "b"}, form.Metadata)
	require.Equal(t, mark, form.Name, "a text is what it is")
	for _, broken := range []string{mark, mark + mark + wholeJSON, wholeJSON + mark, "\xef\xbb" + wholeJSON, "\xfe\xff{}"} {
		require.Error(t, decode.JSON("application/json", []byte(broken), &got))
	}
}

func TestSeveralPhotos(t *testing.T) {
	contentType, form := multipartOf(t, url.Values{"id": {"ada"}}, "photo", []byte{1}, []byte{2})
	for name, c := range map[string]struct{ contentType, body string }{
		"a list":         {"application/json", `{"id":"ada","photo":["AQ==","Ag=="]}`},
		"repeated parts": {contentType, form},
	} {
		t.Run(name, func(t *testing.T) {
			var got several
			require.NoError(t, decode.Request(c.contentType, nil, []byte(c.body), &got))
			require.Equal(t, several{ID: ptr("ada"), Photos: decode.Photos{{1}, {2}}}, got)
		})
	}
	var one several
	require.NoError(t, decode.Request("image/png", []byte("id=ada"), []byte{1}, &one))
	require.Equal(t, several{ID: ptr("ada"), Photos: decode.Photos{{1}}}, one)
}

func TestRefusedJSON(t *testing.T) {
	for name, c := range map[string]struct{ body, field string }{
		"nothing":                      {``, "photo"},
		"not JSON":                     {`photo=x`, ""},
		"a list":                       {`[]`, ""},
		"null":                         {`null`, ""},
		"two values":                   {`{"photo":"AAECAwQ="}{}`, ""},
		"trailing text":                {`{"photo":"AAECAwQ="} x`, ""},
		"trailing NUL":                 {"{\"photo\":\"AAECAwQ=\"}\x00", ""},
		"cut short":                    {`{"photo":"AAECAwQ="`, ""},
		"cut in a string":              {`{"photo":"AAECAw`, "photo"},
		"no comma":                     {`{"photo":"AAECAwQ=" "k":1}`, ""},
		"trailing comma":               {`{"photo":"AAECAwQ=",}`, ""},
		"single quotes":                {`{'photo':'AAECAwQ='}`, ""},
		"comment":                      {`{"photo":"AAECAwQ=" /* */}`, ""},
		"not UTF-8":                    {"{\"photo\":\"AAECAwQ=\",\"name\":\"\xff\"}", ""},
		"control character":            {"{\"photo\":\"AAECAwQ=\",\"name\":\"a\nb\"}", "name"},
		"unknown field":                {`{"photo":"AAECAwQ=","colour":"red"}`, "colour"},
		"field in another case":        {`{"Photo":"AAECAwQ="}`, "Photo"},
		"field without a tag":          {`{"photo":"AAECAwQ=","Ignored":"x"}`, "Ignored"},
		"field given twice":            {`{"photo":"AAECAwQ=","k":1,"k":1}`, "k"},
		"twice with an escape":         {`{"photo":"AAECAwQ=","k":1,"\u006b":2}`, "k"},
		"no photo":                     {`{"name":"ada"}`, "photo"},
		"null photo":                   {`{"photo":null}`, "photo"},
		"empty photo":                  {`{"photo":""}`, "photo"},
		"photo of padding":             {`{"photo":"===="}`, "photo"},
		"photo that is a number":       {`{"photo":7}`, "photo"},
		"photo that is a list":         {`{"photo":["AAECAwQ="]}`, "photo"},
		"bad base64":                   {`{"photo":"AAEC*wQ="}`, "photo"},
		"base64 of impossible length":  {`{"photo":"AAECA"}`, "photo"},
		"padding in the middle":        {`{"photo":"AA==AAAA"}`, "photo"},
		"data URL without base64":      {`{"photo":"data:image/png,AAEC"}`, "photo"},
		"data URL without data":        {`{"photo":"data:image/png;base64"}`, "photo"},
		"raw line break in the photo":  {"{\"photo\":\"AAEC\nAwQ=\"}", "photo"},
		"number as text":               {`{"photo":"AAECAwQ=","k":"5"}`, "k"},
		"fraction for a whole number":  {`{"photo":"AAECAwQ=","k":5.5}`, "k"},
		"number out of range":          {`{"photo":"AAECAwQ=","k":99999999999999999999}`, "k"},
		"number beyond a float":        {`{"photo":"AAECAwQ=","threshold":1e999}`, "threshold"},
		"NaN":                          {`{"photo":"AAECAwQ=","threshold":NaN}`, "threshold"},
		"leading zero":                 {`{"photo":"AAECAwQ=","k":05}`, "k"},
		"text for a truth":             {`{"photo":"AAECAwQ=","deep":"true"}`, "deep"},
		"number for a text":            {`{"photo":"AAECAwQ=","name":1}`, "name"},
		"metadata that is a list":      {`{"photo":"AAECAwQ=","metadata":[]}`, "metadata"},
		"metadata that nests":          {`{"photo":"AAECAwQ=","metadata":{"a":{"b":"c"}}}`, "metadata.a"},
		"metadata with a null":         {`{"photo":"AAECAwQ=","metadata":{"a":null}}`, "metadata.a"},
		"metadata key twice":           {`{"photo":"AAECAwQ=","metadata":{"a":"1","a":"2"}}`, "metadata.a"},
		"filter that is no list":       {`{"photo":"AAECAwQ=","filter":{"a":"b"}}`, "filter.a"},
		"filter of numbers":            {`{"photo":"AAECAwQ=","filter":{"a":[1]}}`, "filter.a"},
		"unknown field further down":   {`{"photo":"AAECAwQ=","policy":{"fmr":1}}`, "policy.fmr"},
		"wrong type further down":      {`{"photo":"AAECAwQ=","policy":{"fpir":"low"}}`, "policy.fpir"},
		"brackets that do not match":   {`{"photo":"AAECAwQ=","filter":{"a":["b"}]}`, "filter.a"},
		"list with a trailing comma":   {`{"photo":"AAECAwQ=","filter":{"a":["b",]}}`, "filter.a"},
		"long unknown name":            {`{"` + strings.Repeat("x", 1000) + `":1}`, strings.Repeat("x", 64) + "…"},
		"unknown name, not to be read": {`{"a\u0001\u202eb":1}`, "a??b"},
		"NUL in a name":                {`{"a\u0000b":1}`, ""},
		"NUL in a text":                {`{"photo":"AAECAwQ=","name":"a\u0000b"}`, "name"},
		"NUL in a key":                 {`{"photo":"AAECAwQ=","metadata":{"\u0000":"a"}}`, "metadata"},
		"NUL in a value":               {`{"photo":"AAECAwQ=","metadata":{"a":"\u0000"}}`, "metadata.a"},
		"NUL in a list":                {`{"photo":"AAECAwQ=","filter":{"a":["\u0000"]}}`, "filter.a"},
		"a high surrogate alone":       {`{"photo":"AAECAwQ=","name":"\ud800"}`, "name"},
		"a low surrogate alone":        {`{"photo":"AAECAwQ=","name":"x\uDFFFx"}`, "name"},
		"surrogates the wrong way":     {`{"photo":"AAECAwQ=","name":"\udc00\ud800"}`, "name"},
		"two high surrogates":          {`{"photo":"AAECAwQ=","name":"\ud83d\ud83d\ude00"}`, "name"},
		"a surrogate before a letter":  {`{"photo":"AAECAwQ=","name":"\ud83d\n"}`, "name"},
		"a surrogate at the end":       {`{"photo":"AAECAwQ=","metadata":{"a":"\\\ud83d"}}`, "metadata.a"},
		"a surrogate in a key":         {`{"photo":"AAECAwQ=","metadata":{"\ud800":"a"}}`, "metadata"},
		"a surrogate in a name":        {`{"\ud800":1}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var r request
			err := decode.Request("application/json", nil, []byte(c.body), &r)
			var fault *decode.Error
			require.ErrorAs(t, err, &fault)
			require.Equal(t, c.field, fault.Field)
			require.NotContains(t, err.Error(), "decode_test", "no Go type is named")
			require.NotContains(t, err.Error(), "json:")
		})
	}
}

func TestRefusedForms(t *testing.T) {
	contentType, photo := multipartOf(t, nil, "photo", photoBytes)
	_, twice := multipartOf(t, nil, "photo", photoBytes, photoBytes)
	_, unknown := multipartOf(t, url.Values{"colour": {"red"}}, "photo", photoBytes)
	_, wrong := multipartOf(t, url.Values{"k": {"five"}}, "photo", photoBytes)
	_, empty := multipartOf(t, nil, "photo", nil)
	_, long := multipartOf(t, url.Values{"name": {strings.Repeat("x", 1<<20)}}, "photo", photoBytes)
	_, nul := multipartOf(t, url.Values{"name": {"a\x00"}}, "photo", photoBytes)
	_, notUTF8 := multipartOf(t, url.Values{"name": {"\xff"}}, "photo", photoBytes)
	_, many := multipartOf(t, nil, "photo", make([][]byte, 1000)...)
	for name, c := range map[string]struct{ contentType, query, body, field string }{
		"photo twice":              {contentType, "", twice, "photo"},
		"unknown part":             {contentType, "", unknown, "colour"},
		"wrong type":               {contentType, "", wrong, "k"},
		"empty photo":              {contentType, "", empty, "photo"},
		"long text":                {contentType, "", long, "name"},
		"many parts":               {contentType, "", many, "photo"},
		"no boundary":              {"multipart/form-data", "", photo, ""},
		"another boundary":         {"multipart/form-data; boundary=other", "", photo, ""},
		"cut short":                {contentType, "", photo[:len(photo)-10], ""},
		"no parts":                 {contentType, "", "--the-boundary--\r\n", "photo"},
		"empty":                    {contentType, "", "", "photo"},
		"cut between parts":        {contentType, "", photo[:strings.LastIndex(photo, "--the-boundary")], ""},
		"part without a name":      {contentType, "", "--the-boundary\r\n\r\nx\r\n--the-boundary--\r\n", ""},
		"query and form":           {contentType, "name=a&name=b", photo, "name"},
		"unknown query":            {contentType, "colour=red", photo, "colour"},
		"photo in the query":       {"application/json", "photo=AAECAwQ", `{}`, "photo"},
		"malformed query":          {"application/json", "name=%zz", `{"photo":"AAECAwQ="}`, ""},
		"query that is not UTF-8":  {"application/json", "name=%ff", `{"photo":"AAECAwQ="}`, "name"},
		"query and JSON disagree":  {"application/json", "k=1", `{"photo":"AAECAwQ=","k":1}`, "k"},
		"empty raw image":          {"image/jpeg", "", "", "photo"},
		"empty number":             {"image/jpeg", "k=", "x", "k"},
		"nothing at all":           {"", "", "", "photo"},
		"unfinished object":        {"image/jpeg", `filter={"a"`, "x", "filter"},
		"query in another case":    {"image/jpeg", "K=1", "x", "K"},
		"name of control letters":  {"image/jpeg", "%00%0a=1", "x", "??"},
		"NUL in the query":         {"image/jpeg", "name=a%00", "x", "name"},
		"NUL in an object":         {"image/jpeg", "metadata=" + url.QueryEscape(`{"a":"\u0000"}`), "x", "metadata.a"},
		"surrogate in the query":   {"image/jpeg", "name=%ed%a0%80", "x", "name"},
		"NUL in a part":            {contentType, "", nul, "name"},
		"part that is not UTF-8":   {contentType, "", notUTF8, "name"},
		"name that is not UTF-8":   {contentType, "", "--the-boundary\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--the-boundary--\r\n", "?"},
		"object with a raw suffix": {"image/jpeg", `metadata={}{}`, "x", "metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			var r request
			err := decode.Request(c.contentType, []byte(c.query), []byte(c.body), &r)
			var fault *decode.Error
			require.ErrorAs(t, err, &fault)
			require.Equal(t, c.field, fault.Field, fault.Reason)
		})
	}
}

func TestUnsupportedMediaTypes(t *testing.T) {
	for name, contentType := range map[string]string{
		"none": "", "text": "text/plain", "curl's default": "application/x-www-form-urlencoded",
		"malformed": "image", "XML": "application/xml", "JSON's kin": "application/problem+json",
	} {
		t.Run(name, func(t *testing.T) {
			var r request
			require.ErrorIs(t, decode.Request(contentType, nil, []byte("x"), &r), decode.ErrMediaType)
		})
	}
	var noPhoto struct {
		Name string `param:"name"`
	}
	require.ErrorIs(t, decode.Request("image/png", nil, []byte("x"), &noPhoto), decode.ErrMediaType)
	contentType, form := multipartOf(t, url.Values{"name": {"ada"}}, "photo")
	require.ErrorIs(t, decode.Request(contentType, nil, []byte(form), &noPhoto), decode.ErrMediaType)
	var two struct {
		Photo     decode.Photo `param:"photo,required"`
		Reference decode.Photo `param:"reference,required"`
	}
	require.ErrorIs(t, decode.Request("image/png", nil, []byte("x"), &two), decode.ErrMediaType)
}

// A refused type is answered with those that the same call takes.
func TestMediaTypesOffered(t *testing.T) {
	var photo request
	var two struct {
		Photo     decode.Photo `param:"photo,required"`
		Reference decode.Photo `param:"reference,required"`
	}
	var none struct {
		Name string `param:"name"`
	}
	for _, c := range []struct {
		into    any
		accepts []string
	}{
		{&photo, []string{"application/json", "multipart/form-data", "image/*"}},
		{&two, []string{"application/json", "multipart/form-data"}},
		{&none, []string{"application/json"}},
	} {
		var refused *decode.MediaTypeError
		require.ErrorAs(t, decode.Request("text/plain", nil, []byte("x"), c.into), &refused)
		require.Equal(t, c.accepts, refused.Accepts)
	}
	require.ErrorIs(t, decode.JSON("multipart/form-data", []byte(`{}`), &none), decode.ErrMediaType)
}

// Texts are read as they were written, whatever they look like.
func TestTextsAreKept(t *testing.T) {
	for raw, want := range map[string]string{
		`"\ud83d\ude00"`: "\U0001f600", `"\uDBFF\udfff"`: "\U0010ffff", `"\\ud800"`: `\ud800`, `"\\\\ud800"`: `\\ud800`,
		`"\ufffd"`: "\ufffd", "\"\ufffd\"": "\ufffd", `"\uFFFE\uffff"`: "\ufffe\uffff", `"\u0001"`: "\x01",
		`"\u00e9"`: "é", `"e\u0301"`: "e\u0301", `" a "`: " a ", `"\ud83d\ude00\ud83d\ude01"`: "\U0001f600\U0001f601",
	} {
		var got struct {
			Name string            `param:"name"`
			Map  map[string]string `param:"map"`
		}
		require.NoError(t, decode.JSON("application/json", []byte(`{"name":`+raw+`,"map":{`+raw+`:`+raw+`}}`), &got), raw)
		require.Equal(t, want, got.Name, raw)
		require.Equal(t, map[string]string{want: want}, got.Map, raw)
	}
}

// What is no JSON object is told what it is, and where it stops being JSON.
func TestRefusedBodiesSayWhy(t *testing.T) {
	for body, says := range map[string]string{
		"":                        "the request has an empty body; send a JSON object",
		" \n":                     "the request has an empty body; send a JSON object",
		"photo=x":                 "the request is not JSON, from byte 1 on",
		"[]":                      "the request must be a JSON object, and not a list, a text, a number or the like",
		"7":                       "the request must be a JSON object, and not a list, a text, a number or the like",
		`{"name":"a" "b":1}`:      "the request is not valid JSON, from byte 13 on",
		`{"name":"a"} x`:          "the request has something after its end, from byte 14 on",
		`{"colour":1}`:            "colour is not a field of this request, whose fields are deep, filter, k, metadata, name, photo, policy, threshold",
		`{"policy":{"x":1}}`:      "policy.x is not a field of this request, whose fields are fpir, mode",
		`{"metadata":{"a":true}}`: "metadata.a must be a string",
	} {
		var r request
		require.EqualError(t, decode.JSON("application/json", []byte(body), &r), says, body)
	}
}

// A part of no field is told as one, however long it is: most often it is a photo under
// another name.
func TestPartsOfNoField(t *testing.T) {
	contentType, form := multipartOf(t, nil, "selfie", make([]byte, 1<<20))
	var r several
	require.EqualError(t, decode.Request(contentType, nil, []byte(form), &r), "selfie is not a field of this request, whose fields are id, photo")
}

// A bomb costs no more than reading it: nothing is built of what is refused.
func TestBombsAreCheap(t *testing.T) {
	const size = 16 << 20
	fill := func(prefix, unit string) []byte { return []byte(prefix + strings.Repeat(unit, size/len(unit))) }
	contentType, _ := multipartOf(t, nil, "photo", photoBytes)
	for name, c := range map[string]struct {
		contentType string
		body        []byte
	}{
		"deep lists":          {"application/json", fill("", "[")},
		"deep in a field":     {"application/json", fill(`{"filter":`, "[")},
		"deep objects":        {"application/json", fill(`{"metadata":`, `{"a":`)},
		"wide list":           {"application/json", append(fill(`{"filter":{"a":[`, `"",`), []byte(`""]}}`)...)},
		"wide list of photo":  {"application/json", append(fill(`{"photo":[`, `0,`), []byte(`0]}`)...)},
		"wide list of photos": {"application/json", append(fill(`{"photo":[`, `"AAAA",`), []byte(`"AAAA"]}`)...)},
		"wide object":         {"application/json", append(fill(`{"metadata":{`, `"a":"",`), []byte(`"b":""}}`)...)},
		"long number":         {"application/json", append(fill(`{"k":`, "9"), '}')},
		"long name":           {"application/json", append(fill(`{"`, "x"), []byte(`":1}`)...)},
		"backslashes":         {"application/json", fill(`{"`, `\`)},
		"quotes":              {"application/json", fill(`{"name":`, `"`)},
		"parts":               {contentType, fill("", "--the-boundary\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n\r\n")},
		"part headers":        {contentType, fill("--the-boundary\r\n", "X: y\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var r several
			require.Error(t, decode.Request(c.contentType, nil, c.body, &r))
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*size))
		})
	}
}

// The caller's buffers may be used again, but for a body that is a photo.
func TestNothingIsShared(t *testing.T) {
	contentType, form := multipartOf(t, url.Values{"name": {"ada"}}, "photo", photoBytes)
	for name, c := range map[string]struct{ contentType, query, body string }{
		"JSON":      {"application/json", "", `{"name":"ada","photo":"AAECAwQ="}`},
		"multipart": {contentType, "", form},
		"raw":       {"image/png", "name=ada", string(photoBytes)},
	} {
		t.Run(name, func(t *testing.T) {
			query, body := []byte(c.query), []byte(c.body)
			var r request
			require.NoError(t, decode.Request(c.contentType, query, body, &r))
			clear(query)
			if name != "raw" {
				clear(body)
			}
			require.Equal(t, "ada", r.Name)
			require.Equal(t, decode.Photo(photoBytes), r.Photo)
		})
	}
}

// Whatever encoding/json writes is read back as it was.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Filter(store.ValidText)
		want := request{
			Name:     text.Draw(t, "name"),
			Photo:    rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "photo"),
			K:        ptr(rapid.Int().Draw(t, "k")),
			Deep:     rapid.Bool().Draw(t, "deep"),
			Metadata: rapid.MapOfN(text, text, 0, 5).Draw(t, "metadata"),
			Filter:   rapid.MapOfN(text, rapid.SliceOfN(text, 0, 3), 0, 3).Draw(t, "filter"),
		}
		body, err := json.Marshal(map[string]any{
			"name": want.Name, "photo": want.Photo, "k": want.K, "deep": want.Deep,
			"metadata": want.Metadata, "filter": want.Filter,
		})
		require.NoError(t, err)
		var got request
		require.NoError(t, decode.JSON("application/json", body, &got))
		require.Equal(t, want, got)
	})
}

// FuzzJSON: what is accepted is valid JSON, and means what encoding/json says.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(wholeJSON))
	f.Add([]byte(`{"photo":"data:;base64,AAEC","filter":{"a":["b"]},"k":null}`))
	f.Add([]byte("\ufeff" + `{"photo":"AAEC","k":50.0e-1}`))
	f.Add([]byte(`{"photo":"AAEC\n","metadata":{"\u0061":"\ud800"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r request
		if decode.JSON("application/json", body, &r) != nil {
			return
		}
		var want struct {
			Name     string
			K        *json.Number
			Metadata map[string]string
			Filter   map[string][]string
			Photo    string
		}
		require.NoError(t, json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &want))
		require.Equal(t, want.Name, r.Name)
		texts := []string{r.Name}
		for k, v := range r.Metadata {
			texts = append(texts, k, v)
		}
		for _, text := range texts {
			require.True(t, store.ValidText(text), "%q", text)
			if strings.ContainsRune(text, '\ufffd') {
				require.Regexp(t, `(?i)\\ufffd|\x{fffd}`, string(body), "nothing is changed into U+FFFD")
			}
		}
		require.Equal(t, want.K == nil, r.K == nil)
		if want.K != nil {
			k, err := want.K.Float64()
			require.NoError(t, err)
			require.Equal(t, k, float64(*r.K))
		}
		require.Len(t, r.Metadata, len(want.Metadata))
		for k, v := range want.Metadata {
			require.Equal(t, v, r.Metadata[k])
		}
		for k, v := range want.Filter {
			require.ElementsMatch(t, v, r.Filter[k])
		}
		text := want.Photo
		if _, data, ok := strings.Cut(text, ";base64,"); ok {
			text = data
		}
		photo, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=\r\n"))
		require.NoError(t, err)
		require.Equal(t, photo, []byte(r.Photo))
	})
}

// FuzzRequest: no request, in whatever form, is more than an error.
func FuzzRequest(f *testing.F) {
	contentType, form := multipartOf(f, url.Values{"id": {"ada"}}, "photo", []byte{1}, []byte{2})
	f.Add(contentType, []byte("id=ada"), []byte(form))
	f.Add("image/png", []byte("id=ada"), photoBytes)
	f.Add("application/json", []byte(""), []byte(`{"photo":["AQ==","Ag=="]}`))
	f.Fuzz(func(t *testing.T, contentType string, query, body []byte) {
		var one request
		if err := decode.Request(contentType, query, body, &one); err == nil {
			require.NotEmpty(t, one.Photo)
		}
		var r several
		if err := decode.Request(contentType, query, body, &r); err == nil {
			require.NotEmpty(t, r.Photos)
			for _, p := range r.Photos {
				require.NotEmpty(t, p)
			}
		}
	})
}

func multipartOf(t testing.TB, parameters url.Values, field string, photos ...[]byte) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.SetBoundary("the-boundary"))
	for name, values := range parameters {
		for _, v := range values {
			require.NoError(t, w.WriteField(name, v))
		}
	}
	for i, photo := range photos {
		part, err := w.CreateFormFile(field, fmt.Sprintf("%d.jpg", i))
		require.NoError(t, err)
		_, err = part.Write(photo)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

// Clients whose requests are not ours may send more than there is, in each kind of body;
// what there is, is read as strictly as ever.
func TestKnownFieldsPassOverOthers(t *testing.T) {
	type fields struct {
		Photo decode.Photo `param:"photo"`
		Count *float64     `param:"count"`
	}
	contentType, multi := multipartOf(t, url.Values{"colour": {"red", "blue"}, "count": {"2"}}, "photo", photoBytes)
	_, twice := multipartOf(t, url.Values{"count": {"2", "3"}}, "photo", photoBytes)
	otherType, other := multipartOf(t, url.Values{"count": {"2"}}, "picture", photoBytes)
	for name, c := range map[string]struct {
		contentType string
		body        string
		photo       bool
	}{
		"json":      {"application/json", `{"photo":"AAECAwQ=","colour":{"r":[1]},"count":2}`, true},
		"multipart": {contentType, multi, true},
		"file":      {otherType, other, false},
	} {
		var got fields
		require.NoError(t, decode.KnownFields(c.contentType, []byte(c.body), &got), name)
		require.Equal(t, c.photo, got.Photo != nil, name)
		require.NotNil(t, got.Count, name)
		require.EqualValues(t, 2, *got.Count, name)
		require.Error(t, decode.Fields(c.contentType, []byte(c.body), &fields{}), name)
	}
	var got fields
	require.Error(t, decode.KnownFields(contentType, []byte(twice), &got))
	require.Error(t, decode.KnownFields("application/json", []byte(`{"colour":1,"count":"many"}`), &got))
	require.Error(t, decode.KnownFields("application/json", []byte(`{"colour":}`), &got))
}
