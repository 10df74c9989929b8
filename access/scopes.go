package access

import (
	"fmt"
	"slices"
	"strings"

	"oneton/store"
)

// All stands for every scope of every API.
const All = "*"

// Scope is something that a key may allow.
type Scope struct {
	// Name is how a key and those who ask for one name it; no other API's scope
	// has the same.
	Name string
	// Allows says what, in words that follow "allows to".
	Allows string
}

// catalogue are the names of all scopes that a key may have.
func catalogue(scopes []Scope) ([]string, error) {
	names := make([]string, 0, len(scopes)+1)
	for _, s := range append(slices.Clip(scopes), Scope{Name: All}) {
		if s.Name == "" || slices.Contains(names, s.Name) {
			return nil, fmt.Errorf("list scope %q, which is one already: %w", s.Name, ErrScope)
		}
		names = append(names, s.Name)
	}
	return names, nil
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

// validateScopes refuses what is not in the catalogue. A key that has a scope
// which has left it since keeps it.
func (a *Access) validateScopes(scopes []string) error {
	if len(scopes) == 0 {
		return fmt.Errorf("check scopes: none given, of %s: %w", strings.Join(a.scopes, ", "), ErrScope)
	}
	for _, s := range scopes {
		if !slices.Contains(a.scopes, s) {
			return fmt.Errorf("check scope %.64q: scopes are %s: %w", s, strings.Join(a.scopes, ", "), ErrScope)
		}
	}
	return nil
}
