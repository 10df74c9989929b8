package kyc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/identify"
	"oneton/job"
	"oneton/kyc"
	"oneton/store"
	"oneton/store/storetest"
)

// tables are all that the room keeps, but what an installation keeps of all.
var tables = []string{"kyc_attempts", "kyc_sessions", "kyc_uses", "kyc_jobs", "kyc_stages", "kyc_changes", "kyc_photos", "kyc_faces", "kyc_users"}

// count is how many rows a table has.
func (r *rig) count(t *testing.T, table string) int64 {
	t.Helper()
	n, err := store.One(t.Context(), r.db, "count", func(row store.Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	}, `SELECT COUNT(*) FROM `+table)
	require.NoError(t, err)
	return n
}

// A document is one user's, whoever registers it at once, and a user has one attempt.
func TestDocumentsAreUnique(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		ended := func() string {
			id, err := r.CloseSession(ctx, by, r.open(t, kyc.Signup), kyc.Success)
			require.NoError(t, err)
			return id
		}
		attempts := []string{ended(), ended(), ended(), ended()}
		var made, taken atomic.Int64
		var group sync.WaitGroup
		for i, id := range []string{"ab-12", "AB12", "a b 1 2", "ab.12"} {
			group.Go(func() {
				_, err := r.CreateUser(ctx, by, kyc.NewUser{Attempt: attempts[i], DocumentID: id, DocumentType: kyc.Passport})
				switch {
				case err == nil:
					made.Add(1)
				case errors.Is(err, kyc.ErrDocumentTaken):
					taken.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, made.Load())
		require.EqualValues(t, 3, taken.Load())
		first, err := r.UserByDocument(ctx, by, "AB12")
		require.NoError(t, err)

		// Of another type it is another document.
		u, err := r.CreateUser(ctx, by, kyc.NewUser{Attempt: ended(), DocumentID: "AB12", DocumentType: kyc.Cedula, Metadata: json.RawMessage(`{"n":1}`)})
		require.NoError(t, err)
		_, err = r.CreateUser(ctx, by, kyc.NewUser{Attempt: u.Attempt, DocumentID: "CD34", DocumentType: kyc.Cedula})
		require.ErrorIs(t, err, kyc.ErrRegistered)
		got, err := r.UserByDocument(ctx, by, "AB12")
		require.NoError(t, err)
		require.Equal(t, first, got, "the first")

		attempt := ended()
		for name, n := range map[string]kyc.NewUser{
			"documentId":   {Attempt: attempt, DocumentID: " - ", DocumentType: kyc.Cedula},
			"documentType": {Attempt: attempt, DocumentID: "1", DocumentType: "LICENCE"},
			"metadata":     {Attempt: attempt, DocumentID: "1", DocumentType: kyc.Cedula, Metadata: json.RawMessage(`"text"`)},
		} {
			_, err := r.CreateUser(ctx, by, n)
			var wrong *argument.Error
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, name, wrong.Argument)
		}
		_, err = r.CreateUser(ctx, by, kyc.NewUser{Attempt: attempt, DocumentID: "1", DocumentType: kyc.Cedula, Metadata: json.RawMessage(`{"a":"` + strings.Repeat("x", kyc.MaxMetadata) + `"}`)})
		require.ErrorIs(t, err, kyc.ErrInvalid)
	})
}

// Whoever asks for the same user at once gets the same, on two processes, too.
func TestRegisteredAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		replicas, ctx := []*rig{start(t, open, options{}), start(t, open, options{})}, t.Context()
		for round := range 5 {
			attempt, err := replicas[0].CloseSession(ctx, by, replicas[0].open(t, kyc.Signup), kyc.Success)
			require.NoError(t, err)
			const clients = 8
			var users [clients]kyc.User
			var errs [clients]error
			var group sync.WaitGroup
			for i := range clients {
				group.Go(func() {
					users[i], errs[i] = replicas[i%2].CreateUser(ctx, by, kyc.NewUser{Attempt: attempt, DocumentID: fmt.Sprint("A-", round), DocumentType: kyc.Passport})
				})
			}
			group.Wait()
			require.NoError(t, errors.Join(errs[:]...))
			for _, u := range users {
				require.Equal(t, users[0].ID, u.ID)
			}
		}
	})
}

// Nothing is left of a deleted user, and everything of the others.
func TestDeleteUser(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: kyc.Config{Documents: time.Hour}}), t.Context()
		validate := func(u kyc.User, person string) string {
			v := r.open(t, kyc.Validation)
			r.work(t, v, "validation", kyc.Input{Files: map[string][]byte{"face": of(t, person, 2)}, Fields: map[string]string{"userId": u.ID}})
			return v.ID
		}
		ana := r.user(t, "ana", "001")
		validated := validate(ana, "ana")
		before := map[string]int64{}
		for _, table := range tables {
			before[table] = r.count(t, table)
			if table != "kyc_uses" {
				require.NotZero(t, before[table], table)
			}
		}
		face := r.subjects(t)
		bea := r.user(t, "bea", "002")
		other := validate(bea, "bea")
		beaFace := r.subjects(t)[len(r.subjects(t))-1]
		require.Len(t, r.subjects(t), 2)

		// One of the user's checks waits yet.
		require.NoError(t, r.DeleteUser(ctx, by, bea.ID))
		require.Equal(t, face, r.subjects(t), "the other's face is gone: "+beaFace)
		for _, table := range tables {
			require.Equal(t, before[table], r.count(t, table), table)
		}
		for _, id := range []string{bea.Attempt, other} {
			_, err := r.Attempt(ctx, by, id)
			require.ErrorIs(t, err, kyc.ErrNotFound)
		}
		_, err := r.User(ctx, by, bea.ID)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		_, err = r.UserByDocument(ctx, by, "002")
		require.ErrorIs(t, err, kyc.ErrNotFound)
		require.ErrorIs(t, r.DeleteUser(ctx, by, bea.ID), kyc.ErrNotFound)
		require.Equal(t, []string{"user.created", "user.deleted"}, r.rows(t, `SELECT verb FROM deeds WHERE what = $1 ORDER BY verb`, bea.ID))
		require.Equal(t, []string{"user.created", "user.deleted"}, r.rows(t, `SELECT kind FROM emitted WHERE body LIKE $1 ORDER BY kind`, "%"+bea.ID+"%"))
		_, err = r.Attempt(ctx, by, validated)
		require.NoError(t, err)

		// The face is nobody's again, and may be registered anew.
		s := r.open(t, kyc.Signup)
		require.Equal(t, []any{}, output(t, r.work(t, s, "signup", signup(t, "bea", "002")))["users"])
		r.user(t, "bea", "002")
	})
}

// A check that waits while its user is deleted brings nothing back.
func TestDeleteUserWithWork(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{idle: true}), t.Context()
		id, err := r.CloseSession(ctx, by, r.open(t, kyc.Signup), kyc.Success)
		require.NoError(t, err)
		u, err := r.CreateUser(ctx, by, kyc.NewUser{Attempt: id, DocumentID: "1", DocumentType: kyc.Cedula})
		require.NoError(t, err)
		s := r.open(t, kyc.Signup)
		job, err := r.Start(ctx, by, s, "signup", signup(t, "ana", "1"))
		require.NoError(t, err)
		j, err := r.Job(ctx, by, job)
		require.NoError(t, err)
		require.Equal(t, kyc.Queued, j.Status)
		require.JSONEq(t, `{}`, string(j.Output))
		require.NoError(t, r.db.Update(ctx, "concern", func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE kyc_attempts SET person = $1 WHERE id = $2`, u.ID, s.ID)
			return err
		}))
		require.NoError(t, r.DeleteUser(ctx, by, u.ID))
		r.erased(t)
		_, err = r.Job(ctx, by, job)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		for _, table := range tables {
			require.Zero(t, r.count(t, table), table)
		}
	})
}

// Photos of documents are kept where the configuration says so, for as long as it says.
func TestKeptPhotos(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: kyc.Config{Documents: time.Hour}}), t.Context()
		s := r.open(t, kyc.Signup)
		in := signup(t, "ana", "001")
		r.work(t, s, "signup", in)
		a, err := r.Attempt(ctx, by, s.ID)
		require.NoError(t, err)
		ref := a.Stages[0].Photo
		require.Len(t, ref, 24)
		require.Equal(t, ref, a.Stages[1].Photo, "one photo, kept once")
		require.Empty(t, a.Stages[2].Photo, "faces are never kept")
		p, err := r.Photo(ctx, tenant, ref)
		require.NoError(t, err)
		require.Equal(t, store.Photo{MediaType: "image/jpeg", Bytes: in.Files["document"]}, p)
		_, err = r.Photo(ctx, other, ref)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		require.Len(t, r.rows(t, `SELECT id FROM kyc_photos`), 1)

		_, err = r.Sweep(ctx, r.now())
		require.NoError(t, err)
		require.Len(t, r.rows(t, `SELECT id FROM kyc_photos`), 1)
		r.wait(time.Hour)
		_, err = r.Photo(ctx, tenant, ref)
		require.ErrorIs(t, err, kyc.ErrNotFound, "also before it is swept")
		_, err = r.Sweep(ctx, r.now())
		require.NoError(t, err)
		require.Empty(t, r.rows(t, `SELECT id FROM kyc_photos`))
	})
}

// What has ended leaves, and nothing else: a face that no user came of, too.
func TestSweep(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		const day = 24 * time.Hour
		r, ctx := start(t, open, options{cfg: kyc.Config{Attempts: 10 * day}}), t.Context()
		sweep := func() int64 {
			n, err := r.Sweep(ctx, r.now())
			require.NoError(t, err)
			return n
		}
		ana := r.user(t, "ana", "001")
		anaFace := r.subjects(t)

		// A face goes when its attempt fails, at once.
		failed := r.open(t, kyc.Signup)
		r.work(t, failed, "signup", signup(t, "bea", "002"))
		require.Len(t, r.subjects(t), 2)
		_, err := r.CloseSession(ctx, by, failed, kyc.Failed)
		require.NoError(t, err)
		require.Zero(t, sweep())
		require.Equal(t, anaFace, r.subjects(t))
		a, err := r.Attempt(ctx, by, failed.ID)
		require.NoError(t, err)
		require.Empty(t, a.Faces)
		require.Len(t, a.Stages, 5, "what the checks said stays")

		// Of an attempt whose session nobody closed, too, as soon as that has ended.
		left := r.open(t, kyc.Signup)
		r.work(t, left, "signup", signup(t, "cid", "003"))
		require.Zero(t, sweep())
		require.Len(t, r.subjects(t), 2)
		r.wait(9 * day)
		require.Zero(t, sweep())
		require.Zero(t, r.count(t, "kyc_sessions"), "the session has ended")
		require.Equal(t, anaFace, r.subjects(t))
		a, err = r.Attempt(ctx, by, left.ID)
		require.NoError(t, err)
		require.Equal(t, kyc.Cancelled, a.Status)
		require.Empty(t, a.Faces)
		require.Len(t, a.History, 2)
		require.WithinDuration(t, r.now(), a.History[1].At, time.Minute)
		a.History[1].At = time.Time{}
		require.Equal(t, kyc.Change{From: kyc.Pending, To: kyc.Cancelled}, a.History[1])
		require.ErrorIs(t, r.Review(ctx, by, left.ID, kyc.Success, ""), kyc.ErrNotInReview)
		a, err = r.Attempt(ctx, by, failed.ID)
		require.NoError(t, err)
		require.Equal(t, kyc.Failed, a.Status, "what was closed stays as it was closed")
		young := r.open(t, kyc.Signup)
		r.wait(2 * day)
		require.EqualValues(t, 3, sweep(), "ana's, the failed and the left one")
		require.Equal(t, anaFace, r.subjects(t), "a user's face stays")
		require.Equal(t, []string{young.ID}, r.rows(t, `SELECT id FROM kyc_attempts`))
		_, err = r.User(ctx, by, ana.ID)
		require.NoError(t, err)
		v := r.open(t, kyc.Validation)
		require.Equal(t, kyc.Succeeded, r.work(t, v, "validation", kyc.Input{
			Files: map[string][]byte{"face": of(t, "ana", 5)}, Fields: map[string]string{"userId": ana.ID},
		}).Status)
	})
}

var errKilled = errors.New("killed")

// killed is a database whose process dies before or after the commit of what is named,
// the first few times.
type killed struct {
	store.DB
	at    string
	after bool
	times atomic.Int32
}

func (k *killed) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	if doing != k.at || k.times.Add(-1) < 0 {
		return k.DB.Update(ctx, doing, do)
	}
	if k.after {
		if err := k.DB.Update(ctx, doing, do); err != nil {
			return err
		}
	}
	return errKilled
}

// dying dies after it has put a face into the gallery.
type dying struct {
	*identify.Service
	times *atomic.Int32
}

func (d dying) Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error) {
	e, err := d.Service.Enrol(ctx, by, req)
	if err == nil && d.times.Add(-1) >= 0 {
		err = errKilled
	}
	return e, err
}

// A job that runs again after it was cut off anywhere counts once, leaves each stage
// once and puts one face into the gallery.
func TestRunAgain(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		var dies atomic.Int32
		dies.Store(1)
		note := &killed{at: "note face", after: true}
		note.times.Store(1)
		end := &killed{at: "end check"}
		end.times.Store(2)
		r := start(t, open, options{
			faces: func(s *identify.Service) kyc.Faces { return dying{s, &dies} },
			db: func(db store.DB) store.DB {
				end.DB = db
				note.DB = end
				return note
			},
		})
		s := r.open(t, kyc.Signup)
		id, left, err := r.Begin(t.Context(), by, s, kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 1), "document": cedula(t, "ana", "1")}})
		require.NoError(t, err)
		require.Equal(t, 2, left.Left)
		require.Equal(t, kyc.Succeeded, r.await(t, id).Status)
		require.Equal(t, []string{id}, r.subjects(t))
		uses, err := r.Uses(t.Context(), s, kyc.FacesCompare)
		require.NoError(t, err)
		require.Equal(t, 2, uses.Left, "it counts once")
		require.Len(t, r.rows(t, `SELECT name FROM kyc_stages WHERE job = $1`, id), 2)

		// A commit whose answer was lost is not made again.
		end.after = true
		end.times.Store(1)
		id, err = r.Start(t.Context(), by, s, "signup", signup(t, "ana", "1"))
		require.NoError(t, err)
		require.Equal(t, kyc.Succeeded, r.await(t, id).Status)
		require.Len(t, r.rows(t, `SELECT name FROM kyc_stages WHERE job = $1`, id), 5)
		a, err := r.Attempt(t.Context(), by, s.ID)
		require.NoError(t, err)
		require.Len(t, a.Faces, 1)
	})
}

// What the queue gave up has failed, and what it may have left in the gallery goes.
func TestGivenUp(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		var dies atomic.Int32
		dies.Store(1000)
		r, ctx := start(t, open, options{faces: func(s *identify.Service) kyc.Faces { return dying{s, &dies} }}), t.Context()
		s := r.open(t, kyc.Signup)
		id, err := r.Start(ctx, by, s, "signup", signup(t, "ana", "1"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return dies.Load() < 1000 }, time.Minute, 10*time.Millisecond)
		_, err = r.queue.Cancel(ctx, tenant, job.ID(id))
		require.NoError(t, err)
		j := r.await(t, id)
		require.Equal(t, kyc.DidFail, j.Status)
		require.Equal(t, "failed", output(t, j)["code"])
		same, err := r.Job(ctx, by, id)
		require.NoError(t, err)
		require.Equal(t, j, same)
		require.Empty(t, r.stages(t, s.ID))
		require.Equal(t, []string{id}, r.subjects(t))
		_, err = r.Sweep(ctx, r.now())
		require.NoError(t, err)
		require.Equal(t, []string{id}, r.subjects(t), "its job might run yet")
		r.wait(26 * time.Hour)
		_, err = r.Sweep(ctx, r.now())
		require.NoError(t, err)
		require.Empty(t, r.subjects(t))
		require.Zero(t, r.count(t, "kyc_faces"))
	})
}

// A check that no try could make says so in its stage, and is no failure of the
// person's face.
func TestEveryTryFails(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{hasty: true, faces: func(s *identify.Service) kyc.Faces { return blind{s} }})
		s := r.open(t, kyc.Signup)
		j := r.check(t, s, kyc.FacesDetect, kyc.Input{Files: map[string][]byte{"file": of(t, "ana", 1)}})
		require.Equal(t, kyc.DidFail, j.Status)
		require.Nil(t, j.Value)
		require.Equal(t, "failed", output(t, j)["code"])
		require.Equal(t, []string{"detect_faces INVALID"}, r.stages(t, s.ID))
		r.erased(t)
	})
}

// blind finds no faces for a fault of its own.
type blind struct{ *identify.Service }

func (blind) Detect(context.Context, identify.DetectRequest) (identify.Detection, error) {
	return identify.Detection{}, errKilled
}

// A face that its owner deletes from the gallery is a user's no more.
func TestFaceDeletedByItsOwner(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		u := r.user(t, "ana", "001")
		_, err := r.faces.DeleteSubject(ctx, by, "kyc-users", store.SubjectID(r.subjects(t)[0]))
		require.NoError(t, err)
		j := r.work(t, r.open(t, kyc.Validation), "validation", kyc.Input{
			Files: map[string][]byte{"face": of(t, "ana", 2)}, Fields: map[string]string{"userId": u.ID},
		})
		require.Equal(t, kyc.Invalid, j.Status)
		require.Equal(t, kyc.UserWithoutFace, j.Refused.Code)
		require.NoError(t, r.DeleteUser(ctx, by, u.ID))
		for _, table := range []string{"kyc_users", "kyc_faces"} {
			require.Zero(t, r.count(t, table), table)
		}
		// And the gallery, before a user is registered.
		s := r.open(t, kyc.Signup)
		r.work(t, s, "signup", signup(t, "ana", "001"))
		_, err = r.faces.DeleteGallery(ctx, by, "kyc-users")
		require.NoError(t, err)
		j = r.check(t, s, kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 2), "document": of(t, "ana", 1)}})
		require.Nil(t, j.Refused)
		require.NotEmpty(t, j.Value, "what an endpoint asks for is told, whatever comes of keeping the face")
		require.Contains(t, r.stages(t, s.ID), "save_face INVALID")
		id, err := r.CloseSession(ctx, by, s, kyc.Success)
		require.NoError(t, err)
		_, err = r.CreateUser(ctx, by, kyc.NewUser{Attempt: id, DocumentID: "001", DocumentType: kyc.Cedula})
		require.NoError(t, err)
	})
}
