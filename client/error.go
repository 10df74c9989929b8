package client

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is what a server answered instead of success.
type Error struct {
	// Code is stable and says what is wrong; empty where what answered is no oneton
	// server, such as a proxy.
	Code Code
	// Status is the one of HTTP.
	Status int
	// Title says what the code means, and Detail what is wrong in particular.
	Title, Detail string
	// Field is the field, parameter or header at fault; photo[1] is the second of
	// several photos.
	Field string
	// Reasons are the face's, for LowQuality, and the gate's, for LivenessUnknown.
	Reasons []string
	// RequestID finds the request in the server's log.
	RequestID string
	// RetryAfter is what the server asks to wait; 0 where it does not.
	RetryAfter time.Duration
}

// Error says what is wrong, where, and under which code.
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Detail != "":
		b.WriteString(e.Detail)
	case e.Title != "":
		b.WriteString(e.Title)
	default:
		b.WriteString(http.StatusText(e.Status))
	}
	if len(e.Reasons) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(e.Reasons, ", "))
	}
	if e.Field != "" && !strings.Contains(e.Detail, e.Field) {
		fmt.Fprintf(&b, " at %s", e.Field)
	}
	fmt.Fprintf(&b, " [%d", e.Status)
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Status >= http.StatusInternalServerError && e.RequestID != "" {
		fmt.Fprintf(&b, ", request %s", e.RequestID)
	}
	b.WriteByte(']')
	return b.String()
}

// Is tells whether the target is the error's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && e.Code != "" && code == e.Code
}

// maxProblem is the most that is read of an error's body.
const maxProblem = 64 << 10

// errorOf reads an answer that is no success.
func errorOf(res *http.Response) *Error {
	e := &Error{Status: res.StatusCode, RequestID: res.Header.Get("X-Request-Id"), RetryAfter: retryAfter(res.Header)}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")) // what cannot be parsed is no problem's
	body, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	var p struct {
		Code                 Code
		Title, Detail, Field string
		Reasons              []string
		RequestID            string `json:"request_id"`
	}
	if kind != "application/problem+json" || err != nil || json.Unmarshal(body, &p) != nil {
		return e
	}
	e.Code, e.Title, e.Detail, e.Field, e.Reasons = p.Code, p.Title, p.Detail, p.Field, p.Reasons
	if p.RequestID != "" {
		e.RequestID = p.RequestID
	}
	return e
}

// retryAfter is what the header asks for, in seconds or until a date (RFC 9110,
// section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
