package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/http/httpguts"
)

// maxCredential is the longest of a user's name, a password and a header's name and
// value, in bytes.
const maxCredential = 4096

// Credentials are what the receiver of an endpoint of the format Uqudo knows requests
// by: a user with a password (HTTP Basic, RFC 7617), one header, or nothing.
type Credentials struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Header   string `json:"header,omitempty"`
	Value    string `json:"value,omitempty"`
}

// Scheme is none, basic or header.
func (c Credentials) Scheme() string {
	switch {
	case c.Header != "":
		return "header"
	case c.User != "":
		return "basic"
	}
	return "none"
}

// reserved are headers that are not the owner's to choose: the request's own, and those
// by which HTTP frames and routes it.
var reserved = []string{
	"Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
}

// validate refuses what no request can have.
func (c Credentials) validate() error {
	refuse := func(reason string, args ...any) error { return invalid("authentication", reason, args...) }
	name := http.CanonicalHeaderKey(c.Header)
	switch {
	case (c.User != "" || c.Password != "") && (c.Header != "" || c.Value != ""):
		return refuse("must be a user and a password, or a header and a value, not both")
	case max(len(c.User), len(c.Password), len(c.Header), len(c.Value)) > maxCredential:
		return refuse("has a text of more than %d bytes", maxCredential)
	case c.User == "" && c.Password != "":
		return refuse("has a password and no user")
	case strings.Contains(c.User, ":"):
		return refuse("has a user with a colon, which HTTP Basic has no way to send")
	case strings.ContainsFunc(c.User+c.Password, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
		return refuse("has a user or a password with characters that HTTP Basic has no way to send")
	case c.Header == "" && c.Value != "":
		return refuse("has a value and no header")
	case c.Header == "":
		return nil
	case !httpguts.ValidHeaderFieldName(c.Header):
		return refuse("has a header whose name is none")
	case slices.Contains(reserved, name) || strings.HasPrefix(name, "Proxy-"):
		return refuse("has a header that is the request's own; choose another, as Authorization or X-Api-Key")
	case c.Value == "" || strings.TrimSpace(c.Value) != c.Value || strings.ContainsFunc(c.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return refuse("has a header whose value is not of visible ASCII characters")
	}
	return nil
}

// public are the credentials as their owner may read them again: without what is
// secret.
func (c Credentials) public() Credentials { return Credentials{User: c.User, Header: c.Header} }

// headers are those of a request.
func (c Credentials) headers(string, time.Time, []byte) http.Header {
	switch c.Scheme() {
	case "basic":
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password))}}
	case "header":
		return http.Header{http.CanonicalHeaderKey(c.Header): {c.Value}}
	}
	return http.Header{}
}

// bytes are the credentials as they are sealed.
func (c Credentials) bytes() []byte {
	text, _ := json.Marshal(c) // texts alone
	return text
}

// credentials are an endpoint's, or ErrSealed.
func (e endpoint) credentials(s seals) (c Credentials, err error) {
	text, err := s.open(e.sealedAs(), e.sealed)
	if err == nil && json.Unmarshal(text, &c) != nil {
		err = fmt.Errorf("read credentials of endpoint %s: %w", e.ID, ErrSealed)
	}
	return c, err
}
