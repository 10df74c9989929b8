package twoface

import "oneton/access"

// The scopes of the dialect. What a session's token allows goes by no scope.
const (
	ScopeSessions = "kyc:sessions"
	ScopeRead     = "kyc:read"
	ScopeUsers    = "kyc:users"
	ScopeReview   = "kyc:review"
)

// Scopes are what keys may allow in the dialect.
func Scopes() []access.Scope {
	return []access.Scope{
		{Name: ScopeSessions, Allows: "begin sessions"},
		{Name: ScopeRead, Allows: "read jobs, users and attempts"},
		{Name: ScopeUsers, Allows: "register and delete users"},
		{Name: ScopeReview, Allows: "decide attempts that wait for a review"},
	}
}
