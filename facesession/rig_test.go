package facesession_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/audit"
	"oneton/calibration"
	"oneton/changelog"
	"oneton/facesession"
	"oneton/identify"
	"oneton/identify/identifytest"
	"oneton/index/exact"
	"oneton/photo"
	"oneton/signature"
	"oneton/store"
	"oneton/store/storetest"
)

const (
	gallery  = "people"
	client   = store.KeyID("client")
	second   = store.KeyID("second")
	stranger = store.KeyID("stranger")
	jpeg     = "\xff\xd8\xff"
)

// by are the actors of two clients of one tenant, and of another tenant's.
var (
	by      = store.Actor{Tenant: "acme", Key: client}
	bySame  = store.Actor{Tenant: "acme", Key: second}
	byOther = store.Actor{Tenant: "other", Key: stranger}
)

// shot is what a scripted picture shows.
type shot struct {
	// Person is nobody where it is empty, and Others are beside them.
	Person string
	Take   int
	Others int
	Poor   bool
	// Does is what they are doing, and Fake that they are a picture of somebody.
	Does facesession.StepKind
	Fake bool
	Salt string
}

func (s shot) bytes() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return append([]byte(jpeg), b...)
}

func of(person string, take int) []byte { return shot{Person: person, Take: take}.bytes() }

func parse(content []byte) (s shot, err error) {
	body, ok := bytes.CutPrefix(content, []byte(jpeg))
	if !ok || json.Unmarshal(bytes.TrimRight(body, "\x00"), &s) != nil {
		return s, fmt.Errorf("read script: %w", photo.ErrCorrupt)
	}
	return s, nil
}

var salt atomic.Int64

// film is somebody doing something before a camera.
func film(person string, does facesession.StepKind) (frames []facesession.Frame) {
	for i := range facesession.MinFrames + 2 {
		frames = append(frames, facesession.Frame{
			At:   time.Duration(i) * 150 * time.Millisecond,
			JPEG: shot{Person: person, Take: 2, Does: does, Salt: fmt.Sprint(salt.Add(1))}.bytes(),
		})
	}
	return frames
}

// faces are those that a scripted picture shows.
func faces(content []byte) (all []identifytest.Face, err error) {
	s, err := parse(content)
	if err != nil || s.Person == "" {
		return nil, err
	}
	var reasons []string
	if s.Poor {
		reasons = []string{photo.ReasonNotComparable}
	}
	for i := range s.Others + 1 {
		const size = 200
		all = append(all, identifytest.Face{Person: fmt.Sprint(s.Person, i), Take: s.Take, Left: float32(i * size), Size: size, Reasons: reasons})
	}
	return all, nil
}

// checks see what scripted frames show. Steps are those of the plan.
type checks struct {
	mu   sync.Mutex
	plan []facesession.StepKind
	// passive is what the passive check says of a step's frames.
	passive map[facesession.StepKind]string
	// fault is what goes wrong next, and hold is waited for by each check.
	fault error
	hold  chan struct{}
	// began tells of each check that began.
	began chan struct{}
}

func (c *checks) Plan() []facesession.StepKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.plan)
}

func (c *checks) Guide(_ context.Context, jpeg []byte) (facesession.Guidance, error) {
	c.wait()
	s, err := parse(jpeg)
	if err != nil || s.Person == "" {
		return facesession.Guidance{Code: facesession.GuideNoFace}, nil
	}
	return facesession.Guidance{Code: facesession.GuideOK, Box: &facesession.Area{Width: 1, Height: 1}}, nil
}

func (c *checks) wait() {
	c.mu.Lock()
	hold, began := c.hold, c.began
	c.mu.Unlock()
	if began != nil {
		began <- struct{}{}
	}
	if hold != nil {
		<-hold
	}
}

func (c *checks) Check(_ context.Context, kind facesession.StepKind, frames []facesession.Frame, earlier [][]byte) (facesession.Finding, error) {
	c.wait()
	c.mu.Lock()
	fault := c.fault
	c.fault = nil
	c.mu.Unlock()
	if fault != nil {
		return facesession.Finding{}, fault
	}
	person, does := "", false
	for _, j := range earlier {
		s, err := parse(j)
		if err != nil {
			return facesession.Finding{}, err
		}
		person = s.Person
	}
	for _, f := range frames {
		s, err := parse(f.JPEG)
		switch {
		case err != nil || s.Person == "":
			return facesession.Finding{Reason: "no_face", Best: -1}, nil
		case s.Fake:
			return facesession.Finding{Reason: "imitation", Best: -1}, nil
		case person != "" && s.Person != person:
			return facesession.Finding{Reason: "other_person", Best: -1}, nil
		}
		person = s.Person
		does = does || s.Does == kind
	}
	if !does {
		return facesession.Finding{Reason: "not_" + string(kind), Best: -1}, nil
	}
	return facesession.Finding{Passed: true, Best: len(frames) / 2, Score: float64(len(kind)), Passive: c.passive[kind]}, nil
}

// events notes what was emitted in transactions that were made true, in a table.
type events struct{}

func (events) Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO emitted (tenant, kind, body) VALUES ($1, $2, $3)`, tenant, kind, string(body))
	return err
}

// secret is an installation's with versions, the newest first.
type secret []byte

func (s secret) Keys(purpose string) ([][]byte, error) {
	var all [][]byte
	for _, version := range s {
		key := bytes.Repeat([]byte{version}, 32)
		for i := range purpose {
			key[i%32] ^= purpose[i]
		}
		all = append(all, key)
	}
	return all, nil
}

// rig is a process with all that a service needs.
type rig struct {
	*facesession.Service
	db         storetest.Store
	faces      *identify.Service
	checks     *checks
	signatures *signature.Service
}

type options struct {
	cfg    facesession.Config
	secret secret
	db     func(store.DB) store.DB
}

// prepare makes the tables, tenants and clients.
func prepare(ctx context.Context, db storetest.Store) error {
	for _, migrate := range []func(context.Context, store.DB) error{audit.Migrate, signature.Migrate, facesession.Migrate} {
		if err := migrate(ctx, db); err != nil {
			return err
		}
	}
	if err := db.Update(ctx, "make events", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS emitted (tenant TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)`)
		return err
	}); err != nil {
		return err
	}
	for _, a := range []store.Actor{by, bySame, byOther} {
		if _, err := db.Tenant(ctx, a.Tenant); err != nil {
			if err := db.CreateTenant(ctx, store.Tenant{ID: a.Tenant, CreatedAt: time.Now()}); err != nil {
				return err
			}
		}
		keys := access.NewKeyTable(db)
		if _, err := keys.Key(ctx, a.Key); err == nil {
			continue
		}
		if err := keys.CreateKey(ctx, store.Key{ID: a.Key, Tenant: a.Tenant, Name: "k", MAC: []byte("x"), Scopes: []string{"*"}, CreatedAt: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// assemble puts a process together; run goes on until the context ends.
func assemble(ctx context.Context, db storetest.Store, o options) (r *rig, run func(), err error) {
	if o.secret == nil {
		o.secret = secret{1}
	}
	r = &rig{db: db, checks: &checks{plan: []facesession.StepKind{facesession.Look, facesession.TurnLeft, facesession.Smile}}}
	index, err := exact.New(exact.Config{})
	if err != nil {
		return nil, nil, err
	}
	follower := changelog.NewFollower(db, index, changelog.FollowerConfig{})
	if r.faces, err = identify.New(identify.Config{DefaultPack: identifytest.Pack, DefaultPolicy: identify.DefaultPolicy()}, identifytest.Models(faces), index, follower, db); err != nil {
		return nil, nil, err
	}
	if r.signatures, err = signature.New(signature.DefaultConfig(), o.secret, db); err != nil {
		return nil, nil, err
	}
	o.cfg.CallEvery = cmp.Or(o.cfg.CallEvery, -1) // tests ask as fast as they can
	o.cfg.Levels, o.cfg.Gallery = calibration.Scale{1e-2, 1e-3, 1e-4, 1e-5, 1e-6}, gallery
	var under store.DB = db
	if o.db != nil {
		under = o.db(db)
	}
	r.Service, err = facesession.NewService(o.cfg, o.secret, under, facesession.Rooms{
		Clients: access.NewKeyTable(db), Faces: r.faces, Checks: r.checks, Signer: r.signatures, Events: events{},
	})
	return r, func() { _ = follower.Run(ctx); _ = index.Close() }, err
}

// start begins a process on the database, which it prepares if it is the first.
func start(t *testing.T, open storetest.Open, o options) *rig {
	t.Helper()
	db := open(t)
	require.NoError(t, prepare(t.Context(), db))
	work, stop := context.WithCancel(context.Background())
	r, run, err := assemble(work, db, o)
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(run)
	t.Cleanup(func() {
		stop()
		group.Wait()
	})
	return r
}

// visit is a page in a tab.
type visit struct {
	*rig
	id, binding string
}

// visit opens a session for ada's photo, and a page in it.
func (r *rig) visit(t *testing.T, n facesession.New) visit {
	t.Helper()
	if n.Photo == nil {
		n.Photo = of("ada", 1)
	}
	id, err := r.Open(t.Context(), by, n)
	require.NoError(t, err)
	return r.tab(t, id)
}

func (r *rig) tab(t *testing.T, id string) visit {
	t.Helper()
	tab, err := r.Bind(t.Context(), id, "", "")
	require.NoError(t, err)
	return visit{r, id, tab.Binding}
}

func (v visit) begin(t *testing.T) facesession.Step {
	t.Helper()
	p, err := v.Begin(t.Context(), v.id, v.binding)
	require.NoError(t, err)
	require.NotNil(t, p.Step, "%+v", p)
	return *p.Step
}

// times are the columns by which it is told what is over, and their tables' keys.
var times = []struct{ table, key, column string }{
	{"face_sessions", "hash", "ends_at"},
	{"face_sessions", "hash", "told_at"},
	{"face_sessions", "hash", "step_ends"},
	{"face_sessions", "hash", "claimed_at"},
	{"face_images", "hash", "ends_at"},
	{"face_once", "mac", "ends_at"},
}

// passes makes all that is there older, so that nobody waits for it.
func (r *rig) passes(t *testing.T, d time.Duration) {
	t.Helper()
	require.NoError(t, r.db.Update(t.Context(), "let time pass", func(tx store.Tx) error {
		for _, x := range times {
			all := map[string]time.Time{}
			if err := tx.Each(func(row store.Row) error {
				var key string
				var at time.Time
				err := row.Scan(&key, &at)
				all[key] = at
				return err
			}, fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %[2]s IS NOT NULL`, x.key, x.column, x.table)); err != nil {
				return err
			}
			for key, at := range all {
				if _, err := tx.Exec(fmt.Sprintf(`UPDATE %s SET %s = $2 WHERE %s = $1`, x.table, x.column, x.key), key, at.Add(-d)); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// sends sends a film, once it may have been taken.
func (v visit) sends(t *testing.T, s facesession.Step, frames []facesession.Frame) facesession.Progress {
	t.Helper()
	v.passes(t, 3*time.Second)
	p, err := v.Step(t.Context(), v.id, v.binding, s.Token, frames)
	require.NoError(t, err)
	return p
}

// does does all steps of an attempt, from the first, as the person.
func (v visit) does(t *testing.T, person string) facesession.Progress {
	t.Helper()
	s := v.begin(t)
	for {
		p := v.sends(t, s, film(person, s.Kind))
		if p.Step == nil {
			return p
		}
		s = *p.Step
	}
}

// claims are what a result says, once its signature holds.
func (r *rig) claims(t *testing.T, compact string) map[string]any {
	t.Helper()
	payload, err := r.signatures.Verify(t.Context(), compact)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(payload, &m))
	return m
}

func faceOf(m map[string]any) map[string]any {
	return m["data"].(map[string]any)["face"].(map[string]any)
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
