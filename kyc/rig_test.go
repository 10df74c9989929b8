package kyc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/audit"
	"oneton/changelog"
	"oneton/embed"
	"oneton/identify"
	"oneton/identify/identifytest"
	"oneton/index/exact"
	"oneton/job"
	"oneton/kyc"
	"oneton/photo"
	"oneton/store"
	"oneton/store/storetest"
)

const (
	tenant = store.TenantID("acme")
	other  = store.TenantID("other")
)

// jpeg begins scripted photos, so that they pass for photos.
const jpeg = "\xff\xd8\xff"

// shot is what a scripted photo shows: faces, and for documents what they say.
type shot struct {
	Faces []identifytest.Face
	// Doc is read by the documents' reader; nil is no document.
	Doc *kyc.Document
	// Error is the code with which a document or a clip is refused.
	Error kyc.Code
	// Does is what a clip shows.
	Does bool
	Salt string
}

func (s shot) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return append([]byte(jpeg), b...)
}

// of is a photo of one person.
func of(t testing.TB, person string, take int) []byte {
	return shot{Faces: []identifytest.Face{{Person: person, Take: take}}}.bytes(t)
}

// cedula is a card's front with the person's portrait and their ghost picture.
func cedula(t testing.TB, person, number string) []byte {
	return shot{
		Faces: []identifytest.Face{{Person: "ghost of " + person, Size: 60}, {Person: person, Take: 7, Size: 120}},
		Doc: &kyc.Document{
			Type: kyc.Cedula, Side: kyc.Front, Number: number, Sure: true,
			Data: map[string]any{"document_id": number, "surname": "PEREZ"},
		},
	}.bytes(t)
}

func read(content []byte) (s shot, err error) {
	body, ok := bytes.CutPrefix(content, []byte(jpeg))
	if !ok || json.Unmarshal(body, &s) != nil {
		return s, fmt.Errorf("read script: %w: the file is text; send a JPEG", photo.ErrUnsupported)
	}
	return s, nil
}

// faces are those that a scripted photo shows.
func faces(content []byte) ([]identifytest.Face, error) {
	s, err := read(content)
	return s.Faces, err
}

// documents reads scripted documents.
type documents struct{ faces *identify.Service }

func (d documents) Read(ctx context.Context, content []byte) (kyc.Document, error) {
	s, err := read(content)
	if err != nil {
		return kyc.Document{}, err
	}
	if s.Error != "" {
		return kyc.Document{}, kyc.Refuse(s.Error, "as the script says")
	}
	if s.Doc == nil {
		return kyc.Document{}, nil
	}
	doc := *s.Doc
	found, err := d.faces.Detect(ctx, identify.DetectRequest{Photo: content})
	if err == nil && len(found.Faces) > 0 {
		doc.Portrait = &found.Faces[0]
	}
	return doc, err
}

// clips judges scripted clips.
type clips struct{}

func (clips) does(content []byte) (bool, error) {
	s, err := read(content)
	if err != nil || s.Error != "" {
		return false, kyc.Refuse(kyc.ClipUnsupported, "send an MP4")
	}
	return s.Does, nil
}

func (c clips) Smiles(_ context.Context, content []byte) (bool, error) { return c.does(content) }

func (c clips) Blinks(_ context.Context, content []byte) (bool, error) { return c.does(content) }

// events notes what was emitted in transactions that were made true, in a table.
type events struct{ db store.DB }

func (e events) Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO emitted (tenant, kind, body) VALUES ($1, $2, $3)`, tenant, kind, string(body))
	return err
}

// secret is an installation's with versions, the newest first.
type secret []byte

func (s secret) Keys(string) ([][]byte, error) {
	var all [][]byte
	for _, version := range s {
		all = append(all, bytes.Repeat([]byte{version}, 32))
	}
	return all, nil
}

// rig is a process with all that a service needs.
type rig struct {
	*kyc.Service
	db    storetest.Store
	faces *identify.Service
	queue *job.Queue
	mu    sync.Mutex
	later time.Duration
}

// options are what a test has otherwise.
type options struct {
	cfg    kyc.Config
	secret secret
	// real are models that look at photos, of the default pack.
	real *embed.Embedder
	docs kyc.Documents
	// faces and db stand before the real ones.
	faces func(*identify.Service) kyc.Faces
	db    func(store.DB) store.DB
	// idle does no jobs, and hasty gives them up after two tries.
	idle, hasty bool
}

type hasty struct{ *job.Queue }

func (h hasty) Handle(kind string, k job.Kind) {
	k.Attempts = 2
	h.Queue.Handle(kind, k)
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.later)
}

// wait lets time pass.
func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.later += d
}

// start begins a process on the database, which it prepares if it is the first.
func start(t *testing.T, open storetest.Open, o options) *rig {
	t.Helper()
	ctx := t.Context()
	r := &rig{db: open(t)}
	for _, migrate := range []func(context.Context, store.DB) error{audit.Migrate, job.Migrate, kyc.Migrate} {
		require.NoError(t, migrate(ctx, r.db))
	}
	require.NoError(t, r.db.Update(ctx, "make events", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS emitted (tenant TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)`)
		return err
	}))
	keys := access.NewKeyTable(r.db)
	for _, id := range []store.TenantID{tenant, other} {
		if _, err := r.db.Tenant(ctx, id); err != nil {
			require.NoError(t, r.db.CreateTenant(ctx, store.Tenant{ID: id, CreatedAt: time.Now()}))
			require.NoError(t, keys.CreateKey(ctx, store.Key{ID: store.KeyID("key of " + id), Tenant: id, Name: "k", MAC: []byte("x"), Scopes: []string{"*"}, CreatedAt: time.Now()}))
		}
	}
	index, err := exact.New(exact.Config{})
	require.NoError(t, err)
	follower := changelog.NewFollower(r.db, index, changelog.FollowerConfig{})
	var embedder identify.Embedder = identifytest.Models(faces)
	of := identifytest.Pack
	if o.real != nil {
		embedder, of = o.real, o.real.Packs()[0]
		require.NoError(t, identify.PrepareSpaces(ctx, o.real, r.db))
	}
	r.faces, err = identify.New(identify.Config{DefaultPack: of, DefaultPolicy: identify.DefaultPolicy()}, embedder, index, follower, r.db)
	require.NoError(t, err)

	queues := job.DefaultConfig()
	queues.Poll, queues.Workers = 100*time.Millisecond, 4
	r.queue = job.NewQueue(queues, r.db, zerolog.Nop())
	o.cfg.Now = r.now
	rooms := kyc.Rooms{Faces: r.faces, Documents: documents{r.faces}, Clips: clips{}, Jobs: r.queue, Events: events{r.db}, Keys: keys}
	if o.docs != nil {
		rooms.Documents = o.docs
	}
	if o.hasty {
		rooms.Jobs = hasty{r.queue}
	}
	if o.faces != nil {
		rooms.Faces = o.faces(r.faces)
	}
	var db store.DB = r.db
	if o.db != nil {
		db = o.db(r.db)
	}
	if o.secret == nil {
		o.secret = secret{1}
	}
	r.Service, err = kyc.New(o.cfg, o.secret, db, rooms)
	require.NoError(t, err)

	work, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = follower.Run(work) })
	if !o.idle {
		group.Go(func() { _ = r.queue.Run(work) })
	}
	t.Cleanup(func() {
		stop()
		group.Wait()
		require.NoError(t, index.Close())
	})
	return r
}

var by = store.Actor{Tenant: tenant, Key: store.KeyID("key of " + tenant), Request: "r-1"}

// open opens a session.
func (r *rig) open(t *testing.T, kind kyc.Kind) kyc.Session {
	t.Helper()
	token, err := r.OpenSession(t.Context(), by, kind)
	require.NoError(t, err)
	s, err := r.Session(t.Context(), token)
	require.NoError(t, err)
	return s
}

// await is the job's end.
func (r *rig) await(t *testing.T, id string) kyc.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	j, err := r.Await(ctx, tenant, id)
	require.NoError(t, err, "%v", r.rows(t, `SELECT error FROM jobs WHERE id = $1`, id))
	return j
}

// check does an endpoint's check.
func (r *rig) check(t *testing.T, s kyc.Session, e kyc.Endpoint, in kyc.Input) kyc.Job {
	t.Helper()
	id, _, err := r.Begin(t.Context(), by, s, e, in)
	require.NoError(t, err)
	return r.await(t, id)
}

// work does a workflow.
func (r *rig) work(t *testing.T, s kyc.Session, workflow string, in kyc.Input) kyc.Job {
	t.Helper()
	id, err := r.Start(t.Context(), by, s, workflow, in)
	require.NoError(t, err)
	return r.await(t, id)
}

// signup is a workflow's input.
func signup(t *testing.T, person, number string) kyc.Input {
	return kyc.Input{
		Files:  map[string][]byte{"face": of(t, person, 1), "document": cedula(t, person, number)},
		Fields: map[string]string{"documentType": kyc.Cedula, "documentSide": kyc.Front, "metadata": `{ "plan" : "gold" }`},
	}
}

// user signs somebody up.
func (r *rig) user(t *testing.T, person, number string) kyc.User {
	t.Helper()
	s := r.open(t, kyc.Signup)
	require.Equal(t, kyc.Succeeded, r.work(t, s, "signup", signup(t, person, number)).Status)
	attempt, err := r.CloseSession(t.Context(), by, s, kyc.Success)
	require.NoError(t, err)
	u, err := r.CreateUser(t.Context(), by, kyc.NewUser{Attempt: attempt, DocumentID: number, DocumentType: kyc.Cedula})
	require.NoError(t, err)
	return u
}

// rows are those of a query, as text.
func (r *rig) rows(t *testing.T, query string, args ...any) []string {
	t.Helper()
	all, err := store.List(t.Context(), r.db, "look", func(row store.Row) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}, query, args...)
	require.NoError(t, err)
	return all
}

// erased waits until the photos of jobs that have ended are gone.
func (r *rig) erased(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.rows(t, `SELECT job FROM job_inputs`)) == 0 }, time.Minute, 10*time.Millisecond)
}

// subjects are the faces in the tenant's gallery.
func (r *rig) subjects(t *testing.T) (ids []string) {
	t.Helper()
	all, err := r.faces.Subjects(t.Context(), by, "kyc-users", store.Page{Limit: 100})
	if err != nil {
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	for _, s := range all {
		ids = append(ids, string(s.ID))
	}
	return ids
}

func output(t *testing.T, j kyc.Job) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(j.Output, &m))
	return m
}

// stages are what an attempt's checks said, in short.
func (r *rig) stages(t *testing.T, attempt string) (all []string) {
	t.Helper()
	a, err := r.Attempt(t.Context(), by, attempt)
	require.NoError(t, err)
	for _, s := range a.Stages {
		all = append(all, s.Name+" "+string(s.Status))
	}
	return all
}
