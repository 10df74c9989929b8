package facenition

import "oneton/access"

// The scopes of the dialect; client tokens have all of them.
const (
	ScopeGenerate     = "identity:generate"
	ScopeAuthenticate = "identity:authenticate"
	ScopeMatch        = "identity:match"
	ScopeRevoke       = "identity:revoke"
	ScopeRotate       = "identity:rotate"
)

// Scopes are what keys may allow in the dialect.
func Scopes() []access.Scope {
	return []access.Scope{
		{Name: ScopeGenerate, Allows: "make identity tokens"},
		{Name: ScopeAuthenticate, Allows: "compare a photo with an identity token"},
		{Name: ScopeMatch, Allows: "compare two photos, with an accuracy"},
		{Name: ScopeRevoke, Allows: "end identity tokens"},
		{Name: ScopeRotate, Allows: "replace identity tokens"},
	}
}
