package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"oneton/audit"
	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/identitytoken"
	"oneton/photo"
	"oneton/store"
	"oneton/store/sqlite"
)

type tokensCommand struct {
	Pack   string `help:"Model pack: a built-in name or a manifest." default:"default"`
	Calls  int    `help:"Calls of each kind." default:"2000"`
	Folder string `help:"Folder for the database, on the disk to measure; a temporary one when empty." json:"-"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// tokensResult is what identity tokens cost beside the photos: templates are made
// up, so nothing is embedded.
type tokensResult struct {
	// Commit is one row of the audit record, to compare with: what the database and
	// its disk take for any write.
	Commit       tokenTime `json:"commit_of_one_row"`
	Generate     tokenTime `json:"generate"`
	Authenticate tokenTime `json:"authenticate"`
	Rotate       tokenTime `json:"rotate"`
	Revoke       tokenTime `json:"revoke"`
	// Secret is authenticating with one, of a tenth of the calls at most 20.
	Secret tokenTime `json:"authenticate_with_secret"`
	// Length is a token's, in characters.
	Length int `json:"token_length"`
}

type tokenTime struct {
	MedianMS float64 `json:"median_ms"`
	P95MS    float64 `json:"p95_ms"`
}

// tokenModels are a pack without its models.
type tokenModels struct{ *pack.Manifest }

func (m tokenModels) Version(string) (string, error) { return m.Manifest.Version, nil }

func (tokenModels) Converter(string, string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	return nil
}

func (m tokenModels) Calibration(context.Context, string) (*calibration.Table, error) {
	return &m.Manifest.Calibration, nil
}

// tokenKeys are an installation's.
type tokenKeys struct{}

func (tokenKeys) Keys(purpose string) ([][]byte, error) {
	key := make([]byte, 32)
	copy(key[8:], purpose)
	return [][]byte{key}, nil
}

// Run measures.
func (c *tokensCommand) Run(ctx context.Context) (err error) {
	m, err := pack.Read(c.Pack)
	if err != nil {
		return err
	}
	folder := c.Folder
	if folder == "" {
		if folder, err = os.MkdirTemp("", "oneton-tokens-*"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "tokens.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	by := store.Actor{Tenant: "acme"}
	if err := errors.Join(audit.Migrate(ctx, db), identitytoken.Migrate(ctx, db), db.CreateTenant(ctx, store.Tenant{ID: by.Tenant})); err != nil {
		return err
	}
	s, err := identitytoken.New(identitytoken.Config{}, tokenKeys{}, db, tokenModels{m}, tokenModels{m})
	if err != nil {
		return err
	}
	f, err := madeUp(m)
	if err != nil {
		return err
	}
	r, err := c.measure(ctx, db, s, by, m.Name, f)
	if err != nil {
		return err
	}
	return save(c.Out, "tokens", c, r)
}

func madeUp(m *pack.Manifest) (photo.Face, error) {
	v := make([]float32, m.TemplateDimension())
	for i := range v {
		v[i] = float32(rand.NormFloat64())
	}
	t, err := face.NewTemplate(v)
	return photo.Face{Template: t, Probe: m.Probe(t), Quality: face.Quality{InterEye: 60, Score: 0.9}}, err
}

func (c *tokensCommand) measure(ctx context.Context, db store.DB, s *identitytoken.Service, by store.Actor, pack string, f photo.Face) (r tokensResult, err error) {
	making := identitytoken.Making{Pack: pack, Faces: []photo.Face{f}, Context: "door"}
	tokens := make([]string, c.Calls)
	attempt := func(i int, secret string) error {
		if _, err := s.Check(ctx, by, tokens[i], "door", identitytoken.DefaultAccuracy); err != nil {
			return err
		}
		_, err := s.Authenticate(ctx, by, identitytoken.Attempt{Token: tokens[i], Pack: pack, Face: f, Context: "door", Secret: secret})
		return err
	}
	for _, part := range []struct {
		to    *tokenTime
		calls int
		do    func(i int) error
	}{
		{&r.Commit, c.Calls, func(int) error {
			return db.Update(ctx, "commit", audit.By(by, audit.KeyCreated, "key").Record)
		}},
		{&r.Generate, c.Calls, func(i int) error {
			made, err := s.Generate(ctx, by, making)
			tokens[i] = made.Token
			return err
		}},
		{&r.Authenticate, c.Calls, func(i int) error { return attempt(i, "") }},
		{&r.Secret, min(20, c.Calls/10), func(i int) error { return attempt(i, "secret") }},
		{&r.Rotate, c.Calls, func(i int) error {
			made, err := s.Rotate(ctx, by, identitytoken.Rotation{Token: tokens[i], Context: "door"})
			tokens[i] = made.Token
			return err
		}},
		{&r.Revoke, c.Calls, func(i int) error { return s.Revoke(ctx, by, tokens[i]) }},
	} {
		var took []float64
		for i := range part.calls {
			began := time.Now()
			if err := part.do(i); err != nil {
				return r, err
			}
			took = append(took, float64(time.Since(began))/float64(time.Millisecond))
		}
		*part.to = tokenTime{MedianMS: median(took), P95MS: quantile(took, 0.95)}
	}
	r.Length = len(tokens[0])
	return r, nil
}
