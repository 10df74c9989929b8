package facesession

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"oneton/store"
)

// outcome is how a session ends.
type outcome struct {
	code Code
	// cause is why the face did not match; OK where it did.
	cause Code
	// seen is what was compared; nil where nothing was.
	seen *seen
}

// claims are what a result says.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
	Data     data   `json:"data"`
}

type data struct {
	Face      faceData  `json:"face"`
	SessionID string    `json:"sessionId"`
	Nonce     string    `json:"nonce,omitempty"`
	Liveness  *liveness `json:"liveness,omitempty"`
}

type faceData struct {
	Match           bool     `json:"match"`
	MatchLevel      int      `json:"matchLevel"`
	Error           *Code    `json:"error"`
	FalseAcceptRate *float64 `json:"falseAcceptRate"`
	ImageID         *string  `json:"auditTrailImageId"`
	ImageChecksum   *string  `json:"auditTrailImageIdChecksum"`
	*identity
}

// identity is only there where it was asked for.
type identity struct {
	ID    *store.SubjectID `json:"oneToNVerificationId"`
	Match bool             `json:"oneToNVerificationMatch"`
}

// liveness is only there where it was asked for.
type liveness struct {
	Passed bool `json:"passed"`
	// Steps are those that were passed, in their order.
	Steps []StepKind `json:"steps"`
	// Passive is what the passive check said of the picture that was compared.
	Passive string `json:"passive,omitempty"`
}

// result is an outcome in words that are signed; the zero value is of none.
type result struct {
	of      outcome
	hash    string
	signed  bool
	compact string
	expires time.Time
	imageID string
}

// says tells whether the result is what the session is to end with.
func (r result) says(o outcome, open session) bool {
	return !o.told(open) || r.signed && r.of == o && r.hash == open.hash
}

// told tells whether an outcome has a result.
func (o outcome) told(open session) bool { return o.code == OK || open.terms.ReturnIncomplete }

// sign makes the result of a session that is to end, as of its moment.
func (s *Service) sign(ctx context.Context, open session, o outcome) (r result, err error) {
	r = result{of: o, hash: open.hash, signed: true}
	issued := open.now.Truncate(time.Second)
	r.expires = issued.Add(s.cfg.ResultLife)
	id, err := uuid.NewRandom()
	if err != nil {
		return result{}, fmt.Errorf("name result: %w", err)
	}
	c := claims{
		Issuer: s.rooms.Signer.Issuer(), Audience: string(open.client), IssuedAt: issued.Unix(), Expires: r.expires.Unix(), ID: id.String(),
		Data: data{SessionID: open.id},
	}
	if c.Data.Nonce, err = s.nonceOf(open); err != nil {
		return result{}, err
	}
	c.Data.Face.Match = o.code == OK
	if o.cause != OK {
		c.Data.Face.Error = &o.cause
	}
	if open.terms.OneToN != OneToNOff {
		c.Data.Face.identity = &identity{}
	}
	if open.terms.Liveness {
		c.Data.Liveness = &liveness{Passed: o.seen != nil, Steps: []StepKind{}}
	}
	if o.seen != nil {
		if c.Data.Liveness != nil {
			c.Data.Liveness.Steps, c.Data.Liveness.Passive = o.seen.steps, o.seen.passive
		}
		r.imageID = s.describe(&c.Data.Face, o.seen)
	}
	if r.compact, err = s.rooms.Signer.Sign(ctx, c); err != nil {
		return result{}, fmt.Errorf("sign result: %w", err)
	}
	return r, nil
}

// describe says what was seen, and names the picture.
func (s *Service) describe(f *faceData, seen *seen) (imageID string) {
	if f.MatchLevel = seen.level; seen.level > 0 {
		f.FalseAcceptRate = &s.cfg.Levels[seen.level-1]
	}
	if f.identity != nil && seen.subject != "" {
		f.ID, f.identity.Match = &seen.subject, seen.known
	}
	imageID = newImageID()
	sum := sha256.Sum256(seen.image)
	checksum := "sha256:" + hex.EncodeToString(sum[:])
	f.ImageID, f.ImageChecksum = &imageID, &checksum
	return imageID
}

// newImageID is 24 hexadecimal digits, of 96 random bits.
func newImageID() string {
	const size = 12
	id := make([]byte, size)
	rand.Read(id) // which never fails
	return hex.EncodeToString(id)
}

// finish ends the session: its pictures go, and its result stays, sealed, as long as it
// would have lasted.
func (s *Service) finish(tx store.Tx, open *session, o outcome, r result) error {
	if _, err := tx.Exec(`DELETE FROM face_session_pictures WHERE session = $1`, open.hash); err != nil {
		return err
	}
	open.phase, open.plan, open.step, open.token, open.code = ended, nil, 0, "", o.code
	if !o.told(*open) {
		return nil
	}
	var err error
	if open.result, err = s.seals.seal(open.id, sealedResult, 0, []byte(r.compact)); err != nil {
		return err
	}
	if r.imageID != "" {
		sealed, err := s.seals.seal(r.imageID, sealedImage, 0, o.seen.image)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO face_images (hash, tenant, client, session, ends_at, content) VALUES ($1, $2, $3, $4, $5, $6)`,
			hashOf(r.imageID), open.tenant, open.client, open.hash, r.expires, sealed); err != nil {
			return err
		}
	}
	return s.rooms.Events.Emit(tx, open.tenant, Completed, struct {
		JWSResult string `json:"jwsResult"`
	}{r.compact})
}
