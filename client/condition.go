package client

import "net/http"

// Condition makes a call depend on the version that is there.
type Condition struct{ header, tag string }

// IfMatch lets a read or a change be done only if what is there has the entity tag, or
// else it is PreconditionFailed and changes nothing.
func IfMatch(tag string) Condition { return Condition{"If-Match", tag} }

// IfNoneMatch lets a read be answered with ErrNotModified if what is there has the
// entity tag.
func IfNoneMatch(tag string) Condition { return Condition{"If-None-Match", tag} }

// conditional is a header with the conditions.
func conditional(conditions []Condition) http.Header {
	if len(conditions) == 0 {
		return nil
	}
	h := http.Header{}
	for _, c := range conditions {
		h.Add(c.header, c.tag)
	}
	return h
}
