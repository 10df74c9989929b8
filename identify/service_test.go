package identify_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/audit"
	"oneton/calibration"
	"oneton/identify"
	"oneton/store"
	"oneton/store/sqlite"
)

func TestMain(m *testing.M) {
	if to := os.Getenv(reassignEnv); to != "" {
		reassignUntilKilled(to)
	}
	goleak.VerifyTestMain(m)
}

const (
	tenant  = "acme"
	gallery = "staff"
)

// by is for whom the tests ask.
var by = store.Actor{Tenant: tenant}

// table is like SFace's: one pair of strangers in a million reaches 0.53.
func table() *calibration.Table {
	return &calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.1, FMR: 0.5}, {Cosine: 0.3, FMR: 1e-2}, {Cosine: 0.53, FMR: 1e-6}},
		Measured: 1e-6,
	}
}

func policy() store.Policy {
	return store.Policy{FPIR: 0.01, Quality: store.GateReport, Liveness: store.GateOff}
}

// to is the change that makes p the policy, whatever it was.
func to(p store.Policy) func(store.Gallery) (store.Policy, error) {
	return func(store.Gallery) (store.Policy, error) { return p, nil }
}

// described is the change that makes m the metadata, whatever they were.
func described(m map[string]string) func(store.Subject) (map[string]string, error) {
	return func(store.Subject) (map[string]string, error) { return m, nil }
}

// newService is the service on a real store and a real index that follows it,
// with one tenant and one empty gallery.
func newService(t *testing.T) *identify.Service {
	t.Helper()
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	for _, id := range []string{tenant, "other"} {
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: store.TenantID(id)}))
	}
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	return s
}

// open is a service of its own on a store that others may have open.
func open(t *testing.T, path string) (*identify.Service, *sqlite.Store) {
	t.Helper()
	return openWith(t, path, scripted{table: table()})
}

func openWith(t *testing.T, path string, e identify.Embedder) (*identify.Service, *sqlite.Store) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.NoError(t, err)
	require.NoError(t, audit.Migrate(t.Context(), db))
	require.NoError(t, identify.Migrate(t.Context(), db))
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	x, f := follow(t, db)
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy(), Fixed: []string{"users"}}, e, x, f, db)
	require.NoError(t, err)
	return s, db
}

func enrol(t *testing.T, s *identify.Service, subject string, photos ...[]byte) identify.Enrolled {
	t.Helper()
	e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: store.SubjectID(subject), Create: true, Photos: photos})
	require.NoError(t, err)
	return e
}

func search(t *testing.T, s *identify.Service, req identify.SearchRequest) identify.Answer {
	t.Helper()
	req.Gallery = gallery
	a, err := s.Search(t.Context(), by, req)
	require.NoError(t, err)
	return a
}

// who is the outcome of a search for one face, and the candidates' subjects.
func who(t *testing.T, s *identify.Service, f shown) (identify.Outcome, []string) {
	t.Helper()
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, f)}}).Probes[0]
	var ids []string
	for _, c := range p.Candidates {
		ids = append(ids, string(c.Subject))
	}
	return p.Outcome, ids
}
