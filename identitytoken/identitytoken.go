// Package identitytoken makes, compares with, replaces and ends identity tokens: a
// face's template that its holder keeps, sealed and cancelable, of which the service
// keeps the id and the times alone. What a token is, is in package token.
package identitytoken

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/token"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
)

// Keys are an installation's, each of the versions for a purpose, the one to make
// new things with first; secret.Ring has them.
type Keys interface {
	Keys(purpose string) ([][]byte, error)
}

// Models are the loaded packs.
type Models interface {
	// Version is the loaded pack's; photo.ErrPack when it is not loaded.
	Version(pack string) (string, error)
	// Converter turns what a version of the pack made into the loaded one's; nil
	// when there is no way.
	Converter(pack, version string) func(face.Template, face.Quality) (face.Template, face.Quality, error)
}

// Tables are what cosines mean.
type Tables interface {
	// Calibration is the table that answers of the loaded pack follow;
	// photo.ErrPack when it is not loaded.
	Calibration(ctx context.Context, pack string) (*calibration.Table, error)
}

// Accuracies are the false-match rates of accuracies 1 to 8.
var Accuracies = token.Accuracies

const (
	// DefaultAccuracy is used where none is asked for.
	DefaultAccuracy = token.DefaultAccuracy
	// MaxFaces is the most faces that a token is made of.
	MaxFaces = token.MaxPhotos
)

// Service makes, compares with, replaces and ends tokens. It is safe for concurrent
// use.
type Service struct {
	cfg             Config
	seal, transform [][]byte
	tokens          table
	models          Models
	tables          Tables
	hashes          *pool.Pool
}

// New returns a service whose tokens are made under the newest of the keys and taken
// under each. The database has been migrated.
func New(cfg Config, keys Keys, db store.DB, models Models, tables Tables) (*Service, error) {
	s := &Service{cfg: cfg.filled(), tokens: table{db}, models: models, tables: tables}
	s.hashes = pool.New(pool.Config{Workers: s.cfg.Hashes, Queue: s.cfg.HashQueue, Waited: s.cfg.Waited})
	var err error
	s.seal, s.transform, err = installation(keys)
	return s, err
}

// Load tells what those who hash are at.
func (s *Service) Load() pool.Load { return s.hashes.Load() }

// TenantKeys are those that a tenant's tokens are made and opened with, for whoever
// is to do so without a server.
func TenantKeys(keys Keys, tenant store.TenantID) (token.Keys, error) {
	seal, transform, err := installation(keys)
	if err != nil {
		return token.Keys{}, err
	}
	return token.Derive(seal, transform, string(tenant))
}

func installation(keys Keys) (seal, transform [][]byte, err error) {
	if seal, err = keys.Keys("identity token seal"); err != nil {
		return nil, nil, err
	}
	transform, err = keys.Keys("identity token transform")
	return seal, transform, err
}

func (s *Service) keys(by store.Actor) (token.Keys, error) {
	return token.Derive(s.seal, s.transform, string(by.Tenant))
}

// Making asks for a token.
type Making struct {
	// Pack made the faces, which are 1 to MaxFaces of one person.
	Pack  string
	Faces []photo.Face
	// Accuracy is what the token is compared at; 0 is DefaultAccuracy.
	Accuracy int
	// Context and Secret must be given again to compare with the token. A Context
	// is what the token is for; a Secret is its holder's, and empty is none.
	Context, Secret string
	// ExpiresAt is when the token ends, in whole seconds; zero is never.
	ExpiresAt time.Time
}

// Issued is a token that was made. It is not kept.
type Issued struct {
	Token string
	// ID is what the service keeps of it, by which it can be revoked.
	ID        string
	ExpiresAt time.Time
}

// Generate makes a token of faces of one person.
func (s *Service) Generate(ctx context.Context, by store.Actor, m Making) (Issued, error) {
	now := s.cfg.Now()
	c := token.Claims{ID: uuid.New(), Pack: m.Pack, Accuracy: orDefault(m.Accuracy)}
	var err error
	if c.Expires, err = expiry(m.ExpiresAt, now); err != nil {
		return Issued{}, err
	}
	if err := validate(c.Accuracy, m.Context, m.Secret); err != nil {
		return Issued{}, err
	}
	if c.Version, err = s.models.Version(m.Pack); err != nil {
		return Issued{}, fmt.Errorf("find version: %w", err)
	}
	calibrated, err := s.tables.Calibration(ctx, m.Pack)
	if err != nil {
		return Issued{}, err
	}
	kept, err := Fuse(calibrated, m.Faces)
	if err != nil {
		return Issued{}, err
	}
	keys, err := s.keys(by)
	if err != nil {
		return Issued{}, err
	}
	salt := token.NewSalt()
	stretched, err := s.stretch(ctx, by, m.Secret, salt)
	if err != nil {
		return Issued{}, err
	}
	text, err := keys.Make(c, m.Context, kept, salt, stretched)
	if err != nil {
		return Issued{}, err
	}
	if err := s.tokens.add(ctx, by, c.ID, now, c.Expires); err != nil {
		return Issued{}, err
	}
	return Issued{Token: text, ID: c.ID.String(), ExpiresAt: c.Expires}, nil
}

// Attempt is a face that is to be that of a token.
type Attempt struct {
	Token string
	// Pack made the face.
	Pack string
	Face photo.Face
	// Accuracy, Context and Secret are as in Making, and the same.
	Accuracy        int
	Context, Secret string
}

// Result is the answer to one comparison.
type Result struct {
	Match bool
	// Score is the calibrated score, 0 to 100; see package calibration.
	Score float64
}

// Authenticate compares a face with a token. A wrong secret, or one where there is
// none, answers as a stranger's face does: neither is told from the other, nor how
// near either is, since the score is 0 where it is no match.
func (s *Service) Authenticate(ctx context.Context, by store.Actor, a Attempt) (Result, error) {
	accuracy := orDefault(a.Accuracy)
	if err := validate(accuracy, a.Context, a.Secret); err != nil {
		return Result{}, err
	}
	o, err := s.open(ctx, by, a.Token, a.Context)
	if err != nil {
		return Result{}, err
	}
	if err := compared(o, accuracy); err != nil {
		return Result{}, err
	}
	r, _, err := s.compare(ctx, by, o, a)
	if err == nil && !r.Match {
		r.Score = 0
	}
	return r, err
}

// Check refuses a token that no face would be compared with, before one is looked
// for: it is refused by its text, its seal, the context, its state and the accuracy,
// 0 for any, as by Authenticate and Rotate, which check it again. It returns the pack
// that is to make the face.
func (s *Service) Check(ctx context.Context, by store.Actor, text, bound string, accuracy int) (pack string, err error) {
	o, err := s.open(ctx, by, text, bound)
	if err != nil {
		return "", err
	}
	if accuracy != 0 {
		if err := compared(o, accuracy); err != nil {
			return "", err
		}
	}
	_, _, err = s.way(o)
	return o.Pack, err
}

// compared is ErrAccuracy when the token is not compared with at the accuracy.
func compared(o *token.Opened, accuracy int) error {
	if o.Accuracy != accuracy {
		return fmt.Errorf("compare at accuracy %d with a token of accuracy %d: %w", accuracy, o.Accuracy, ErrAccuracy)
	}
	return nil
}

// way is whether the token is of the loaded version of its pack, or else what
// converts it; ErrPack when nothing does.
func (s *Service) way(o *token.Opened) (same bool, convert conversion, err error) {
	version, err := s.models.Version(o.Pack)
	if errors.Is(err, photo.ErrPack) {
		return false, nil, fmt.Errorf("compare with a token of pack %.64q, which is not loaded: %w", o.Pack, ErrPack)
	}
	if err != nil {
		return false, nil, fmt.Errorf("find version: %w", err)
	}
	convert = s.models.Converter(o.Pack, o.Version)
	if same = o.Version == version; !same && convert == nil {
		return false, nil, fmt.Errorf("compare with a token of version %.64s of pack %.64q, which version %s does not convert; make a new one of a photo: %w",
			o.Version, o.Pack, version, ErrPack)
	}
	return same, convert, nil
}

// conversion is what Models.Converter returns.
type conversion = func(face.Template, face.Quality) (face.Template, face.Quality, error)

// open opens a token that is valid.
func (s *Service) open(ctx context.Context, by store.Actor, text, bound string) (*token.Opened, error) {
	keys, err := s.keys(by)
	if err != nil {
		return nil, err
	}
	o, err := keys.Open(text, bound)
	if err != nil {
		return nil, err
	}
	if o.Expired(s.cfg.Now()) {
		return nil, fmt.Errorf("open token %s: %w at %s", o.ID, ErrExpired, o.Expires.Format(time.RFC3339))
	}
	return o, s.tokens.valid(ctx, by.Tenant, o.ID)
}

// compare compares the attempt's face with an opened token under the attempt's
// secret, whose hash it returns.
func (s *Service) compare(ctx context.Context, by store.Actor, o *token.Opened, a Attempt) (Result, []byte, error) {
	if o.Pack != a.Pack {
		return Result{}, nil, fmt.Errorf("compare a face of pack %.64q with a token of pack %.64q: %w", a.Pack, o.Pack, ErrPack)
	}
	if err := floor(0, a.Face); err != nil {
		return Result{}, nil, err
	}
	same, convert, err := s.way(o)
	if err != nil {
		return Result{}, nil, err
	}
	calibrated, err := s.tables.Calibration(ctx, a.Pack)
	if err != nil {
		return Result{}, nil, err
	}
	salt, err := o.Salt()
	if err != nil {
		return Result{}, nil, err
	}
	stretched, err := s.stretch(ctx, by, a.Secret, salt)
	if err != nil {
		return Result{}, nil, err
	}
	var cosine float64
	var photos int
	if same {
		cosine, photos, err = o.Compare(a.Face.Probe, stretched)
	} else {
		cosine, photos, err = converted(o, convert, a.Face.Probe, stretched)
	}
	if err != nil {
		return Result{}, nil, err
	}
	r, err := token.Decide(calibrated, cosine, photos, o.Accuracy)
	return Result{Match: r.Match, Score: r.Score}, stretched, err
}

// converted is Compare with a token of an earlier version of the pack.
func converted(o *token.Opened, convert conversion, probe face.Template, stretched []byte) (cosine float64, photos int, err error) {
	kept, err := o.Kept(stretched)
	if err != nil {
		return 0, 0, err
	}
	template, quality, err := convert(kept.Template, face.Quality{Score: kept.Score})
	// What a wrong secret brings forth may be nothing that can be converted, and is
	// to answer as a stranger does.
	if err != nil || !(photo.Face{Quality: quality}).Comparable() {
		return -1, kept.Photos, nil
	}
	cosine, err = probe.Cosine(template)
	return cosine, kept.Photos, err
}

// Match compares two faces that the pack made.
func (s *Service) Match(ctx context.Context, pack string, a, b photo.Face, accuracy int) (Result, error) {
	if err := validate(orDefault(accuracy), "", ""); err != nil {
		return Result{}, err
	}
	for i, f := range []photo.Face{a, b} {
		if err := floor(i, f); err != nil {
			return Result{}, err
		}
	}
	calibrated, err := s.tables.Calibration(ctx, pack)
	if err != nil {
		return Result{}, err
	}
	cosine, err := a.Probe.Cosine(b.Template)
	if err != nil {
		return Result{}, fmt.Errorf("compare faces: %w", err)
	}
	r, err := token.Decide(calibrated, cosine, 1, orDefault(accuracy))
	return Result{Match: r.Match, Score: r.Score}, err
}

// Revoke ends a token, which is given itself or by its id: every process refuses it
// from the next comparison on. It is ErrEnded for one that has ended before, or is
// another tenant's, and ErrExpired for one whose time is over.
func (s *Service) Revoke(ctx context.Context, by store.Actor, tokenOrID string) error {
	id, err := uuid.Parse(tokenOrID)
	if err != nil {
		// Whose token it is, is the table's to know: what the text claims is not
		// believed, and the context, which may be lost, not needed.
		sealed, err := token.Parse(tokenOrID)
		if err != nil {
			return err
		}
		id = sealed.ID
	}
	return s.tokens.revoke(ctx, by, id, s.cfg.Now())
}

// Rotation asks for another token in the place of one.
type Rotation struct {
	// Token is the one, and Context what it was made for.
	Token, Context string
	// NewContext and NewExpiresAt are the other's; nil is as before.
	NewContext   *string
	NewExpiresAt *time.Time
	// NewSecret, when set, is the other's secret, or none. Since no token tells
	// whether a secret is right, Proof must then match: a face, and the secret that
	// the token was made with, if any. Otherwise the secret stays, and need not be
	// given.
	NewSecret *string
	Proof     *Proof
}

// Proof is a face of the token's person, and the token's secret.
type Proof struct {
	Pack   string
	Face   photo.Face
	Secret string
}

// Rotate makes another token of what a token holds, under the newest keys and with
// another rotation, and ends the one, both or neither. Accuracy and version of the
// pack stay. It is ErrNoProof when the proof does not match.
func (s *Service) Rotate(ctx context.Context, by store.Actor, r Rotation) (Issued, error) {
	now := s.cfg.Now()
	o, err := s.open(ctx, by, r.Token, r.Context)
	if err != nil {
		return Issued{}, err
	}
	c := o.Claims
	c.ID = uuid.New()
	bound, secret := r.Context, ""
	if r.NewContext != nil {
		bound = *r.NewContext
	}
	if r.NewSecret != nil {
		secret = *r.NewSecret
	}
	if r.NewExpiresAt != nil {
		if c.Expires, err = expiry(*r.NewExpiresAt, now); err != nil {
			return Issued{}, err
		}
	}
	if err := validate(c.Accuracy, bound, secret); err != nil {
		return Issued{}, err
	}
	keys, err := s.keys(by)
	if err != nil {
		return Issued{}, err
	}
	var text string
	if r.NewSecret == nil {
		text, err = keys.Again(o, c, bound)
	} else {
		text, err = s.withSecret(ctx, by, keys, o, c, bound, r)
	}
	if err != nil {
		return Issued{}, err
	}
	if err := s.tokens.replace(ctx, by, o.ID, c.ID, now, c.Expires); err != nil {
		return Issued{}, err
	}
	return Issued{Token: text, ID: c.ID.String(), ExpiresAt: c.Expires}, nil
}

// withSecret makes a token of what another holds, with another secret.
func (s *Service) withSecret(ctx context.Context, by store.Actor, keys token.Keys, o *token.Opened, c token.Claims, bound string, r Rotation) (string, error) {
	if r.Proof == nil {
		return "", invalid("secret", "is set anew only with a photo of the token's person, and the secret that it has")
	}
	if err := validate(c.Accuracy, bound, r.Proof.Secret); err != nil {
		return "", err
	}
	match, stretched, err := s.compare(ctx, by, o, Attempt{Pack: r.Proof.Pack, Face: r.Proof.Face, Secret: r.Proof.Secret})
	if err != nil {
		return "", err
	}
	if !match.Match {
		return "", fmt.Errorf("set secret anew: %w", ErrNoProof)
	}
	kept, err := o.Kept(stretched)
	if err != nil {
		return "", err
	}
	salt := token.NewSalt()
	if stretched, err = s.stretch(ctx, by, *r.NewSecret, salt); err != nil {
		return "", err
	}
	return keys.Make(c, bound, kept, salt, stretched)
}

// stretch hashes a secret when it is the tenant's turn.
func (s *Service) stretch(ctx context.Context, by store.Actor, secret string, salt []byte) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	turn, cancel := context.WithTimeout(pool.WithTenant(ctx, string(by.Tenant)), s.cfg.HashWait)
	defer cancel()
	worker, err := s.hashes.Acquire(turn)
	if err != nil {
		if ctx.Err() == nil && turn.Err() != nil {
			err = pool.ErrBusy
		}
		return nil, fmt.Errorf("wait to hash a secret: %w", err)
	}
	defer s.hashes.Release(worker)
	return token.Stretch(secret, salt)
}
