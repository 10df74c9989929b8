package identitytoken_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/argument"
	"oneton/audit"
	"oneton/calibration"
	"oneton/face"
	"oneton/identify/identifytest"
	"oneton/identitytoken"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// dimension is that of the test's pack, which no power of two is.
const dimension = 160

// keys are those of an installation with versions.
type keys []byte

func (k keys) Keys(purpose string) ([][]byte, error) {
	var all [][]byte
	for _, version := range k {
		key := make([]byte, 32)
		copy(key, purpose[len(purpose)-4:])
		key[31] = version
		all = append(all, key)
	}
	return all, nil
}

// packs are one pack, "scripted", whose versions before turn every value's sign; a
// version without a converter knows no way.
type packs struct {
	version string
	table   *calibration.Table
	// fails lets conversions fail.
	fails bool
}

func (p *packs) Version(pack string) (string, error) {
	if pack != "scripted" {
		return "", &photo.PackError{Pack: pack, Loaded: []string{"scripted"}}
	}
	return p.version, nil
}

func (p *packs) Converter(pack, version string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	if pack != "scripted" || version != "1" || p.version != "2" {
		return nil
	}
	return func(t face.Template, q face.Quality) (face.Template, face.Quality, error) {
		if p.fails {
			return nil, q, face.ErrNotFinite
		}
		return negated(t), q, nil
	}
}

func negated(t face.Template) face.Template {
	n := make(face.Template, len(t))
	for i, x := range t {
		n[i] = -x
	}
	return n
}

func (p *packs) Calibration(_ context.Context, pack string) (*calibration.Table, error) {
	_, err := p.Version(pack)
	return p.table, err
}

var random = rand.New(rand.NewPCG(17, 1))

func vector() []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

// person is a random one.
func person() face.Template { return template(vector()) }

func template(v []float32) face.Template {
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err)
	}
	return t
}

// portrait is a photo of a person, as near to them as a cosine.
func portrait(of face.Template, cosine float64) photo.Face {
	noise, v := person(), make([]float32, len(of))
	along, err := noise.Cosine(of)
	if err != nil {
		panic(err)
	}
	for i := range v {
		noise[i] -= float32(along) * of[i]
	}
	noise = template(noise)
	for i := range v {
		v[i] = float32(cosine)*of[i] + float32(math.Sqrt(1-cosine*cosine))*noise[i]
	}
	t := template(v)
	return photo.Face{Template: t, Probe: t, Quality: face.Quality{InterEye: 60, Score: 0.9}}
}

type rig struct {
	*identitytoken.Service
	db    storetest.Store
	packs *packs
	now   time.Time
}

// begin is a whole second, so that tokens' times are as asked.
var begin = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

var (
	ours   = store.Actor{Tenant: "ours", Key: "key", Request: "request"}
	theirs = store.Actor{Tenant: "theirs"}
)

func open(t *testing.T, db storetest.Store, k keys) *rig {
	t.Helper()
	r := &rig{db: db, packs: &packs{version: "1", table: identifytest.Table(dimension)}, now: begin}
	require.NoError(t, audit.Migrate(t.Context(), db))
	require.NoError(t, identitytoken.Migrate(t.Context(), db))
	var err error
	r.Service, err = identitytoken.New(identitytoken.Config{Now: func() time.Time { return r.now }}, k, db, r.packs, r.packs)
	require.NoError(t, err)
	return r
}

// engines runs a test on each engine, with two tenants.
func engines(t *testing.T, run func(t *testing.T, r *rig, another func(keys) *rig)) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		r := open(t, handle(t), keys{1})
		a, err := access.New([][]byte{make([]byte, access.MinPepper)}, r.db)
		require.NoError(t, err)
		for _, tenant := range []store.TenantID{"ours", "theirs"} {
			_, err := a.CreateTenant(t.Context(), tenant, "")
			require.NoError(t, err)
		}
		run(t, r, func(k keys) *rig { return open(t, handle(t), k) })
	})
}

func (r *rig) making(faces ...photo.Face) identitytoken.Making {
	return identitytoken.Making{Pack: "scripted", Faces: faces, Context: "door", ExpiresAt: begin.Add(time.Hour)}
}

func (r *rig) made(t *testing.T, m identitytoken.Making) identitytoken.Issued {
	t.Helper()
	i, err := r.Generate(t.Context(), ours, m)
	require.NoError(t, err)
	return i
}

func attempt(token string, f photo.Face) identitytoken.Attempt {
	return identitytoken.Attempt{Token: token, Pack: "scripted", Face: f, Context: "door"}
}

// deeds are what was recorded, the oldest first.
func (r *rig) deeds(t *testing.T) (all []string) {
	t.Helper()
	list, _, err := audit.NewDeeds(r.db).List(t.Context(), audit.Query{Tenant: "ours", Limit: 100})
	require.NoError(t, err)
	for _, d := range slices.Backward(list) {
		if strings.HasPrefix(string(d.Verb), "identity_token.") {
			is := store.Actor{Tenant: d.Tenant, Key: d.Key, Request: d.Request}
			require.Equal(t, ours, is)
			all = append(all, string(d.Verb)+" "+d.What)
		}
	}
	return all
}

func TestLifeOfAToken(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, another func(keys) *rig) {
		ctx, who := t.Context(), person()
		i := r.made(t, r.making(portrait(who, 0.9)))
		require.Equal(t, begin.Add(time.Hour), i.ExpiresAt)

		replica := another(keys{1})
		for _, s := range []*rig{r, replica} {
			got, err := s.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
			require.NoError(t, err)
			require.True(t, got.Match)
			require.Greater(t, got.Score, 40.0)
			got, err = s.Authenticate(ctx, ours, attempt(i.Token, portrait(person(), 0.9)))
			require.NoError(t, err)
			require.Equal(t, identitytoken.Result{}, got, "nobody learns how near they are")
		}

		// What a token becomes is under another id, and the one ends with it.
		bound := "gate"
		next, err := r.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door", NewContext: &bound})
		require.NoError(t, err)
		require.Equal(t, i.ExpiresAt, next.ExpiresAt)
		require.NotEqual(t, i.ID, next.ID)
		at := attempt(next.Token, portrait(who, 0.9))
		_, err = replica.Authenticate(ctx, ours, at)
		require.ErrorIs(t, err, identitytoken.ErrSeal, "it is of the other context")
		at.Context = "gate"
		got, err := replica.Authenticate(ctx, ours, at)
		require.NoError(t, err)
		require.True(t, got.Match)
		_, err = replica.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
		require.ErrorIs(t, err, identitytoken.ErrEnded)
		_, err = r.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door"})
		require.ErrorIs(t, err, identitytoken.ErrEnded)

		// Revoked by its own text or by its id, once, and refused by every process.
		require.ErrorIs(t, r.Revoke(ctx, theirs, next.ID), identitytoken.ErrEnded)
		require.NoError(t, r.Revoke(ctx, ours, next.Token))
		_, err = replica.Authenticate(ctx, ours, at)
		require.ErrorIs(t, err, identitytoken.ErrEnded)
		require.ErrorIs(t, replica.Revoke(ctx, ours, next.ID), identitytoken.ErrEnded)
		require.ErrorIs(t, replica.Revoke(ctx, ours, "something"), identitytoken.ErrMalformed)

		require.Equal(t, []string{
			"identity_token.created " + i.ID, "identity_token.rotated " + i.ID, "identity_token.created " + next.ID, "identity_token.revoked " + next.ID,
		}, r.deeds(t))
	})
}

// A token ends with its time, and what is kept of it goes; what is kept of others
// stays.
func TestTokensExpire(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, _ func(keys) *rig) {
		ctx, who := t.Context(), person()
		i := r.made(t, r.making(portrait(who, 0.9)))
		m := r.making(portrait(who, 0.9))
		m.ExpiresAt = time.Time{}
		forever := r.made(t, m)
		require.Zero(t, forever.ExpiresAt)
		r.now = begin.Add(time.Hour - 1)
		_, err := r.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
		require.NoError(t, err)
		r.now = begin.Add(time.Hour)
		for range 2 {
			_, err = r.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
			require.ErrorIs(t, err, identitytoken.ErrExpired)
			_, err = r.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door"})
			require.ErrorIs(t, err, identitytoken.ErrExpired)
			require.ErrorIs(t, r.Revoke(ctx, ours, i.Token), identitytoken.ErrExpired)
			removed, err := identitytoken.Trim(ctx, r.db, r.now.Add(-1))
			require.NoError(t, err)
			require.Zero(t, removed)
		}
		removed, err := identitytoken.Trim(ctx, r.db, r.now)
		require.NoError(t, err)
		require.EqualValues(t, 1, removed)
		_, err = r.Authenticate(ctx, ours, attempt(forever.Token, portrait(who, 0.9)))
		require.NoError(t, err)
		_, err = r.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
		require.ErrorIs(t, err, identitytoken.ErrExpired)

		past := begin
		_, err = r.Generate(ctx, ours, identitytoken.Making{Pack: "scripted", Faces: m.Faces, ExpiresAt: past})
		require.ErrorIs(t, err, identitytoken.ErrInvalid)
	})
}

// A tenant's tokens end with it, also when another comes under its name.
func TestTokensEndWithTheirTenant(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, _ func(keys) *rig) {
		ctx, who := t.Context(), person()
		i := r.made(t, r.making(portrait(who, 0.9)))
		a, err := access.New([][]byte{make([]byte, access.MinPepper)}, r.db)
		require.NoError(t, err)
		require.NoError(t, a.DeleteTenant(ctx, "ours"))
		_, err = r.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
		require.ErrorIs(t, err, identitytoken.ErrEnded)
		_, err = r.Generate(ctx, ours, r.making(portrait(who, 0.9)))
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = a.CreateTenant(ctx, "ours", "")
		require.NoError(t, err)
		_, err = r.Authenticate(ctx, ours, attempt(i.Token, portrait(who, 0.9)))
		require.ErrorIs(t, err, identitytoken.ErrEnded)
	})
}

// Without its secret a token is a stranger's, and nothing tells that it has one.
func TestSecret(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, _ func(keys) *rig) {
		ctx, who := t.Context(), person()
		m := r.making(portrait(who, 0.9))
		plain := r.made(t, m)
		m.Secret = "café"
		i := r.made(t, m)
		require.Len(t, i.Token, len(plain.Token))
		with := func(token, secret string) identitytoken.Result {
			a := attempt(token, portrait(who, 0.9))
			a.Secret = secret
			got, err := r.Authenticate(ctx, ours, a)
			require.NoError(t, err)
			return got
		}
		require.True(t, with(i.Token, "café").Match)
		require.True(t, with(i.Token, "cafe\u0301").Match, "it looks the same, as another keyboard writes it")
		for _, wrong := range []string{"", "cafe", "café "} {
			require.Zero(t, with(i.Token, wrong), wrong)
		}
		require.Zero(t, with(plain.Token, "café"))

		// Rotated without it, it has it still.
		next, err := r.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door"})
		require.NoError(t, err)
		require.True(t, with(next.Token, "café").Match)
		require.Zero(t, with(next.Token, ""))

		// Another one is set by who has the face and the old one.
		other := "other"
		set := identitytoken.Rotation{Token: next.Token, Context: "door", NewSecret: &other}
		_, err = r.Rotate(ctx, ours, set)
		require.ErrorIs(t, err, identitytoken.ErrInvalid)
		for _, wrong := range []identitytoken.Proof{{Face: portrait(who, 0.9)}, {Face: portrait(who, 0.9), Secret: "x"}, {Face: portrait(person(), 0.9), Secret: "café"}} {
			wrong.Pack = "scripted"
			set.Proof = &wrong
			_, err = r.Rotate(ctx, ours, set)
			require.ErrorIs(t, err, identitytoken.ErrNoProof)
		}
		require.True(t, with(next.Token, "café").Match, "nothing was changed")
		set.Proof = &identitytoken.Proof{Pack: "scripted", Face: portrait(who, 0.9), Secret: "café"}
		last, err := r.Rotate(ctx, ours, set)
		require.NoError(t, err)
		require.True(t, with(last.Token, "other").Match)
		require.Zero(t, with(last.Token, "café"))
	})
}

// Tokens of an older key are taken as long as it is there, and rotating brings them
// to the newest; under one that was taken away they are refused.
func TestVersionsOfKeys(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, another func(keys) *rig) {
		ctx, who := t.Context(), person()
		m := r.making(portrait(who, 0.9))
		m.Secret = "secret"
		i := r.made(t, m)
		a := attempt(i.Token, portrait(who, 0.9))
		a.Secret = "secret"

		both, newer := another(keys{2, 1}), another(keys{2})
		got, err := both.Authenticate(ctx, ours, a)
		require.NoError(t, err)
		require.True(t, got.Match)
		_, err = newer.Authenticate(ctx, ours, a)
		require.ErrorIs(t, err, identitytoken.ErrKey)

		next, err := both.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door"})
		require.NoError(t, err)
		a.Token = next.Token
		got, err = newer.Authenticate(ctx, ours, a)
		require.NoError(t, err)
		require.True(t, got.Match, "the older key is not needed, and the secret was not")
		_, err = r.Authenticate(ctx, ours, a)
		require.ErrorIs(t, err, identitytoken.ErrKey)
		require.NoError(t, r.Revoke(ctx, ours, next.Token), "what cannot be opened can be revoked")
	})
}

// Tokens of a version that the loaded one converts go on, with their secret; others
// are refused.
func TestVersionsOfThePack(t *testing.T) {
	engines(t, func(t *testing.T, r *rig, _ func(keys) *rig) {
		ctx, who := t.Context(), person()
		m := r.making(portrait(who, 0.9))
		m.Secret = "secret"
		i := r.made(t, m)
		r.packs.version = "2"
		now := portrait(negated(who), 0.9)
		a := attempt(i.Token, now)
		a.Secret = "secret"
		got, err := r.Authenticate(ctx, ours, a)
		require.NoError(t, err)
		require.True(t, got.Match)
		a.Secret = "wrong"
		for _, fails := range []bool{false, true} {
			r.packs.fails = fails
			got, err = r.Authenticate(ctx, ours, a)
			require.NoError(t, err)
			require.Zero(t, got)
		}
		r.packs.fails = false
		// It stays of its version, since what lies below a secret cannot be converted.
		next, err := r.Rotate(ctx, ours, identitytoken.Rotation{Token: i.Token, Context: "door"})
		require.NoError(t, err)
		a.Token, a.Secret = next.Token, "secret"
		got, err = r.Authenticate(ctx, ours, a)
		require.NoError(t, err)
		require.True(t, got.Match)

		r.packs.version = "3"
		_, err = r.Authenticate(ctx, ours, a)
		require.ErrorIs(t, err, identitytoken.ErrPack)
		_, err = r.Check(ctx, ours, a.Token, a.Context, 0)
		require.ErrorIs(t, err, identitytoken.ErrPack)
		a.Pack = "other"
		_, err = r.Authenticate(ctx, ours, a)
		require.ErrorIs(t, err, identitytoken.ErrPack)
		m.Pack = "other"
		_, err = r.Generate(ctx, ours, m)
		require.ErrorIs(t, err, photo.ErrPack)
	})
}

// Several photos of a person make a better token than one, and those of several
// people none.
func TestFusedPhotos(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		// The same people whatever ran before: of others, one in some hundred looks like
		// a stranger.
		random = rand.New(rand.NewPCG(17, 2))
		db := handle(t)
		r := open(t, db, keys{1})
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		ctx, who, other := t.Context(), person(), person()
		mates := func(n int) (faces []photo.Face) {
			for range n {
				faces = append(faces, portrait(who, 0.6))
			}
			return faces
		}
		one, several := r.made(t, r.making(mates(1)...)), r.made(t, r.making(mates(identitytoken.MaxFaces)...))
		better := 0
		for range 20 {
			f := portrait(who, 0.6)
			a, err := r.Authenticate(ctx, ours, attempt(one.Token, f))
			require.NoError(t, err)
			b, err := r.Authenticate(ctx, ours, attempt(several.Token, f))
			require.NoError(t, err)
			if b.Score > a.Score {
				better++
			}
		}
		require.Greater(t, better, 15)

		for n := 1; n < identitytoken.MaxFaces; n++ {
			faces := append(mates(n), portrait(other, 0.6))
			random.Shuffle(len(faces), func(i, j int) { faces[i], faces[j] = faces[j], faces[i] })
			_, err := r.Generate(ctx, ours, r.making(faces...))
			require.ErrorIs(t, err, identitytoken.ErrDifferentPeople, "%d and a stranger", n)
		}
		for _, n := range []int{0, identitytoken.MaxFaces + 1} {
			_, err := r.Generate(ctx, ours, r.making(mates(n)...))
			require.ErrorIs(t, err, identitytoken.ErrInvalid)
		}

		// The poorer photo counts the less.
		nearer := 0
		for range 20 {
			good, poor := portrait(who, 0.65), portrait(who, 0.65)
			good.Quality.Score, poor.Quality.Score = 0.95, 0.05
			i := r.made(t, r.making(good, poor))
			a, err := r.Authenticate(ctx, ours, attempt(i.Token, good))
			require.NoError(t, err)
			b, err := r.Authenticate(ctx, ours, attempt(i.Token, poor))
			require.NoError(t, err)
			if a.Score > b.Score {
				nearer++
			}
		}
		require.Greater(t, nearer, 15)
	})
}

func TestQualityFloor(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db := handle(t)
		r := open(t, db, keys{1})
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		ctx, who := t.Context(), person()
		good := portrait(who, 0.9)
		i := r.made(t, r.making(good))
		unclear, small := good, good
		unclear.Quality.Reasons = []string{photo.ReasonBlurred, photo.ReasonNotComparable}
		small.Quality.InterEye = photo.MinInterEye - 1
		for _, poor := range []photo.Face{unclear, small} {
			_, err := r.Generate(ctx, ours, r.making(good, poor))
			var quality *identitytoken.QualityError
			require.ErrorAs(t, err, &quality)
			require.Equal(t, 1, quality.Face)
			require.NotEmpty(t, quality.Reasons)
			_, err = r.Authenticate(ctx, ours, attempt(i.Token, poor))
			require.ErrorIs(t, err, identitytoken.ErrLowQuality)
			_, err = r.Match(ctx, "scripted", good, poor, 0)
			require.ErrorIs(t, err, identitytoken.ErrLowQuality)
		}
		require.Len(t, r.deeds(t), 1)
	})
}

// Each accuracy holds its rate: of strangers as many match as it says.
func TestAccuracies(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db := handle(t)
		r := open(t, db, keys{1})
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		ctx := t.Context()
		const strangers = 2000
		for accuracy := 1; accuracy <= len(identitytoken.Accuracies); accuracy++ {
			m := r.making(portrait(person(), 0.9))
			m.Accuracy = accuracy
			i := r.made(t, m)
			matches, otherwise := 0, 0
			for range strangers {
				a := attempt(i.Token, portrait(person(), 0.9))
				a.Accuracy = accuracy
				got, err := r.Authenticate(ctx, ours, a)
				require.NoError(t, err)
				plain, err := r.Match(ctx, "scripted", m.Faces[0], a.Face, accuracy)
				require.NoError(t, err)
				if plain.Match != got.Match {
					otherwise++
				}
				if got.Match {
					matches++
					require.GreaterOrEqual(t, got.Score, -10*math.Log10(identitytoken.Accuracies[accuracy-1])-1e-9)
				}
			}
			require.LessOrEqual(t, otherwise, strangers/100, "as without a token, but at the threshold itself")
			want := identitytoken.Accuracies[accuracy-1] * strangers
			require.InDelta(t, want, matches, 5*math.Sqrt(want)+1, "accuracy %d", accuracy)
			a := attempt(i.Token, m.Faces[0])
			a.Accuracy = accuracy%len(identitytoken.Accuracies) + 1
			_, err := r.Authenticate(ctx, ours, a)
			require.ErrorIs(t, err, identitytoken.ErrAccuracy)
		}
		for _, none := range []int{-1, 9} {
			_, err := r.Match(ctx, "scripted", portrait(person(), 0.9), portrait(person(), 0.9), none)
			require.ErrorIs(t, err, identitytoken.ErrInvalid)
		}
	})
}

// Secrets are hashed a few at a time, whoever sends them, and nobody waits for ever.
func TestSecretsAreHashedInTurn(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db := handle(t)
		require.NoError(t, audit.Migrate(t.Context(), db))
		require.NoError(t, identitytoken.Migrate(t.Context(), db))
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		p := &packs{version: "1", table: identifytest.Table(dimension)}
		s, err := identitytoken.New(identitytoken.Config{Hashes: 1, HashQueue: 2, HashWait: 10 * time.Millisecond}, keys{1}, db, p, p)
		require.NoError(t, err)
		m := (*rig)(nil).making(portrait(person(), 0.9))
		m.ExpiresAt, m.Secret = time.Time{}, "secret"
		const many = 12
		errs := make([]error, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { _, errs[i] = s.Generate(t.Context(), ours, m) })
		}
		all.Wait()
		busy := 0
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, pool.ErrBusy)
				busy++
			}
		}
		require.Positive(t, busy)
		require.Less(t, busy, many)
	})
}

// A token that is none, or is altered, costs an opening: the database is not asked,
// and no secret is hashed.
func TestForgedTokensCostLittle(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	r := open(t, db, keys{1})
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
	i := r.made(t, r.making(portrait(person(), 0.9)))
	require.NoError(t, db.Close())
	// Whoever asks for a hash is told at once that there is none to be had.
	s, err := identitytoken.New(identitytoken.Config{Now: func() time.Time { return begin }, HashWait: 1}, keys{1}, db, r.packs, r.packs)
	require.NoError(t, err)
	a := attempt(i.Token, portrait(person(), 0.9))
	a.Secret = "secret"
	_, err = s.Authenticate(t.Context(), ours, a)
	require.ErrorIs(t, err, store.ErrClosed, "a good one is looked for")
	for forged, want := range map[string]error{
		i.Token[:len(i.Token)-10] + "AAAAAAAAAA":               identitytoken.ErrSeal,
		"oti_" + strings.Repeat("A", 16<<10):                   identitytoken.ErrMalformed,
		"oti_AQ" + i.Token[6:10] + i.Token[10:50]:              identitytoken.ErrMalformed,
		"oti_AQAAAAAAAAAA" + i.Token[len("oti_AQAAAAAAAAAA"):]: identitytoken.ErrKey,
	} {
		a.Token = forged
		_, err = s.Authenticate(t.Context(), ours, a)
		require.ErrorIs(t, err, want, "%.40s", forged)
	}
}

func TestArguments(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		r := open(t, handle(t), keys{1})
		for name, change := range map[string]func(*identitytoken.Making){
			"accuracy": func(m *identitytoken.Making) { m.Accuracy = 9 },
			"context":  func(m *identitytoken.Making) { m.Context = strings.Repeat("c", 257) },
			"secret":   func(m *identitytoken.Making) { m.Secret = "\xff" },
			"expires":  func(m *identitytoken.Making) { m.ExpiresAt = begin.Add(time.Millisecond) },
			"faces":    func(m *identitytoken.Making) { m.Faces = nil },
		} {
			m := r.making(portrait(person(), 0.9))
			change(&m)
			_, err := r.Generate(t.Context(), ours, m)
			var about *argument.Error
			require.ErrorAs(t, err, &about, name)
			require.Equal(t, name, about.Argument)
		}
	})
}
