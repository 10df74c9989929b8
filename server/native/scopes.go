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
	ScopeImports   = "imports"
	ScopeJobs      = "jobs"
	ScopeKeys      = "keys"
	ScopeExport    = "archive:export"
	ScopeImport    = "archive:import"
	ScopeEvaluate  = "evaluate"
	ScopeAttempts  = "kyc:read"
	ScopeReview    = "kyc:review"
	ScopeReviews   = "review"
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
		{Name: ScopeImports, Allows: "import many people at once, and read and delete imports"},
		{Name: ScopeJobs, Allows: "list, read and cancel jobs"},
		{Name: ScopeKeys, Allows: "list and revoke the tenant's keys, and make some that may do no more than the key itself"},
		{Name: ScopeExport, Allows: "take galleries out as archives, with templates and kept photos"},
		{Name: ScopeImport, Allows: "put people of an archive, with their templates, into galleries"},
		{Name: ScopeReviews, Allows: "read and decide answers of several candidates that wait; that two are one person also needs `enrol` and `delete`"},
		{Name: ScopeEvaluate, Allows: "measure what a gallery's answers are worth, and read how searches were made"},
		{Name: ScopeWebhooks, Allows: "say where events are sent, and read and repeat what was sent"},
		{Name: ScopeAttempts, Allows: "read jobs, users and attempts"},
		{Name: ScopeReview, Allows: "decide attempts that wait for a review"},
	}
}
