package access

import "errors"

// These errors say why access is refused.
var (
	// ErrUnauthorized means that the key is malformed, unknown, wrong or
	// revoked; the caller is not told which.
	ErrUnauthorized = errors.New("access: no valid key")

	// ErrScope means that a key is asked for with a scope that does not
	// exist, or with none.
	ErrScope = errors.New("access: unknown scope")

	// ErrBeyond means that a key is asked for with a scope that its maker's key
	// lacks.
	ErrBeyond = errors.New("access: scope beyond the maker's")

	// ErrTooMany means that the tenant has as many keys as may make another.
	ErrTooMany = errors.New("access: too many keys")

	// ErrMaker means that a key is to be revoked that made the one that asks, and that it
	// was not said whether that one is to go with it.
	ErrMaker = errors.New("access: key made the one that asks")

	// ErrName means that a tenant's id, or a name, is none that people could
	// tell apart in a list or a log.
	ErrName = errors.New("access: unusable name")

	// ErrPepper means that the pepper is too short to protect anything.
	ErrPepper = errors.New("access: pepper too short")
)
