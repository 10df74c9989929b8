package identitytoken

import (
	"errors"
	"fmt"
	"strings"

	"oneton/argument"
	"oneton/identitytoken/token"
)

// These errors say why a request cannot be served as asked; nothing was changed.
// Those of package token, of the store, photo.ErrPack and pool.ErrBusy pass through
// wrapped.
var (
	// ErrInvalid means that an argument is malformed; see argument.Error.
	ErrInvalid = errors.New("identitytoken: invalid argument")

	// ErrEnded means that the token is none of those that are valid, though its seal
	// holds: it was revoked or replaced, or its tenant or the database was.
	ErrEnded = errors.New("identitytoken: revoked, replaced or unknown")

	// ErrPack means that the token is of another pack, or of a version of it from
	// which the loaded one knows no way.
	ErrPack = errors.New("identitytoken: token of another pack")

	// ErrDifferentPeople means that photos to make one token of show more than one
	// person.
	ErrDifferentPeople = errors.New("identitytoken: photos of different people")

	// ErrLowQuality means that a face cannot be told apart from others; see
	// QualityError.
	ErrLowQuality = errors.New("identitytoken: quality too low")

	// ErrNoProof means that the face and the secret with which a new secret was to
	// be set do not match the token.
	ErrNoProof = errors.New("identitytoken: face or secret does not match")
)

// The errors of a token itself; see package token.
var (
	ErrMalformed = token.ErrMalformed
	ErrKey       = token.ErrKey
	ErrSeal      = token.ErrSeal
	ErrExpired   = token.ErrExpired
	ErrAccuracy  = token.ErrAccuracy
)

// invalid is an argument.Error that is ErrInvalid.
func invalid(name, reason string, args ...any) error {
	return argument.New(ErrInvalid, name, reason, args...)
}

// QualityError is an ErrLowQuality of one of the faces.
type QualityError struct {
	// Face is its place among the faces given, from 0.
	Face int
	// Reasons are as in face.Quality.
	Reasons []string
}

// Error names the reasons.
func (e *QualityError) Error() string {
	return fmt.Sprintf("%v: face %d: %s", ErrLowQuality, e.Face, strings.Join(e.Reasons, ", "))
}

// Unwrap makes errors.Is(err, ErrLowQuality) true.
func (e *QualityError) Unwrap() error { return ErrLowQuality }
