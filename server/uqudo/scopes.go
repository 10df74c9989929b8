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
		{Name: ScopeSession, Allows: "open and purge face sessions and read their audit images"},
		{Name: ScopeMatch, Allows: "compare two photos"},
		{Name: ScopeSearch, Allows: "search; with `insert` the key also needs `face:insert`"},
		{Name: ScopeInsert, Allows: "add people"},
		{Name: ScopeDelete, Allows: "delete kept photos"},
		// As tokens of the original name them.
		{Name: "KYC_FACE_FLOW", Allows: "what `face:session` does, by another name", Means: []string{ScopeSession}},
		{Name: "KYC_FACE_SEARCH_SDK", Allows: "what `face:search` and `face:insert` do, by another name", Means: []string{ScopeSearch, ScopeInsert}},
	}
}

// names are those of the scopes that keys have.
func names() []string {
	return []string{ScopeSession, ScopeMatch, ScopeSearch, ScopeInsert, ScopeDelete}
}
