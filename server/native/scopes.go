package native

import "oneton/access"

// The scopes of the API.
const (
	ScopeGalleries = "galleries"
	ScopeEnrol     = "enrol"
	ScopeRead      = "read"
	ScopeSearch    = "search"
	ScopeVerify    = "verify"
	ScopeDetect    = "detect"
	ScopeDelete    = "delete"
	ScopeWebhooks  = "webhooks"
)

// Scopes are what keys may allow in the API.
func Scopes() []access.Scope {
	return []access.Scope{
		{Name: ScopeGalleries, Allows: "make, list, read, change and delete galleries"},
		{Name: ScopeEnrol, Allows: "add subjects and faces, change metadata"},
		{Name: ScopeRead, Allows: "list subjects, read their faces and kept photos"},
		{Name: ScopeSearch, Allows: "search; with `insert` the key also needs `enrol`"},
		{Name: ScopeVerify, Allows: "compare a photo with a subject or with another photo"},
		{Name: ScopeDetect, Allows: "find faces"},
		{Name: ScopeDelete, Allows: "delete subjects, faces and kept photos"},
		{Name: ScopeWebhooks, Allows: "say where events are sent, and read and repeat what was sent"},
	}
}
