package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/native"
	"oneton/server/servertest"
)

// Every refusal says what is wrong, where, and with what it would be right.
func TestRefusalsSayWhatAndWhere(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	var ada struct{ Faces []struct{ ID string } }
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &ada)
	const (
		subjects = "/v1/galleries/staff/subjects"
		search   = "/v1/galleries/staff/search"
	)
	good, empty, crowd := text(servertest.Of(t, "ada", 2)), text(servertest.Photo(t)), text(servertest.Photo(t,
		servertest.Shown{Person: "ada"}, servertest.Shown{Person: "zoe"}))
	broken := text([]byte("\x89PNG\r\n\x1a\nbroken"))
	key := func(scopes ...string) string { return c.Key(t, "acme", scopes...) }
	ours := c.key
	for name, q := range map[string]struct {
		key, method, path string
		// body is sent as JSON, or as it is with a content type.
		body        any
		contentType string
		status      int
		code, field string
		says        []string
	}{
		"no key":            {"", "GET", "/v1/galleries", nil, "", 401, "unauthorized", "Authorization", []string{"Authorization: Bearer <API key>", "oneton key create"}},
		"no such key":       {"ot_0123456789abcdef_" + strings.Repeat("0", 52), "GET", "/v1/galleries", nil, "", 401, "unauthorized", "Authorization", []string{"unknown, wrong or revoked"}},
		"a token for a key": {"eyJhbGciOiJIUzI1NiJ9.e30.x", "GET", "/v1/galleries", nil, "", 401, "unauthorized", "Authorization", []string{"no API key", "ot_<id>_<secret>"}},

		"scope":           {key(native.ScopeSearch, native.ScopeRead), "GET", "/v1/galleries", nil, "", 403, "forbidden", "", []string{"the scope galleries", "this key has search, read"}},
		"scope of insert": {key(native.ScopeSearch), "POST", search, m{"photo": good, "insert": true}, "", 403, "forbidden", "insert", []string{"insert needs", "the scope enrol"}},

		"gallery":              {ours, "GET", "/v1/galleries/stuff", nil, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery to delete":    {ours, "DELETE", "/v1/galleries/stuff", nil, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery to change":    {ours, "PATCH", "/v1/galleries/stuff", m{"policy": m{"quality": "off"}}, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery to enrol in":  {ours, "POST", "/v1/galleries/stuff/subjects", m{"photo": good}, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery to search":    {ours, "POST", "/v1/galleries/stuff/search", m{"photo": good}, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery of subjects":  {ours, "GET", "/v1/galleries/stuff/subjects", nil, "", 404, "not_found", "gallery", []string{`no gallery "stuff"`}},
		"gallery of another":   {c.Key(t, "rival", "*"), "GET", "/v1/galleries/staff", nil, "", 404, "not_found", "gallery", []string{`no gallery "staff"`}},
		"gallery of nonsense":  {ours, "GET", "/v1/galleries/%00%0a%ff", nil, "", 404, "not_found", "gallery", []string{`"\x00\n\xff"`}},
		"gallery that is long": {ours, "GET", "/v1/galleries/" + strings.Repeat("x", 9000), nil, "", 404, "not_found", "gallery", []string{strings.Repeat("x", 128) + "…"}},
		"subject":              {ours, "GET", subjects + "/bob", nil, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject to change":    {ours, "PATCH", subjects + "/bob", m{"metadata": m{}}, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject to delete":    {ours, "DELETE", subjects + "/bob", nil, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject to add to":    {ours, "POST", subjects + "/bob/faces", m{"photo": good}, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject to compare":   {ours, "POST", subjects + "/bob/verify", m{"photo": good}, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject of a face":    {ours, "DELETE", subjects + "/bob/faces/x", nil, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"subject of photos":    {ours, "DELETE", subjects + "/bob/photos", nil, "", 404, "not_found", "subject", []string{`no subject "bob" in gallery "staff"`}},
		"face":                 {ours, "DELETE", subjects + "/ada/faces/x", nil, "", 404, "not_found", "face", []string{`no face "x" of subject "ada" in gallery "staff"`}},
		"face of a photo":      {ours, "GET", subjects + "/ada/faces/x/photo", nil, "", 404, "not_found", "face", []string{`no face "x" of subject "ada" in gallery "staff"`}},
		"photo":                {ours, "GET", subjects + "/ada/faces/" + ada.Faces[0].ID + "/photo", nil, "", 404, "not_found", "face", []string{`no kept photo of face`}},
		"photos":               {ours, "DELETE", subjects + "/ada/photos", nil, "", 404, "not_found", "subject", []string{`no kept photo of subject "ada" in gallery "staff"`}},
		"taken gallery":        {ours, "POST", "/v1/galleries", m{"name": "staff"}, "", 409, "already_exists", "name", []string{`already a gallery "staff"`}},
		"taken id":             {ours, "POST", subjects, m{"id": "ada", "photo": good}, "", 409, "already_exists", "id", []string{`already a subject "ada" in gallery "staff"`}},
		"pack of a gallery":    {ours, "POST", "/v1/galleries", m{"name": "x", "pack": "best"}, "", 422, "unknown_pack", "pack", []string{`pack "best"`, "loaded are " + servertest.Pack}},
		"pack of a comparison": {ours, "POST", "/v1/verify", m{"photo": good, "reference": good, "pack": "best"}, "", 422, "unknown_pack", "pack", []string{`pack "best"`, "loaded are " + servertest.Pack}},
		"pack of a detection":  {ours, "POST", "/v1/detect", m{"photo": good, "pack": "best"}, "", 422, "unknown_pack", "pack", []string{`pack "best"`, "loaded are " + servertest.Pack}},
		"name":                 {ours, "POST", "/v1/galleries", m{"name": "../x"}, "", 400, "invalid_request", "name", []string{"name must be 1 to 128 letters"}},
		"id":                   {ours, "POST", subjects, m{"id": "a b", "photo": good}, "", 400, "invalid_request", "id", []string{"id must be 1 to 128 letters"}},
		"rate of a policy":     {ours, "POST", "/v1/galleries", m{"name": "x", "policy": m{"fpir": 2}}, "", 400, "invalid_request", "policy.fpir", []string{"policy.fpir must lie between 0 and 1"}},
		"gate of a policy":     {ours, "PATCH", "/v1/galleries/staff", m{"policy": m{"quality": "on"}}, "", 400, "invalid_request", "policy.quality", []string{"off, report or enforce"}},
		"retention":            {ours, "PATCH", "/v1/galleries/staff", m{"policy": m{"retention_seconds": -1}}, "", 400, "invalid_request", "policy.retention_seconds", []string{"3153600000"}},
		"metadata's value":     {ours, "PATCH", subjects + "/ada", m{"metadata": m{"floor": strings.Repeat("x", 257)}}, "", 400, "invalid_request", "metadata.floor", []string{"257 bytes", "at most 256"}},
		"metadata's key":       {ours, "PATCH", subjects + "/ada", m{"metadata": m{strings.Repeat("x", 65): ""}}, "", 400, "invalid_request", "metadata", []string{"65 bytes", "1 to 64"}},
		"metadata of a number": {ours, "PATCH", subjects + "/ada", m{"metadata": m{"floor": 3}}, "", 400, "invalid_request", "metadata.floor", []string{"must be a string"}},
		"k":                    {ours, "POST", search, m{"photo": good, "k": 101}, "", 400, "invalid_request", "k", []string{"k must be 1 to 100"}},
		"k of nothing":         {ours, "POST", search, m{"photo": good, "k": 0}, "", 400, "invalid_request", "k", []string{"k must be"}},
		"fpir":                 {ours, "POST", search, m{"photo": good, "fpir": 1}, "", 400, "invalid_request", "fpir", []string{"between 0 and 1"}},
		"fmr":                  {ours, "POST", subjects + "/ada/verify", m{"photo": good, "fmr": 0}, "", 400, "invalid_request", "fmr", []string{"between 0 and 1"}},
		"threshold":            {ours, "POST", search, m{"photo": good, "threshold": 2}, "", 400, "invalid_request", "threshold", []string{"cosine, -1 to 1"}},
		"insert and all":       {ours, "POST", search, m{"photo": good, "insert": true, "all_faces": true}, "", 400, "invalid_request", "insert", []string{"excludes all_faces"}},
		"insert and filter":    {ours, "POST", search, m{"photo": good, "insert": true, "filter": m{"a": []string{"b"}}}, "", 400, "invalid_request", "insert", []string{"excludes filter"}},
		"photos of all":        {ours, "POST", search, m{"photo": []string{good, good}, "all_faces": true}, "", 400, "invalid_request", "all_faces", []string{"one photo, and not 2"}},
		"too many probes":      {ours, "POST", search, m{"photo": []string{good, good, good, good, good, good}}, "", 400, "invalid_request", "photo", []string{"6 times", "1 to 5"}},
		"limit":                {ours, "GET", "/v1/galleries?limit=0", nil, "", 400, "invalid_request", "limit", []string{"1 to 1000"}},
		"unknown field":        {ours, "POST", "/v1/galleries", m{"title": "x"}, "", 400, "invalid_request", "title", []string{"whose fields are name, pack, policy"}},
		"unknown parameter":    {ours, "GET", "/v1/galleries?page=2", nil, "", 400, "invalid_request", "page", []string{"whose fields are after, limit"}},
		"nothing sent":         {ours, "POST", "/v1/galleries", nil, "", 400, "invalid_request", "name", []string{"name is required"}},
		"no photo sent":        {ours, "POST", search, nil, "", 400, "invalid_request", "photo", []string{"photo is required"}},
		"no JSON":              {ours, "POST", "/v1/galleries", "name=x", "application/json", 400, "invalid_request", "", []string{"not JSON, from byte 2 on"}},
		"a list":               {ours, "POST", "/v1/galleries", "[]", "application/json", 400, "invalid_request", "", []string{"must be a JSON object"}},
		"spaces":               {ours, "POST", "/v1/galleries", "  ", "application/json", 400, "invalid_request", "", []string{"empty body"}},
		"half an object":       {ours, "POST", "/v1/galleries", `{"name":"x"`, "application/json", 400, "invalid_request", "", []string{"not valid JSON, from byte"}},
		"a form for JSON":      {ours, "POST", "/v1/galleries", "name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type", "", []string{"must be application/json, named"}},
		"an image for JSON":    {ours, "PATCH", "/v1/galleries/staff", "x", "image/png", 415, "unsupported_media_type", "", []string{"must be application/json, named"}},
		"text for a photo":     {ours, "POST", search, "x", "text/plain", 415, "unsupported_media_type", "", []string{"application/json or multipart/form-data or image/*"}},
		"image for two":        {ours, "POST", "/v1/verify", "x", "image/png", 415, "unsupported_media_type", "", []string{"must be application/json or multipart/form-data, named"}},
		"no type":              {ours, "POST", search, "x", "", 415, "unsupported_media_type", "", []string{"named by Content-Type"}},

		"no face":                 {ours, "POST", search, m{"photo": empty}, "", 422, "no_face", "photo", nil},
		"no face to enrol":        {ours, "POST", subjects, m{"photo": []string{good, empty}}, "", 422, "no_face", "photo[1]", nil},
		"no face to add":          {ours, "POST", subjects + "/ada/faces", m{"photo": []string{empty}}, "", 422, "no_face", "photo", nil},
		"no face in any":          {ours, "POST", search, m{"photo": empty, "all_faces": true}, "", 422, "no_face", "photo", nil},
		"no face in the photo":    {ours, "POST", "/v1/verify", m{"photo": empty, "reference": good}, "", 422, "no_face", "photo", nil},
		"none in the reference":   {ours, "POST", "/v1/verify", m{"photo": good, "reference": empty}, "", 422, "no_face", "reference", nil},
		"none to compare":         {ours, "POST", subjects + "/ada/verify", m{"photo": empty}, "", 422, "no_face", "photo", nil},
		"crowd in the photo":      {ours, "POST", "/v1/verify", m{"photo": crowd, "reference": good}, "", 422, "several_faces", "photo", []string{"2 faces"}},
		"crowd in the reference":  {ours, "POST", "/v1/verify", m{"photo": good, "reference": crowd}, "", 422, "several_faces", "reference", []string{"2 faces"}},
		"broken photo":            {ours, "POST", "/v1/verify", m{"photo": broken, "reference": good}, "", 422, "corrupt_image", "photo", nil},
		"broken reference":        {ours, "POST", "/v1/verify", m{"photo": good, "reference": broken}, "", 422, "corrupt_image", "reference", nil},
		"broken photo to detect":  {ours, "POST", "/v1/detect", m{"photo": broken}, "", 422, "corrupt_image", "photo", nil},
		"text for a reference":    {ours, "POST", "/v1/verify", m{"photo": good, "reference": text([]byte("hello"))}, "", 415, "unsupported_media_type", "reference", []string{"the file is text; send a JPEG"}},
		"a HEIC":                  {ours, "POST", search, m{"photo": text([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))}, "", 415, "unsupported_media_type", "photo", []string{"the file is a HEIC; send a JPEG, as iPhones take"}},
		"a PDF as it is":          {ours, "POST", search, "%PDF-1.7", "image/jpeg", 415, "unsupported_media_type", "photo", []string{"the file is a PDF; send the picture in it as a JPEG"}},
		"base64 as it is":         {ours, "POST", search, "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMC", "image/jpeg", 415, "unsupported_media_type", "photo", []string{"base64 text of a JPEG; send the bytes"}},
		"base64 of nothing":       {ours, "POST", "/v1/verify", m{"photo": good, "reference": "!"}, "", 400, "invalid_request", "reference", []string{"not valid base64"}},
		"a route that is not":     {ours, "GET", "/v1/people", nil, "", 404, "not_found", "", nil},
		"a route outside the API": {"", "GET", "/people", nil, "", 404, "not_found", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var a servertest.Answer
			if body, ok := q.body.(string); ok {
				a = c.Do(t, q.key, q.method, q.path, q.contentType, []byte(body))
			} else {
				a = c.JSON(t, q.key, q.method, q.path, q.body)
			}
			p := a.Refused(t, q.status, q.code)
			require.Equal(t, q.field, p.Field, "%s", a.Body)
			for _, says := range q.says {
				require.Contains(t, p.Detail, says)
			}
			require.NotEmpty(t, p.Title)
			require.Less(t, len(a.Body), 1500, "what was sent comes back bounded")
		})
	}
	require.Equal(t, `Bearer error="insufficient_scope", scope="galleries"`,
		c.JSON(t, key(native.ScopeSearch), "GET", "/v1/galleries", nil).Header.Get("WWW-Authenticate"))
}
