package kyc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/argument"
	"oneton/identify/identifytest"
	"oneton/kyc"
	"oneton/store"
	"oneton/store/storetest"
)

// From a session to a user, and the user known again.
func TestSignupAndValidation(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		s := r.open(t, kyc.Signup)
		j := r.work(t, s, "signup", signup(t, "ana", "001-1234567-8"))
		require.Equal(t, kyc.Succeeded, j.Status)
		require.Nil(t, j.Value)
		out := output(t, j)
		require.Equal(t, "SUCCESS", out["outcome"])
		require.Equal(t, map[string]any{"document_id": "001-1234567-8", "surname": "PEREZ"}, out["document"])
		require.Equal(t, []any{}, out["users"])
		require.Greater(t, out["similarity"], 80.0)
		require.Equal(t, 80.0, out["threshold"])
		require.Equal(t, []string{
			"fetch_document_data COMPLETED", "validate_document_type COMPLETED", "compare_faces COMPLETED", "find_user COMPLETED", "save_face COMPLETED",
		}, r.stages(t, s.ID))

		id, err := r.CloseSession(ctx, by, s, kyc.Success)
		require.NoError(t, err)
		require.Equal(t, s.ID, id)
		a, err := r.Attempt(ctx, by, id)
		require.NoError(t, err)
		require.Equal(t, kyc.Success, a.Status)
		require.Equal(t, kyc.Signup, a.Kind)
		require.Equal(t, []string{j.ID}, a.Faces)
		require.Equal(t, map[string]any{"document_type": "CEDULA", "document_side": "FRONT"}, a.Stages[0].Input)
		require.Empty(t, a.Stages[0].Photo, "no photo is kept")
		require.Len(t, a.History, 2)
		require.Equal(t, []kyc.Status{"", kyc.Pending, kyc.Success}, []kyc.Status{a.History[0].From, a.History[0].To, a.History[1].To})
		require.Equal(t, by.Key, a.History[1].Key)

		u, err := r.CreateUser(ctx, by, kyc.NewUser{Attempt: id, DocumentID: "001-1234567-8", DocumentType: kyc.Cedula})
		require.NoError(t, err)
		require.Len(t, u.ID, 24)
		require.JSONEq(t, `{"plan":"gold"}`, string(u.Metadata), "what the signup was given")
		again, err := r.CreateUser(ctx, by, kyc.NewUser{Attempt: id, DocumentID: "00112345678", DocumentType: kyc.Cedula})
		require.NoError(t, err)
		require.Equal(t, u, again)
		for _, as := range []string{"001-1234567-8", "00112345678", "001 1234567 8"} {
			got, err := r.UserByDocument(ctx, by, as)
			require.NoError(t, err, as)
			require.Equal(t, u, got)
		}
		got, err := r.User(ctx, by, u.ID)
		require.NoError(t, err)
		require.Equal(t, u, got)

		// The same face under another name, and another's.
		s2 := r.open(t, kyc.Signup)
		require.Equal(t, []any{u.ID}, output(t, r.work(t, s2, "signup", signup(t, "ana", "002")))["users"])
		require.Contains(t, r.stages(t, s2.ID), "find_user FAILED")
		s3 := r.open(t, kyc.Signup)
		require.Equal(t, []any{}, output(t, r.work(t, s3, "signup", signup(t, "bea", "003")))["users"])

		v := r.open(t, kyc.Validation)
		for _, fields := range []map[string]string{{"userId": u.ID}, {"documentId": "00112345678"}, {"documentId": "001 1234567/8", "documentType": kyc.Cedula}} {
			ok := r.work(t, v, "validation", kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 3)}, Fields: fields})
			require.Equal(t, kyc.Succeeded, ok.Status)
			require.Equal(t, u.ID, output(t, ok)["user"])
			no := r.work(t, v, "validation", kyc.Input{Files: map[string][]byte{"face": of(t, "bea", 3)}, Fields: fields})
			require.Equal(t, kyc.DidFail, no.Status)
			require.Equal(t, "FAILED", output(t, no)["outcome"])
			require.Less(t, output(t, no)["similarity"], 80.0)
		}
		unknown := r.work(t, v, "validation", kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 3)}, Fields: map[string]string{"documentId": "9"}})
		require.Equal(t, kyc.Invalid, unknown.Status)
		require.Equal(t, kyc.UnknownUser, unknown.Refused.Code)

		// Nothing of it is another tenant's.
		stranger := store.Actor{Tenant: other}
		_, err = r.Attempt(ctx, stranger, id)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		_, err = r.User(ctx, stranger, u.ID)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		_, err = r.UserByDocument(ctx, stranger, "00112345678")
		require.ErrorIs(t, err, kyc.ErrNotFound)
		_, err = r.Job(ctx, stranger, j.ID)
		require.ErrorIs(t, err, kyc.ErrNotFound)
		require.ErrorIs(t, r.DeleteUser(ctx, stranger, u.ID), kyc.ErrNotFound)
		_, err = r.CreateUser(ctx, stranger, kyc.NewUser{Attempt: id, DocumentID: "1", DocumentType: kyc.Cedula})
		require.ErrorIs(t, err, kyc.ErrNotFound)

		require.Equal(t, []string{"attempt.created", "attempt.status_changed", "user.created"},
			r.rows(t, `SELECT kind FROM emitted WHERE tenant = 'acme' AND body LIKE $1 ORDER BY kind`, "%"+id+"%"))
		require.Equal(t, []string{"attempt.changed", "attempt.created"}, r.rows(t, `SELECT verb FROM deeds WHERE what = $1 ORDER BY verb`, id))
		require.Equal(t, []string{"user.created"}, r.rows(t, `SELECT verb FROM deeds WHERE what = $1`, u.ID))
		r.erased(t)
		require.Empty(t, r.rows(t, `SELECT id FROM kyc_photos`))
	})
}

// What each endpoint answers, and what it leaves in the attempt.
func TestChecks(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{cfg: kyc.Config{Uses: 100}})
		two := shot{Faces: []identifytest.Face{{Person: "a"}, {Person: "b", Size: 100}}}.bytes(t)
		passport := shot{Doc: &kyc.Document{Type: kyc.Passport, Side: kyc.Front, Number: "AB12 34", Sure: true}}.bytes(t)
		doubtful := shot{Doc: &kyc.Document{Type: kyc.Passport, Side: kyc.Front, Number: "AB1234"}}.bytes(t)
		field := func(pairs ...string) map[string]string {
			m := map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				m[pairs[i]] = pairs[i+1]
			}
			return m
		}
		file := func(name string, content []byte) map[string][]byte { return map[string][]byte{name: content} }
		for name, c := range map[string]struct {
			endpoint kyc.Endpoint
			in       kyc.Input
			value    string
			status   int
			stages   string
		}{
			"no face":          {kyc.FacesDetect, kyc.Input{Files: file("file", shot{}.bytes(t))}, "0", kyc.DidFail, "detect_faces FAILED"},
			"a face":           {kyc.FacesDetect, kyc.Input{Files: file("file", of(t, "a", 0))}, "1", kyc.Succeeded, "detect_faces COMPLETED"},
			"two faces":        {kyc.FacesDetect, kyc.Input{Files: file("file", two)}, "2", kyc.Succeeded, "detect_faces COMPLETED"},
			"smiles":           {kyc.FacesSmile, kyc.Input{Files: file("clip", shot{Does: true}.bytes(t))}, "true", kyc.Succeeded, "check_smile COMPLETED"},
			"does not smile":   {kyc.FacesSmile, kyc.Input{Files: file("clip", shot{}.bytes(t))}, "false", kyc.DidFail, "check_smile FAILED"},
			"blinks":           {kyc.FacesBlink, kyc.Input{Files: file("clip", shot{Does: true}.bytes(t))}, "true", kyc.Succeeded, "check_blink COMPLETED"},
			"type":             {kyc.DocumentsType, kyc.Input{Files: file("file", passport), Fields: field("documentType", "PASSPORT")}, "true", kyc.Succeeded, "validate_document_type COMPLETED"},
			"another type":     {kyc.DocumentsType, kyc.Input{Files: file("file", passport), Fields: field("documentType", "CEDULA")}, "false", kyc.DidFail, "validate_document_type FAILED"},
			"another side":     {kyc.DocumentsType, kyc.Input{Files: file("file", passport), Fields: field("documentType", "PASSPORT", "side", "BACK")}, "false", kyc.DidFail, "validate_document_type FAILED"},
			"no document":      {kyc.DocumentsType, kyc.Input{Files: file("file", two), Fields: field("documentType", "PASSPORT")}, "false", kyc.DidFail, "validate_document_type FAILED"},
			"identity":         {kyc.DocumentsIdentity, kyc.Input{Files: file("file", passport), Fields: field("documentType", "PASSPORT", "documentId", "ab-1234")}, "true", kyc.Succeeded, "validate_identity COMPLETED"},
			"another identity": {kyc.DocumentsIdentity, kyc.Input{Files: file("file", passport), Fields: field("documentType", "PASSPORT", "documentId", "AB1235")}, "false", kyc.DidFail, "validate_identity FAILED"},
			"no number":        {kyc.DocumentsIdentity, kyc.Input{Files: file("file", two), Fields: field("documentType", "PASSPORT", "documentId", "--")}, "false", kyc.DidFail, "validate_identity FAILED"},
			"doubtful number":  {kyc.DocumentsIdentity, kyc.Input{Files: file("file", doubtful), Fields: field("documentType", "PASSPORT", "documentId", "AB1234")}, "false", kyc.DidFail, "validate_identity FAILED"},
		} {
			s := r.open(t, kyc.Validation)
			j := r.check(t, s, c.endpoint, c.in)
			require.Equal(t, c.value, string(j.Value), name)
			require.Equal(t, c.status, j.Status, name)
			require.Equal(t, []string{c.stages}, r.stages(t, s.ID), name)
		}

		// Whichever of a document's faces is the ghost, the portrait is compared.
		s := r.open(t, kyc.Signup)
		j := r.check(t, s, kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 1), "document": cedula(t, "ana", "1")}})
		var similarity float64
		require.NoError(t, json.Unmarshal(j.Value, &similarity))
		require.Greater(t, similarity, 80.0)
		require.Equal(t, []string{"compare_faces COMPLETED", "save_face COMPLETED"}, r.stages(t, s.ID))
		require.Contains(t, r.subjects(t), j.ID)
		// Another person's face does not take its place, nor counts as the first's.
		j2 := r.check(t, s, kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "bea", 1), "document": cedula(t, "bea", "2")}})
		require.Equal(t, kyc.DidFail, j2.Status)
		j3 := r.check(t, s, kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "ana", 4), "document": cedula(t, "ana", "1")}})
		require.Equal(t, kyc.Succeeded, j3.Status)
		require.NotContains(t, r.subjects(t), j2.ID)
		require.NotContains(t, r.subjects(t), j3.ID)
		a, err := r.Attempt(t.Context(), by, s.ID)
		require.NoError(t, err)
		require.Equal(t, []string{j.ID}, a.Faces)
		stranger := r.check(t, r.open(t, kyc.Signup), kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": of(t, "bea", 1), "document": cedula(t, "ana", "1")}})
		require.Equal(t, kyc.DidFail, stranger.Status)
		require.NotContains(t, r.subjects(t), stranger.ID)
	})
}

// What cannot be checked is said with its code, and is no failure of the person's.
func TestRefusals(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: kyc.Config{Uses: 2}}), t.Context()
		good := of(t, "ana", 1)
		poor := shot{Faces: []identifytest.Face{{Person: "ana", Reasons: []string{"blurred", "not_comparable"}}}}.bytes(t)
		small := shot{Faces: []identifytest.Face{{Person: "ana", Size: 12}}}.bytes(t)
		for name, c := range map[string]struct {
			endpoint kyc.Endpoint
			files    map[string][]byte
			code     kyc.Code
			argument string
		}{
			"text":           {kyc.FacesDetect, map[string][]byte{"file": []byte("text")}, kyc.PhotoUnsupported, "file"},
			"text as face":   {kyc.FacesCompare, map[string][]byte{"face": []byte("text"), "document": good}, kyc.PhotoUnsupported, "face"},
			"text as card":   {kyc.FacesCompare, map[string][]byte{"face": good, "document": []byte("text")}, kyc.PhotoUnsupported, "document"},
			"no face":        {kyc.FacesCompare, map[string][]byte{"face": shot{}.bytes(t), "document": good}, kyc.NoFace, "face"},
			"faceless card":  {kyc.FacesCompare, map[string][]byte{"face": good, "document": shot{}.bytes(t)}, kyc.NoFace, "document"},
			"several people": {kyc.FacesCompare, map[string][]byte{"face": shot{Faces: []identifytest.Face{{Person: "a"}, {Person: "b"}}}.bytes(t), "document": good}, kyc.SeveralFaces, "face"},
			"poor":           {kyc.FacesCompare, map[string][]byte{"face": poor, "document": good}, kyc.FaceNotComparable, "face"},
			"poor card":      {kyc.FacesCompare, map[string][]byte{"face": good, "document": poor}, kyc.FaceNotComparable, "document"},
			"small":          {kyc.FacesCompare, map[string][]byte{"face": small, "document": good}, kyc.FaceTooSmall, "face"},
			"small card":     {kyc.FacesCompare, map[string][]byte{"face": good, "document": small}, kyc.FaceTooSmall, "document"},
			"no clip":        {kyc.FacesBlink, map[string][]byte{"clip": []byte("text")}, kyc.ClipUnsupported, "clip"},
			"documents off":  {kyc.DocumentsType, map[string][]byte{"file": shot{Error: kyc.DocumentsOff}.bytes(t)}, kyc.DocumentsOff, "file"},
		} {
			s := r.open(t, kyc.Signup)
			j := r.check(t, s, c.endpoint, kyc.Input{Files: c.files, Fields: map[string]string{"documentType": kyc.Cedula}})
			require.Equal(t, kyc.Invalid, j.Status, name)
			require.Nil(t, j.Value, name)
			require.Equal(t, c.code, j.Refused.Code, name)
			require.Equal(t, c.argument, j.Refused.Argument, name)
			require.NotEmpty(t, j.Refused.Reason, name)
			require.ErrorIs(t, j.Refused, kyc.ErrRefused)
			require.Equal(t, string(c.code), output(t, j)["code"], name)
			require.Len(t, r.stages(t, s.ID), 1, name)
			require.Contains(t, r.stages(t, s.ID)[0], " INVALID", name)
		}
		require.Empty(t, r.subjects(t))

		// What is not well formed starts nothing and costs nothing.
		s := r.open(t, kyc.Signup)
		for name, c := range map[string]struct {
			endpoint kyc.Endpoint
			in       kyc.Input
		}{
			"file":         {kyc.FacesDetect, kyc.Input{}},
			"document":     {kyc.FacesCompare, kyc.Input{Files: map[string][]byte{"face": good}}},
			"clip":         {kyc.FacesSmile, kyc.Input{Files: map[string][]byte{"clip": {}}}},
			"documentType": {kyc.DocumentsType, kyc.Input{Files: map[string][]byte{"file": good}, Fields: map[string]string{"documentType": "LICENCE"}}},
			"side":         {kyc.DocumentsType, kyc.Input{Files: map[string][]byte{"file": good}, Fields: map[string]string{"documentType": "CEDULA", "side": "TOP"}}},
			"documentId":   {kyc.DocumentsIdentity, kyc.Input{Files: map[string][]byte{"file": good}, Fields: map[string]string{"documentType": "CEDULA"}}},
		} {
			_, _, err := r.Begin(ctx, by, s, c.endpoint, c.in)
			var wrong *argument.Error
			require.ErrorAs(t, err, &wrong)
			require.ErrorIs(t, err, kyc.ErrInvalid)
			require.Equal(t, name, wrong.Argument)
			uses, err := r.Uses(ctx, s, c.endpoint)
			require.NoError(t, err)
			require.Equal(t, kyc.Uses{Limit: 2, Left: 2}, uses)
		}
		for name, fields := range map[string]map[string]string{
			"documentType": {},
			"documentSide": {"documentType": "CEDULA", "documentSide": "left"},
			"threshold":    {"documentType": "CEDULA", "threshold": "NaN"},
			"metadata":     {"documentType": "CEDULA", "metadata": "[1]"},
		} {
			in := signup(t, "ana", "1")
			in.Fields = fields
			_, err := r.Start(ctx, by, s, "signup", in)
			var wrong *argument.Error
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, name, wrong.Argument)
		}
		long := signup(t, "ana", "1")
		long.Fields["metadata"] = `{"a":"` + strings.Repeat("x", kyc.MaxMetadata) + `"}`
		_, err := r.Start(ctx, by, s, "signup", long)
		require.ErrorIs(t, err, kyc.ErrInvalid)
		_, err = r.Start(ctx, by, s, "validation", kyc.Input{Files: map[string][]byte{"face": good}})
		require.ErrorIs(t, err, kyc.ErrInvalid)
		for _, name := range []string{"nothing", "", "faces/detect"} {
			_, err := r.Start(ctx, by, s, name, kyc.Input{})
			var missing *kyc.NotFoundError
			require.ErrorAs(t, err, &missing)
			require.Equal(t, kyc.NotFoundError{Kind: "workflow", ID: name}, *missing)
		}
		require.Empty(t, r.stages(t, s.ID))
		_, err = r.OpenSession(ctx, by, "LOGIN")
		require.ErrorIs(t, err, kyc.ErrInvalid)
	})
}

// The uses of a session's endpoint are as many as configured, whoever counts.
func TestUsesAreExact(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		const most, workers = 5, 16
		cfg := kyc.Config{Uses: most}
		replicas := []*rig{start(t, open, options{cfg: cfg}), start(t, open, options{cfg: cfg})}
		s := replicas[0].open(t, kyc.Signup)
		in := kyc.Input{Files: map[string][]byte{"file": of(t, "ana", 1)}}
		var begun, refused atomic.Int64
		var mu sync.Mutex
		left := map[int]bool{}
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				_, uses, err := replicas[w%2].Begin(t.Context(), by, s, kyc.FacesDetect, in)
				switch {
				case err == nil:
					begun.Add(1)
					mu.Lock()
					defer mu.Unlock()
					left[uses.Left] = true
				case errors.Is(err, kyc.ErrUses) && uses == kyc.Uses{Limit: most}:
					refused.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, most, begun.Load())
		require.EqualValues(t, workers-most, refused.Load())
		require.Equal(t, map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true}, left, "each is told what is left after it")
		uses, err := replicas[1].Uses(t.Context(), s, kyc.FacesDetect)
		require.NoError(t, err)
		require.Equal(t, kyc.Uses{Limit: most}, uses)
		for _, fresh := range []func() (kyc.Uses, error){
			func() (kyc.Uses, error) { return replicas[1].Uses(t.Context(), s, kyc.FacesCompare) },
			func() (kyc.Uses, error) {
				return replicas[1].Uses(t.Context(), replicas[1].open(t, kyc.Signup), kyc.FacesDetect)
			},
		} {
			uses, err := fresh()
			require.NoError(t, err)
			require.Equal(t, kyc.Uses{Limit: most, Left: most}, uses)
		}
		require.Len(t, replicas[0].rows(t, `SELECT id FROM kyc_jobs`), most)
	})
}

// A session is open to its token alone, until its time is over, it is closed, or its
// key is revoked.
func TestSessions(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		token, err := r.OpenSession(ctx, by, kyc.Validation)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(token), 26, "26 letters of base 32 are 130 bits")
		s, err := r.Session(ctx, token)
		require.NoError(t, err)
		require.Equal(t, tenant, s.Tenant)
		require.Equal(t, by.Key, s.Key)
		require.Equal(t, kyc.Validation, s.Kind)
		require.Empty(t, r.rows(t, `SELECT mac FROM kyc_sessions WHERE mac LIKE $1`, "%"+token+"%"), "the token is not kept")
		for _, wrong := range []string{"", "x", strings.ToLower(token), token + "A", token[:len(token)-1]} {
			_, err := r.Session(ctx, wrong)
			require.ErrorIs(t, err, kyc.ErrSession)
		}
		// Under a newer version of the secret the token is taken, under another it is not.
		newer, foreign := start(t, open, options{secret: secret{2, 1}}), start(t, open, options{secret: secret{3}})
		_, err = newer.Session(ctx, token)
		require.NoError(t, err)
		_, err = foreign.Session(ctx, token)
		require.ErrorIs(t, err, kyc.ErrSession)

		// Of several who close it, one does.
		_, err = r.CloseSession(ctx, by, s, kyc.Cancelled)
		require.ErrorIs(t, err, kyc.ErrInvalid)
		var closed, late atomic.Int64
		var group sync.WaitGroup
		for i, status := range []kyc.Status{kyc.Success, kyc.Failed, kyc.InReview, kyc.Success, kyc.Failed, kyc.InReview} {
			group.Go(func() {
				_, err := []*rig{r, newer}[i%2].CloseSession(ctx, by, s, status)
				switch {
				case err == nil:
					closed.Add(1)
				case errors.Is(err, kyc.ErrSession):
					late.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, closed.Load())
		require.EqualValues(t, 5, late.Load())
		_, err = r.Session(ctx, token)
		require.ErrorIs(t, err, kyc.ErrSession)
		_, _, err = r.Begin(ctx, by, s, kyc.FacesDetect, kyc.Input{Files: map[string][]byte{"file": of(t, "a", 1)}})
		require.ErrorIs(t, err, kyc.ErrSession)
		a, err := r.Attempt(ctx, by, s.ID)
		require.NoError(t, err)
		require.Len(t, a.History, 2)
		require.Equal(t, a.Status, a.History[1].To)

		// Its time.
		token, err = r.OpenSession(ctx, by, kyc.Signup)
		require.NoError(t, err)
		s, err = r.Session(ctx, token)
		require.NoError(t, err)
		r.wait(time.Hour + time.Second)
		_, err = r.Session(ctx, token)
		require.ErrorIs(t, err, kyc.ErrSession)
		_, err = r.CloseSession(ctx, by, s, kyc.Success)
		require.ErrorIs(t, err, kyc.ErrSession)
		_, err = r.Start(ctx, by, s, "signup", signup(t, "a", "1"))
		require.ErrorIs(t, err, kyc.ErrSession)
		a, err = r.Attempt(ctx, by, s.ID)
		require.NoError(t, err)
		require.Equal(t, kyc.Pending, a.Status)

		// Its key.
		token, err = r.OpenSession(ctx, by, kyc.Signup)
		require.NoError(t, err)
		require.NoError(t, access.NewKeyTable(r.db).RevokeKey(ctx, tenant, by.Key))
		_, err = r.Session(ctx, token)
		require.ErrorIs(t, err, kyc.ErrSession)
	})
}

// Only what is in review is reviewed, and once.
func TestReview(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		for _, closing := range kyc.Closings() {
			for _, decision := range kyc.Reviews() {
				s := r.open(t, kyc.Signup)
				require.ErrorIs(t, r.Review(ctx, by, s.ID, decision, "why"), kyc.ErrNotInReview, "while it is pending")
				_, err := r.CloseSession(ctx, by, s, closing)
				require.NoError(t, err)
				err = r.Review(ctx, store.Actor{Tenant: tenant, Key: "reviewer", Request: "r-9"}, s.ID, decision, "the portrait is \"old\" <b>")
				want := closing
				if closing == kyc.InReview {
					require.NoError(t, err)
					want = decision
					require.ErrorIs(t, r.Review(ctx, by, s.ID, decision, "why"), kyc.ErrNotInReview, "a second time")
				} else {
					require.ErrorIs(t, err, kyc.ErrNotInReview)
				}
				a, err := r.Attempt(ctx, by, s.ID)
				require.NoError(t, err)
				require.Equal(t, want, a.Status)
				last := a.History[len(a.History)-1]
				require.Equal(t, want, last.To)
				if closing == kyc.InReview {
					require.Equal(t, store.KeyID("reviewer"), last.Key)
					require.Equal(t, "r-9", last.Request)
					require.Equal(t, "the portrait is \"old\" <b>", last.Reason)
					require.Equal(t, kyc.InReview, last.From)
				}
				_, err = r.CreateUser(ctx, by, kyc.NewUser{Attempt: s.ID, DocumentID: s.ID, DocumentType: kyc.Cedula})
				if want == kyc.Success {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, kyc.ErrNotRegistrable)
				}
			}
		}
		s := r.open(t, kyc.Signup)
		require.ErrorIs(t, r.Review(ctx, by, s.ID, kyc.Pending, ""), kyc.ErrInvalid)
		require.ErrorIs(t, r.Review(ctx, by, strings.Repeat("0", 24), kyc.Success, ""), kyc.ErrNotFound)
		require.ErrorIs(t, r.Review(ctx, store.Actor{Tenant: other}, s.ID, kyc.Success, ""), kyc.ErrNotFound)
		for _, reason := range []string{strings.Repeat("x", kyc.MaxReason+1), "a\x00b", "\xff"} {
			require.ErrorIs(t, r.Review(ctx, by, s.ID, kyc.Success, reason), kyc.ErrInvalid)
		}
		v := r.open(t, kyc.Validation)
		_, err := r.CloseSession(ctx, by, v, kyc.Success)
		require.NoError(t, err)
		_, err = r.CreateUser(ctx, by, kyc.NewUser{Attempt: v.ID, DocumentID: "1", DocumentType: kyc.Cedula})
		require.ErrorIs(t, err, kyc.ErrNotRegistrable)
	})
}
