package access

import (
	"fmt"
	"slices"
	"strings"

	"oneton/store"
)

// The scopes of the native API.
const (
	// Galleries allows making, listing, changing and deleting galleries.
	Galleries = "galleries"
	// Enrol allows adding subjects and faces and changing metadata.
	Enrol = "enrol"
	// Read allows listing subjects and reading faces and photos.
	Read = "read"
	// Search allows 1:N searches.
	Search = "search"
	// Verify allows 1:1 comparisons.
	Verify = "verify"
	// Detect allows finding faces without storing or comparing them.
	Detect = "detect"
	// Delete allows deleting subjects, faces and photos.
	Delete = "delete"
	// All stands for every scope of every API.
	All = "*"
)

// The scopes of the uqudo dialect.
const (
	FaceSession = "face:session"
	FaceMatch   = "face:match"
	FaceSearch  = "face:search"
	FaceInsert  = "face:insert"
	FaceDelete  = "face:delete"
)

// Scopes lists every scope there is.
func Scopes() []string {
	return []string{
		Galleries, Enrol, Read, Search, Verify, Detect, Delete, All,
		FaceSession, FaceMatch, FaceSearch, FaceInsert, FaceDelete,
	}
}

// Principal is who makes a request.
type Principal struct {
	Tenant store.TenantID
	KeyID  store.KeyID
	Scopes []string
}

// Can tells whether the principal's key has the scope.
func (p Principal) Can(scope string) bool {
	return slices.Contains(p.Scopes, All) || slices.Contains(p.Scopes, scope)
}

func validateScopes(scopes []string) error {
	known := Scopes()
	if len(scopes) == 0 {
		return fmt.Errorf("check scopes: none given, of %s: %w", strings.Join(known, ", "), ErrScope)
	}
	for _, s := range scopes {
		if !slices.Contains(known, s) {
			return fmt.Errorf("check scope %.64q: scopes are %s: %w", s, strings.Join(known, ", "), ErrScope)
		}
	}
	return nil
}
