package client_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"oneton/client"
	"oneton/server/servertest"
)

// reassign splits people, merges them, moves them, and lets them be deleted.
func reassign(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	_, err := c.CreateGallery(ctx, client.NewGallery{Name: "former"})
	require.NoError(t, err)
	e, err := c.Enrol(ctx, "staff", client.NewSubject{
		ID: "fay", Metadata: map[string]string{"floor": "9"}, Photos: []client.Photo{client.Bytes(servertest.Of(t, "fay", 1)), client.Bytes(servertest.Of(t, "gus", 1))},
	})
	require.NoError(t, err)
	gus, err := c.SplitSubject(ctx, "staff", "fay", client.Split{
		Faces: []string{e.Faces[1].ID}, Into: "gus", Create: true, Metadata: map[string]string{"floor": "8"},
	})
	require.NoError(t, err)
	require.Equal(t, 1, gus.FaceCount)
	require.Equal(t, "8", gus.Metadata["floor"])
	require.NotEmpty(t, gus.ETag)
	found := map[string]bool{}
	for s, err := range c.FindSubjects(ctx, "staff", client.SubjectFilter{
		Prefix: "g", Metadata: map[string][]string{"floor": {"8", "9"}}, Photos: "some", MaxFaces: new(1),
	}) {
		require.NoError(t, err)
		found[s.ID] = true
	}
	require.Equal(t, map[string]bool{"gus": true}, found)
	ending, err := c.EndSubject(ctx, "staff", "gus", time.Hour)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Hour), ending.DeleteAt, 10*time.Minute)
	_, err = c.MergeSubject(ctx, "staff", "gus", "fay", nil)
	require.ErrorIs(t, err, client.BeingDeleted)
	kept, err := c.KeepSubject(ctx, "staff", "gus")
	require.NoError(t, err)
	require.Zero(t, kept.DeleteAt)
	fay, err := c.MergeSubject(ctx, "staff", "gus", "fay", map[string]string{"floor": "7"})
	require.NoError(t, err)
	require.Equal(t, 2, fay.FaceCount)
	require.Equal(t, "7", fay.Metadata["floor"])
	moved, err := c.MoveSubject(ctx, "staff", "fay", "former", "fay2")
	require.NoError(t, err)
	require.Equal(t, "fay2", moved.ID)
	_, err = c.Subject(ctx, "staff", "fay")
	require.ErrorIs(t, err, client.NotFound)
	n, err := c.Counts(ctx, "former")
	require.NoError(t, err)
	require.Equal(t, client.Counts{Subjects: 1, Faces: 2}, n)
	require.NoError(t, c.DeleteSubject(ctx, "former", "fay2"))
	require.NoError(t, c.DeleteGallery(ctx, "former"))
}

func describe(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile("../server/native/openapi.yaml")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	return doc
}

// recorder notes which operations are called, and with what.
type recorder struct {
	t      *testing.T
	router routers.Router

	mu   sync.Mutex
	used map[string]map[string]bool
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	route, _, err := r.router.FindRoute(req)
	require.NoError(r.t, err, "%s %s", req.Method, req.URL)
	r.mu.Lock()
	used := r.used[route.Operation.OperationID]
	if used == nil {
		used = map[string]bool{}
		r.used[route.Operation.OperationID] = used
	}
	r.mu.Unlock()
	names := slices.Collect(maps.Keys(req.URL.Query()))
	names = append(names, slices.Collect(maps.Keys(req.Header))...)
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		require.NoError(r.t, err)
		require.NoError(r.t, req.Body.Close())
		req.Body = io.NopCloser(bytes.NewReader(body))
		kind, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
		require.NoError(r.t, err)
		switch kind {
		case "application/json":
			var fields map[string]json.RawMessage
			require.NoError(r.t, json.Unmarshal(body, &fields))
			names = append(names, slices.Collect(maps.Keys(fields))...)
		case "multipart/form-data":
			parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
			for p, err := parts.NextPart(); err == nil; p, err = parts.NextPart() {
				names = append(names, p.FormName())
			}
		case "application/octet-stream", "application/x-tar":
		default:
			r.t.Errorf("%s is sent", kind)
		}
	}
	r.mu.Lock()
	for _, name := range names {
		used[name] = true
	}
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(req)
}

// Every operation of the description can be called with all that it takes, and a real
// server, which refuses what it does not know, takes it.
func TestClientHasEveryOperation(t *testing.T) {
	doc := describe(t)
	rig := servertest.Start(t, servertest.Options{})
	doc.Servers = openapi3.Servers{{URL: rig.URL}}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	record := &recorder{t: t, router: router, used: map[string]map[string]bool{}}
	c, err := client.New(client.Config{URL: rig.URL, Key: rig.Key(t, "acme", "*"), HTTP: &http.Client{Transport: record}, OwnWrites: true})
	require.NoError(t, err)
	everything(t, c)

	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			used := record.used[op.OperationID]
			if !assertTrue(t, used != nil, "the client has no call for %s %s, %s", method, path, op.OperationID) {
				continue
			}
			var want []string
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				if p.Value.In != "path" && p.Value.Name != "after" { // which TestPages holds
					want = append(want, http.CanonicalHeaderKey(p.Value.Name), p.Value.Name)
				}
			}
			if op.RequestBody != nil {
				for kind, media := range op.RequestBody.Value.Content {
					if kind == "application/json" || kind == "multipart/form-data" {
						want = append(want, slices.Collect(maps.Keys(media.Schema.Value.Properties))...)
					}
				}
			}
			for _, name := range want {
				assertTrue(t, used[name] || used[http.CanonicalHeaderKey(name)] || used[strings.ToLower(name)] || conditionalWrite(op, name),
					"%s is never sent to %s", name, op.OperationID)
			}
		}
	}
}

// conditionalWrite is a header that a description lists and that a write has no use
// for: a change that is made only to another version.
func conditionalWrite(op *openapi3.Operation, name string) bool {
	return http.CanonicalHeaderKey(name) == "If-None-Match" && !strings.HasPrefix(op.OperationID, "get")
}

func assertTrue(t *testing.T, ok bool, format string, args ...any) bool {
	t.Helper()
	if !ok {
		t.Errorf(format, args...)
	}
	return ok
}

// everything makes every call, with all that it takes, and looks at the answers.
func everything(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	ada, bob := client.Bytes(servertest.Of(t, "ada", 1)), client.Bytes(servertest.Of(t, "bob", 1))
	full, no := "full", false

	s, err := c.Root(ctx)
	require.NoError(t, err)
	require.Equal(t, "oneton", s.Name)
	require.NoError(t, c.Live(ctx))
	r, err := c.Ready(ctx)
	require.NoError(t, err)
	require.Equal(t, "ok", r.Status)
	text, err := c.Description(ctx)
	require.NoError(t, err)
	require.Contains(t, string(text), "openapi: 3")

	g, err := c.CreateGallery(ctx, client.NewGallery{Name: "staff", Pack: servertest.Pack, Policy: &client.PolicyChange{KeepPhotos: new(true)}})
	require.NoError(t, err)
	require.True(t, g.Policy.KeepPhotos)
	g, err = c.Gallery(ctx, "staff", client.IfMatch(g.ETag))
	require.NoError(t, err)
	_, err = c.Gallery(ctx, "staff", client.IfNoneMatch(g.ETag))
	require.ErrorIs(t, err, client.ErrNotModified)
	changed, err := c.ChangeGallery(ctx, "staff", client.PolicyChange{FPIR: new(0.02)}, client.IfMatch(g.ETag))
	require.NoError(t, err)
	require.InDelta(t, 0.02, changed.Policy.FPIR, 0)
	_, err = c.ChangeGallery(ctx, "staff", client.PolicyChange{FPIR: new(0.03)}, client.IfMatch(g.ETag))
	require.ErrorIs(t, err, client.PreconditionFailed)
	for g, err := range c.Galleries(ctx) {
		require.NoError(t, err)
		require.Equal(t, "staff", g.Name)
		require.InDelta(t, 0.02, g.Policy.FPIR, 0)
	}

	e, err := c.Enrol(ctx, "staff", client.NewSubject{
		ID: "ada", Metadata: map[string]string{"floor": "3"}, Photos: []client.Photo{ada, client.Bytes(servertest.Of(t, "ada", 2))}, Detail: full, Timings: true,
	})
	require.NoError(t, err)
	require.Len(t, e.Faces, 2)
	require.Equal(t, map[string]string{"floor": "3"}, e.Subject.Metadata)
	require.Positive(t, e.Timings.Total)
	require.Positive(t, c.Position())
	made, err := c.Enrol(ctx, "staff", client.NewSubject{Photos: []client.Photo{client.Bytes(servertest.Of(t, "cy", 1))}})
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, made.Subject.ID)
	for range 2 {
		e, err = c.AddFaces(ctx, "staff", "bob", client.NewFaces{
			Photos: []client.Photo{bob}, Create: true, Metadata: map[string]string{"floor": "4"}, Once: true, Import: "spring", Detail: full, Timings: true,
		})
		require.NoError(t, err)
	}
	require.Len(t, e.Present, 1)
	require.Empty(t, e.Faces)
	known, err := c.KnownPhotos(ctx, "staff", "spring", []client.PhotoOf{{Subject: "bob", SHA256: sha256.Sum256(servertest.Of(t, "bob", 1))}, {Subject: "bob"}})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, known)
	_, err = c.AddFaces(ctx, "staff", "dan", client.NewFaces{Photos: []client.Photo{bob}, Create: true, DryRun: true})
	require.NoError(t, err)
	ids := []string{}
	for s, err := range c.Subjects(ctx, "staff") {
		require.NoError(t, err)
		ids = append(ids, s.ID)
	}
	require.ElementsMatch(t, []string{"ada", "bob", made.Subject.ID}, ids)
	_, err = c.Subject(ctx, "staff", "dan")
	require.ErrorIs(t, err, client.NotFound)
	p, err := c.Subject(ctx, "staff", "ada")
	require.NoError(t, err)
	require.Len(t, p.Faces, 2)
	_, err = c.Subject(ctx, "staff", "ada", client.IfNoneMatch(p.ETag))
	require.ErrorIs(t, err, client.ErrNotModified)
	_, err = c.Subject(ctx, "staff", "ada", client.IfMatch(p.ETag))
	require.NoError(t, err)
	told, err := c.ChangeSubject(ctx, "staff", "ada", map[string]string{"floor": "5"}, client.IfMatch(p.ETag))
	require.NoError(t, err)
	require.Equal(t, "5", told.Metadata["floor"])

	reassign(t, c)

	var archive bytes.Buffer
	require.NoError(t, c.Export(ctx, "staff", true, &archive))
	in, err := c.ImportArchive(ctx, "staff", archive.Bytes())
	require.NoError(t, err)
	require.Zero(t, in.Faces)
	require.Equal(t, 4, in.Present)
	require.Empty(t, in.Refused)

	found, err := c.Search(ctx, "staff", client.Search{
		Photos: []client.Photo{client.Bytes(servertest.Of(t, "ada", 3))}, K: 3, FPIR: new(0.01), Filter: map[string][]string{"floor": {"5"}}, Detail: full, Timings: true,
	})
	require.NoError(t, err)
	require.Equal(t, client.One, found.Match)
	require.Equal(t, "ada", found.Candidates[0].Subject)
	require.Positive(t, found.Timings.Total)
	all, err := c.SearchAll(ctx, "staff", client.Search{Photos: []client.Photo{ada}, Threshold: new(0.5)})
	require.NoError(t, err)
	require.Equal(t, "ada", all.Probes[0].Candidates[0].Subject)
	found, err = c.Search(ctx, "staff", client.Search{
		Photos: []client.Photo{client.Bytes(servertest.Of(t, "eve", 1))}, Insert: true, Metadata: map[string]string{"floor": "6"},
	})
	require.NoError(t, err)
	require.Equal(t, client.Nobody, found.Match)
	require.Equal(t, "6", found.Inserted.Subject.Metadata["floor"])

	alike(t, c)
	bringOver(t, c)
	keyCalls(t, c)

	v, err := c.VerifySubject(ctx, "staff", "ada", client.Verify{Photo: ada, FMR: new(1e-3), Detail: full, Timings: true})
	require.NoError(t, err)
	require.True(t, v.Match)
	v, err = c.VerifyPhotos(ctx, bob, servertest.Pack, client.Verify{Photo: ada, FMR: new(1e-3), Detail: full, Timings: true})
	require.NoError(t, err)
	require.False(t, v.Match)
	require.NotNil(t, v.Reference)
	d, err := c.Detect(ctx, client.Detect{Photo: ada, Pack: servertest.Pack, Liveness: true, Detail: full, Timings: true})
	require.NoError(t, err)
	require.Len(t, d.Faces, 1)
	require.NotNil(t, d.Faces[0].Liveness)

	kept, err := c.Photo(ctx, "staff", "ada", p.Faces[0].ID)
	require.NoError(t, err)
	content, err := io.ReadAll(kept)
	require.NoError(t, err)
	require.NoError(t, kept.Close())
	require.Equal(t, servertest.Of(t, "ada", 1), content)
	require.Equal(t, "image/jpeg", kept.Type)
	require.NoError(t, c.DeletePhotos(ctx, "staff", "ada"))
	require.ErrorIs(t, c.DeletePhotos(ctx, "staff", "ada"), client.NotFound)
	worth(t, c, p.Faces[0].ID)
	require.NoError(t, c.DeleteFace(ctx, "staff", "ada", p.Faces[0].ID))

	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Challenge string }
		_ = json.NewDecoder(r.Body).Decode(&m)
		_ = json.NewEncoder(w).Encode(m)
	}))
	defer to.Close()
	own := "whsec_" + strings.Repeat("A", 32)
	w, err := c.AddWebhook(ctx, client.NewWebhook{
		URL: to.URL, Types: []string{}, Description: "first", Enabled: new(true), Verify: true, Secret: own, Format: "standard",
	})
	require.NoError(t, err)
	require.Equal(t, own, w.Secret)
	basic, err := c.AddWebhook(ctx, client.NewWebhook{URL: to.URL, Format: "uqudo", Authentication: &client.Credentials{User: "u", Password: "p"}, Types: []string{"face_session.completed"}})
	require.NoError(t, err)
	require.Equal(t, "basic", basic.Authentication.Scheme)
	w, err = c.ChangeWebhook(ctx, w.ID, client.WebhookChange{
		URL: &to.URL, Types: &[]string{}, Description: new("second"), Enabled: new(true), Verify: true,
	}, client.IfMatch(w.ETag))
	require.NoError(t, err)
	_, err = c.ChangeWebhook(ctx, basic.ID, client.WebhookChange{Authentication: &client.Credentials{Header: "X-Key", Value: "v"}, Enabled: &no})
	require.NoError(t, err)
	_, err = c.Webhook(ctx, w.ID, client.IfNoneMatch(w.ETag))
	require.ErrorIs(t, err, client.ErrNotModified)
	_, err = c.Webhook(ctx, w.ID, client.IfMatch(w.ETag))
	require.NoError(t, err)
	rotated, err := c.RotateWebhook(ctx, w.ID, client.Rotation{Overlap: new(time.Hour), Secret: "whsec_" + strings.Repeat("B", 32)})
	require.NoError(t, err)
	require.NotEqual(t, own, rotated.Secret)
	sent, err := c.TestWebhook(ctx, w.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		d, err := c.Delivery(ctx, w.ID, sent.ID)
		return err == nil && d.State == "delivered" && len(d.Attempts) == 1 && d.Attempts[0].Status == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
	for d, err := range c.Deliveries(ctx, w.ID, "delivered") {
		require.NoError(t, err)
		require.Equal(t, sent.ID, d.ID)
	}
	_, err = c.Redeliver(ctx, w.ID, sent.ID)
	require.NoError(t, err)
	n, err := c.RedeliverFailed(ctx, w.ID, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, n)
	hooks := 0
	for _, err := range c.Webhooks(ctx) {
		require.NoError(t, err)
		hooks++
	}
	require.Equal(t, 2, hooks)
	require.NoError(t, c.DeleteWebhook(ctx, w.ID))

	review(t, c)

	require.NoError(t, c.DeleteSubject(ctx, "staff", "ada"))
	found, err = c.Search(ctx, "staff", client.Search{Photos: []client.Photo{ada}})
	require.NoError(t, err)
	for _, candidate := range found.Candidates {
		require.NotEqual(t, "ada", candidate.Subject, "a search after a deletion, which says its position, does not see who was deleted")
	}
	require.NoError(t, c.DeleteGallery(ctx, "staff"))
}

// review looks for attempts, of which there are none.
func review(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	for a, err := range c.Attempts(ctx, client.AttemptQuery{Type: "signup", Status: "review"}) {
		require.NoError(t, err)
		require.Fail(t, "there is an attempt", "%v", a)
	}
	none := strings.Repeat("0", 24)
	_, err := c.Attempt(ctx, none)
	require.ErrorIs(t, err, client.NotFound)
	_, err = c.Evidence(ctx, none, none)
	require.ErrorIs(t, err, client.NotFound)
	_, err = c.Review(ctx, none, client.Approve, "seen")
	require.ErrorIs(t, err, client.NotFound)
}

// The codes are those of the description, each once.
func TestClientHasEveryCode(t *testing.T) {
	source, err := os.ReadFile("code.go")
	require.NoError(t, err)
	for _, code := range describe(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Enum {
		require.Equal(t, 1, strings.Count(string(source), ` Code = "`+code.(string)+`"`), "%s", code)
	}
	require.Equal(t, len(describe(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Enum), strings.Count(string(source), ` Code = "`))
}

// What answers may hold stands in the types, and nothing else does.
func TestAnswersHaveEveryField(t *testing.T) {
	doc := describe(t)
	for name, of := range map[string]any{
		"Gallery": client.Gallery{}, "Subject": client.Subject{}, "Enrolment": client.Enrolment{}, "Candidate": client.Candidate{},
		"Webhook": client.Webhook{}, "Delivery": client.Delivery{}, "Face": client.Face{}, "Timings": client.Timings{}, "KYCAttempt": client.Attempt{},
	} {
		same(t, name, doc.Components.Schemas[name].Value, reflect.TypeOf(of))
	}
	answer := func(path, method, status string) *openapi3.Schema {
		return doc.Paths.Value(path).GetOperation(method).Responses.Value(status).Value.Content["application/json"].Schema.Value
	}
	same(t, "readiness", answer("/readyz", "GET", "200"), reflect.TypeFor[client.Readiness]())
	same(t, "root", answer("/", "GET", "200"), reflect.TypeFor[client.Service]())
	same(t, "verification", answer("/v1/verify", "POST", "200"), reflect.TypeFor[client.Verification]())
	same(t, "detection", answer("/v1/detect", "POST", "200"), reflect.TypeFor[client.Detection]())
	search := answer("/v1/galleries/{gallery}/search", "POST", "200")
	same(t, "import", answer("/v1/galleries/{gallery}/import", "POST", "200"), reflect.TypeFor[client.ArchiveImport]())
	same(t, "search", search.OneOf[0].Value, reflect.TypeFor[client.SearchResult]())
	same(t, "search of all faces", search.OneOf[1].Value, reflect.TypeFor[client.SearchResults]())
}

// same holds that a type has the properties of a schema, down to the leaves.
func same(t *testing.T, at string, schema *openapi3.Schema, of reflect.Type) {
	t.Helper()
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Array {
		if schema.Items != nil {
			schema = schema.Items.Value
		}
		of = of.Elem()
	}
	if len(schema.AllOf) > 0 {
		schema = schema.AllOf[0].Value
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() || len(schema.Properties) == 0 {
		return
	}
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(schema.Properties)), slices.Collect(maps.Keys(fields)), "%s", at)
	for name, p := range schema.Properties {
		same(t, at+"."+name, p.Value, fields[name])
	}
}

// alike looks for people of a gallery who are like each other.
func alike(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	_, err := c.Enrol(ctx, "staff", client.NewSubject{ID: "ada2", Photos: []client.Photo{client.Bytes(servertest.Of(t, "ada", 4))}})
	require.NoError(t, err)
	p, err := c.Subject(ctx, "staff", "ada2")
	require.NoError(t, err)
	like, err := c.SearchSubject(ctx, "staff", "ada2", client.SubjectSearch{
		Face: p.Faces[0].ID, In: "staff", K: 3, FPIR: new(0.01), Filter: map[string][]string{"floor": {"5"}}, Timings: true,
	})
	require.NoError(t, err)
	require.Equal(t, client.One, like.Match)
	require.Equal(t, "ada", like.Candidates[0].Subject)
	require.Equal(t, p.Faces[0].ID, like.Candidates[0].Of)
	require.Equal(t, []string{p.Faces[0].ID}, like.Searched)
	require.Positive(t, like.Timings.Total)
	like, err = c.SearchSubject(ctx, "staff", "ada2", client.SubjectSearch{Threshold: new(0.999)})
	require.NoError(t, err)
	require.Equal(t, client.Nobody, like.Match)

	searched := 0
	count := func(p client.DuplicatePage) { searched += p.Searched }
	var pairs [][2]string
	for d, err := range c.Duplicates(ctx, "staff", client.DuplicateQuery{In: "staff", K: 2, FPIR: new(0.001), Page: count}) {
		require.NoError(t, err)
		pairs = append(pairs, [2]string{d.A.Subject, d.B.Subject})
		require.Positive(t, d.Score)
	}
	require.Equal(t, [][2]string{{"ada", "ada2"}}, pairs)
	require.Positive(t, searched)
	for _, err := range c.Duplicates(ctx, "staff", client.DuplicateQuery{Threshold: new(0.9999)}) {
		require.NoError(t, err)
	}
	require.NoError(t, c.DeleteSubject(ctx, "staff", "ada2"))
}

// bringOver imports a person, and looks at the import and its job.
func bringOver(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	i, err := c.CreateImport(ctx, "staff", client.NewImport{Format: "ndjson", SubjectFrom: "parent", MakeIDs: true, Existing: "skip", Detail: "full"})
	require.NoError(t, err)
	require.Equal(t, "open", i.Status)
	_, err = c.StartImport(ctx, i.ID)
	require.ErrorIs(t, err, client.ImportIncomplete)
	line, err := json.Marshal(map[string]any{"subject": "fay", "photo": servertest.Of(t, "fay", 1)})
	require.NoError(t, err)
	require.NoError(t, c.PutImportPart(ctx, i.ID, 1, client.Bytes(line)))
	_, err = c.StartImport(ctx, i.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		i, err = c.Import(ctx, i.ID)
		require.NoError(t, err)
		return i.EndedAt != nil
	}, time.Minute, 10*time.Millisecond)
	require.EqualValues(t, 1, i.Added)
	for item, err := range c.ImportItems(ctx, i.ID, "added") {
		require.NoError(t, err)
		require.Equal(t, "fay", item.Subject)
	}
	for other, err := range c.Imports(ctx) {
		require.NoError(t, err)
		require.Equal(t, i.ID, other.ID)
	}
	for j, err := range c.Jobs(ctx, client.JobQuery{Kind: "import", Status: "succeeded"}) {
		require.NoError(t, err)
		require.Equal(t, i.Job, j.ID)
		require.Equal(t, i.ID, j.Import)
	}
	j, err := c.Job(ctx, i.Job)
	require.NoError(t, err)
	require.Equal(t, "succeeded", j.Status)
	require.Equal(t, i.ID, j.Import)
	_, err = c.CancelJob(ctx, i.Job)
	require.ErrorIs(t, err, client.JobEnded)
	require.NoError(t, c.DeleteImport(ctx, i.ID))
	require.NoError(t, c.DeleteSubject(ctx, "staff", "fay"))
}

// worth asks what the gallery's answers are worth, and sets a face of ada's aside.
func worth(t *testing.T, c *client.Client, face string) {
	t.Helper()
	ctx := t.Context()
	expected, err := c.Thresholds(ctx, "staff", client.ThresholdsOf{FPIR: 0.001, Faces: 1000})
	require.NoError(t, err)
	require.Equal(t, 1000, expected.At.Faces)
	require.InDelta(t, 0.001, expected.At.FPIR, 1e-9)
	require.Positive(t, expected.Enrolled)
	made, err := c.Searches(ctx)
	require.NoError(t, err)
	require.Equal(t, "bounds", made[0].Proof)
	require.NoError(t, c.SetFaceAside(ctx, "staff", "ada", face))
	for f, err := range c.FacesAside(ctx, "staff") {
		require.NoError(t, err)
		require.Equal(t, face, f.Face)
		require.Equal(t, "ada", f.Subject)
	}
	require.NoError(t, c.BringFaceBack(ctx, "staff", "ada", face))
	p, err := c.Subject(ctx, "staff", "ada")
	require.NoError(t, err)
	require.Nil(t, p.Faces[0].AsideAt)

	none, err := c.Evaluation(ctx, "staff")
	require.NoError(t, err)
	require.Zero(t, none)
	e, err := c.Evaluate(ctx, "staff", 5)
	require.NoError(t, err)
	require.Equal(t, "evaluation", e.Job.Kind)
	require.Eventually(t, func() bool {
		e, err = c.Evaluation(ctx, "staff")
		require.NoError(t, err)
		return e.Found != nil
	}, 2*time.Minute, 10*time.Millisecond)
	require.Equal(t, 5, e.Found.Searched)

	_, err = c.ChangeGallery(ctx, "staff", client.PolicyChange{ReviewSeconds: new(int64(3600))})
	require.NoError(t, err)
	_, err = c.Enrol(ctx, "staff", client.NewSubject{ID: "twin", Photos: []client.Photo{client.Bytes(servertest.Of(t, "ada", 7))}})
	require.NoError(t, err)
	found, err := c.Search(ctx, "staff", client.Search{Photos: []client.Photo{client.Bytes(servertest.Of(t, "ada", 8))}})
	require.NoError(t, err)
	require.Equal(t, client.Several, found.Match)
	for r, err := range c.Reviews(ctx, "staff", false) {
		require.NoError(t, err)
		require.Equal(t, found.Review, r.ID)
	}
	r, err := c.GetReview(ctx, "staff", found.Review)
	require.NoError(t, err)
	require.True(t, r.HasPhoto)
	photo, err := c.ReviewPhoto(ctx, "staff", r.ID)
	require.NoError(t, err)
	require.NoError(t, photo.Close())
	r, err = c.DecideReview(ctx, "staff", r.ID, client.ReviewDecision{Decision: "same", Subject: "ada", Others: []string{"twin"}})
	require.NoError(t, err)
	require.Equal(t, "same", r.Decision)
	_, err = c.DecideReview(ctx, "staff", r.ID, client.ReviewDecision{Decision: "none"})
	require.ErrorIs(t, err, client.ReviewDecided)
}

func keyCalls(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	made, err := c.CreateKey(ctx, client.NewKey{Name: "door", Scopes: []string{"search"}, EndsAt: &ends})
	require.NoError(t, err)
	require.NotEmpty(t, made.Text)
	require.NotEmpty(t, made.MadeBy)
	require.NoError(t, c.RevokeKeyAlone(ctx, made.ID))
	require.NoError(t, c.RevokeKey(ctx, made.ID))
	require.NoError(t, c.RevokeKeyWithMade(ctx, made.ID))
	require.ErrorIs(t, c.RevokeKeyWithMade(ctx, "none"), client.NotFound)
	names := map[string]bool{}
	for k, err := range c.Keys(ctx) {
		require.NoError(t, err)
		names[k.Name] = k.RevokedAt != nil
	}
	require.True(t, names["door"])
	scopes, err := c.Scopes(ctx)
	require.NoError(t, err)
	require.Contains(t, scopes, client.Scope{Name: "search", Allows: "search; with `insert` the key also needs `enrol`", Given: true})
	o, err := c.Overview(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, o.Packs)
	for s, err := range c.Standings(ctx) {
		require.NoError(t, err)
		require.NotEmpty(t, s.Name)
	}
}
