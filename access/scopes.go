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
	// Name is how a key and those who ask for one name it; where another
	// API's scope has the same, it allows the same.
	Name string
	// Allows says what, in words that follow "allows to".
	Allows string
	// Means are the scopes that the name stands for where a key is made; without it
	// the scope is itself.
	Means []string
}

// Expand puts what they mean in the place of the names among the texts that stand for
// other scopes.
func Expand(scopes []Scope, texts []string) []string {
	var expanded []string
	for _, text := range texts {
		means := []string{text}
		if i := slices.IndexFunc(scopes, func(s Scope) bool { return s.Name == text && s.Means != nil }); i >= 0 {
			means = scopes[i].Means
		}
		for _, m := range means {
			if !slices.Contains(expanded, m) {
				expanded = append(expanded, m)
			}
		}
	}
	return expanded
}

// catalogue are the names of all scopes that a key may have.
func catalogue(scopes []Scope) (names []string, err error) {
	taken := map[string]bool{}
	for _, s := range append(slices.Clip(scopes), Scope{Name: All}) {
		if s.Name == "" || taken[s.Name] {
			return nil, fmt.Errorf("list scope %q, which is one already: %w", s.Name, ErrScope)
		}
		taken[s.Name] = true
		if s.Means == nil {
			names = append(names, s.Name)
		}
	}
	for _, s := range scopes {
		for _, m := range s.Means {
			if !slices.Contains(names, m) {
				return nil, fmt.Errorf("list scope %q, which stands for %q: %w", s.Name, m, ErrScope)
			}
		}
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
