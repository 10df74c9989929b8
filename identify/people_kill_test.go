package identify_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/identify"
	"oneton/index"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/storetest"
)

// reassignEnv names the database to a process that is killed while it reassigns.
const reassignEnv = "ONETON_TEST_IDENTIFY_DATABASE"

// galleriesOf are those among which people are moved.
var galleriesOf = []string{gallery, "former"}

// serviceOn is a service on a database that needs no index.
func serviceOn(db storetest.Store) (*identify.Service, error) {
	return identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, stillIndex{}, level{}, db)
}

// reassignUntilKilled merges, splits and moves people at random.
func reassignUntilKilled(to string) {
	ctx := context.Background()
	for said := false; ; {
		db, err := storetest.OpenNamed(ctx, to)
		if err != nil { // which is killed, too
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s, err := serviceOn(db)
		if err != nil {
			panic(err)
		}
		for err == nil {
			err = reassignOnce(ctx, s)
			if !said {
				_, _ = os.Stdout.WriteString("ready\n")
				said = true
			}
		}
		_ = db.Close()
	}
}

func reassignOnce(ctx context.Context, s *identify.Service) error {
	n := rand.N(2)
	here, there := galleriesOf[n], galleriesOf[1-n]
	people, err := s.Subjects(ctx, by, here, store.Page{Limit: 100})
	if err != nil || len(people) == 0 {
		return err
	}
	fresh := store.SubjectID(uuid.NewString())
	one, other := people[rand.N(len(people))].ID, people[rand.N(len(people))].ID
	switch rand.N(3) {
	case 0:
		if one != other {
			_, _, err = s.Merge(ctx, by, here, one, other, nil)
		}
	case 1:
		var faces []store.Face
		if _, faces, err = s.Subject(ctx, by, here, one); err == nil && len(faces) > 1 {
			_, _, err = s.Split(ctx, by, here, one, []store.FaceID{faces[rand.N(len(faces))].ID}, fresh, true, nil)
		}
	default:
		_, _, err = s.Move(ctx, by, here, one, there, fresh)
	}
	return err
}

// TestKilledReassignments kills processes, and databases, amid merges, splits and moves:
// each is made as a whole with its deed or not at all, no face and no photo is lost or
// doubled, and an index that follows the log has what the store has.
func TestKilledReassignments(t *testing.T) {
	storetest.Killed(t, func(t *testing.T, name string, kill func()) {
		db, err := storetest.OpenNamed(t.Context(), name)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, audit.Migrate(t.Context(), db))
		require.NoError(t, identify.Migrate(t.Context(), db))
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
		s, err := serviceOn(db)
		require.NoError(t, err)
		keeping := policy()
		keeping.KeepPhotos = true
		count, photos := map[string]int{}, map[string]string{}
		for _, g := range galleriesOf {
			_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: g, Policy: keeping})
			require.NoError(t, err)
			for i := range 4 {
				id := fmt.Sprint(g, i)
				req := identify.EnrolRequest{Gallery: g, Subject: store.SubjectID(id), Create: true}
				for take := range 3 {
					req.Photos = append(req.Photos, photograph(t, shown{Person: id, Take: take}))
				}
				e, err := s.Enrol(t.Context(), by, req)
				require.NoError(t, err)
				count[g+"/"+id] = len(e.Faces)
				for j, f := range e.Faces {
					photos[string(f.Template.Bytes())] = string(req.Photos[j])
				}
			}
		}
		made := 0
		for round := range storetest.KillRounds(6) {
			p := storetest.Begin(t, reassignEnv+"="+name)
			time.Sleep(50*time.Millisecond + rand.N(200*time.Millisecond)) //nolint:gosec // it is no secret
			if round%3 == 2 {
				kill()
			}
			p.Kill(t)
			made = requireWhole(t, s, db, count, photos)
		}
		t.Logf("%d reassignments were made", made)
	})
}

// requireWhole checks that the store holds what the deeds have made of what was there,
// and returns how many deeds there are.
func requireWhole(t *testing.T, s *identify.Service, db storetest.Store, count map[string]int, photos map[string]string) (made int) {
	t.Helper()
	// What the killed process had sent, a server may be making still, before this.
	require.NoError(t, db.Update(t.Context(), "wait", func(store.Tx) error { return nil }))
	want := maps.Clone(count)
	deeds, _, err := audit.NewDeeds(db).List(t.Context(), audit.Query{Limit: 100_000})
	require.NoError(t, err)
	slices.Reverse(deeds)
	for _, d := range deeds {
		what := strings.Fields(d.What)
		switch d.Verb {
		case audit.SubjectMerged, audit.SubjectMoved:
			want[what[1]] += want[what[0]]
			delete(want, what[0])
		case audit.SubjectSplit:
			want[what[1]] += len(what) - 2
			want[what[0]] -= len(what) - 2
		default:
			continue
		}
		made++
	}
	got, seen := map[string]int{}, map[string]bool{}
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, x.Close()) }()
	for after, more := uint64(0), true; more; {
		changes, next, err := db.Changes(t.Context(), after, 100)
		require.NoError(t, err)
		require.NoError(t, x.Apply(t.Context(), changes, next))
		after, more = next, next > after
	}
	for _, g := range galleriesOf {
		is, err := s.Gallery(t.Context(), by, g)
		require.NoError(t, err)
		people, err := s.Subjects(t.Context(), by, g, store.Page{Limit: 1000})
		require.NoError(t, err)
		faces := 0
		for _, sub := range people {
			got[g+"/"+string(sub.ID)] = sub.Faces
			faces += sub.Faces
			all, err := db.Faces(t.Context(), is.ID, sub.ID)
			require.NoError(t, err)
			require.Len(t, all, sub.Faces)
			for _, f := range all {
				require.Empty(t, f.Damage)
				template := string(f.Template.Bytes())
				require.False(t, seen[template], "a face is of one person")
				seen[template] = true
				photo, err := db.Photo(t.Context(), is.ID, f.ID)
				require.NoError(t, err)
				require.Equal(t, photos[template], string(photo.Bytes))
				scope := index.Scope{Tenant: tenant, Gallery: is.ID, Pack: f.Pack}
				r, err := x.Search(t.Context(), index.Query{Scope: scope, Probe: f.Template, K: 1, Threshold: -1})
				require.NoError(t, err)
				require.Equal(t, index.Hit{Subject: sub.ID, Face: f.ID, Cosine: r.Hits[0].Cosine}, r.Hits[0])
			}
		}
		held, err := x.Faces(t.Context(), index.Scope{Tenant: tenant, Gallery: is.ID, Pack: pack})
		require.NoError(t, err)
		require.Equal(t, faces, held)
	}
	require.Equal(t, want, got)
	require.Len(t, seen, len(photos))
	storetest.RequireReplay(t, db)
	return made
}
