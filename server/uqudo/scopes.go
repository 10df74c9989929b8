package uqudo

import "oneton/access"

// The scopes of the dialect.
const (
	ScopeSession = "face:session"
	ScopeMatch   = "face:match"
	ScopeSearch  = "face:search"
	ScopeInsert  = "face:insert"
	ScopeDelete  = "face:delete"
)

// Scopes are what keys may allow in the dialect.
func Scopes() []access.Scope {
	return []access.Scope{
		{Name: ScopeSession, Allows: "nothing yet: face sessions are not served"},
		{Name: ScopeMatch, Allows: "compare two photos"},
		{Name: ScopeSearch, Allows: "search; with `insert` the key also needs `face:insert`"},
		{Name: ScopeInsert, Allows: "add people"},
		{Name: ScopeDelete, Allows: "delete kept photos"},
	}
}
