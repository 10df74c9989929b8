package message

import (
	"encoding/json"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"oneton/setting"
)

// How the connection to a mail server is secured.
const (
	// StartTLS begins in the clear and refuses a server that does not go on in TLS.
	StartTLS = "starttls"
	// TLS is TLS from the first byte.
	TLS = "tls"
	// None is no security, for a server on this machine.
	None = "none"
)

// The formats of a gateway's body.
const (
	JSON = "json"
	Form = "form"
)

// Config says what delivers messages.
type Config struct {
	// Outbox is a folder that all messages go to instead of being sent; empty for
	// none.
	Outbox string
	Mail   Mail
	SMS    SMS
}

// Mail is an SMTP server and what it is handed.
type Mail struct {
	// Address is host:port; empty for none.
	Address string
	// Security is StartTLS, TLS or None.
	Security string
	// CA is a file of certificates that are trusted instead of the system's.
	CA string
	// User is empty where the server asks for none, and PasswordFile holds the
	// password.
	User, PasswordFile string
	// From is the sender, with a name or without.
	From string
	// Subject and Text have {code} and {minutes} in them.
	Subject, Text string
	Timeout       time.Duration
}

// SMS is an HTTP gateway and what it is handed.
type SMS struct {
	// URL and Body have {to} and {text} in them, which are escaped; no URL is no
	// gateway.
	URL, Body string
	Method    string
	// Format is JSON or Form, and says how the body is escaped.
	Format string
	// Headers are lines of a name, a colon and a value.
	Headers []string
	// TokenFile holds what is sent as Authorization: Bearer.
	TokenFile string
	CA        string
	// Plain lets the URL be http where others may listen.
	Plain bool
	// Status is what the gateway answers when it has taken a message.
	Status int
	// Text has {code} and {minutes} in it.
	Text    string
	Timeout time.Duration
}

// DefaultConfig delivers nothing.
func DefaultConfig() Config {
	const timeout = 10 * time.Second
	const text = "{code} is your code. It is valid for {minutes} minutes. Nobody who asks you for it is to be trusted."
	return Config{
		Mail: Mail{Security: StartTLS, Subject: "Your code", Text: text, Timeout: timeout},
		SMS: SMS{
			Method: http.MethodPost, Format: JSON, Body: `{"to":"{to}","text":"{text}"}`, Status: http.StatusOK,
			Text: "{code} is your code. It is valid for {minutes} minutes.", Timeout: timeout,
		},
	}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	m, s := &c.Mail, &c.SMS
	const longest = 25 * time.Second
	return []setting.Setting{
		{Key: "outbox", Value: &c.Outbox, Means: "folder that codes are written to instead of being sent, for development"},
		{
			Key: "mail.address", Value: &m.Address, Means: "SMTP server that takes emails; empty is none",
			Want: "empty or host:port", OK: m.Address == "" || hostAndPort(m.Address),
		},
		{
			Key: "mail.security", Value: &m.Security, Means: "`starttls`, `tls` from the first byte, or `none`, to a server on this machine alone; certificates are always checked",
			Want: "starttls, tls, or none with an address of this machine", OK: m.Security == StartTLS || m.Security == TLS || m.Security == None && (m.Address == "" || loopback(m.Address)),
		},
		{Key: "mail.ca", Value: &m.CA, Means: "file of certificates to trust instead of the system's"},
		{Key: "mail.user", Value: &m.User, Means: "name to log in by; empty logs in nowhere"},
		{
			Key: "mail.password_file", Value: &m.PasswordFile, Means: "file with the password, in one line",
			Want: "a file, since mail.user is set", OK: m.User == "" || m.PasswordFile != "",
		},
		{
			Key: "mail.from", Value: &m.From, Means: "sender, as `Name <codes@example.org>`",
			Want: "one address, since mail.address is set", OK: m.Address == "" || sends(m.From),
		},
		{
			Key: "mail.subject", Value: &m.Subject, Means: "subject, which may have `{code}` and `{minutes}` in it",
			Want: "one line of text", OK: line(m.Subject) && m.Subject != "",
		},
		{Key: "mail.text", Value: &m.Text, Means: "text", Want: "a text with {code} in it", OK: strings.Contains(m.Text, "{code}")},
		{Key: "mail.timeout", Value: &m.Timeout, Means: "longest time until the server has taken an email", Want: "1s to 25s", OK: m.Timeout >= time.Second && m.Timeout <= longest},
		{
			Key: "sms.url", Value: &s.URL, Hidden: true, Means: "HTTP gateway that takes text messages; `{to}` and `{text}` are escaped in it. Empty is none",
			Want: "empty, an https URL, or an http one of this machine or with sms.plain", OK: s.URL == "" || s.reachable(),
		},
		{Key: "sms.plain", Value: &s.Plain, Means: "lets it be `http` in a network where nobody else listens"},
		{
			Key: "sms.method", Value: &s.Method, Means: "method of the call",
			Want: "GET, POST or PUT", OK: slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut}, s.Method),
		},
		{
			Key: "sms.headers", Value: &s.Headers, Hidden: true, Means: "headers of the call, as `Name: value`, separated by commas",
			Want: "lines of a name, a colon and a value", OK: !slices.ContainsFunc(s.Headers, func(h string) bool { return !header(h) }),
		},
		{Key: "sms.token_file", Value: &s.TokenFile, Means: "file with a token, in one line, that is sent as `Authorization: Bearer`"},
		{Key: "sms.ca", Value: &s.CA, Means: "file of certificates to trust instead of the system's"},
		{Key: "sms.format", Value: &s.Format, Means: "what the body is: `json` or `form`", Want: "json or form", OK: s.Format == JSON || s.Format == Form},
		{
			Key: "sms.body", Value: &s.Body, Means: "body of the call; `{to}`, as `+41791234567`, and `{text}` are escaped in it",
			Want: "as sms.format says, with {to} and {text} in it or in sms.url", OK: s.Format != JSON && s.Format != Form || s.complete(),
		},
		{
			Key: "sms.status", Value: &s.Status, Means: "status of the gateway's answer when it has taken a message; redirects are not followed",
			Want: "200 to 299", OK: s.Status >= 200 && s.Status <= 299,
		},
		{Key: "sms.text", Value: &s.Text, Means: "text, which may have `{minutes}` in it", Want: "a text with {code} in it", OK: strings.Contains(s.Text, "{code}")},
		{Key: "sms.timeout", Value: &s.Timeout, Means: "longest time until the gateway has taken it", Want: "1s to 25s", OK: s.Timeout >= time.Second && s.Timeout <= longest},
	}
}

func hostAndPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	n, wrong := strconv.ParseUint(port, 10, 16)
	return err == nil && wrong == nil && n > 0 && host != "" && line(host)
}

// loopback tells whether an address is this machine's own.
func loopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// sender is the address of a From header.
func sender(from string) (string, error) {
	a, err := mail.ParseAddress(from)
	if err != nil {
		return "", err
	}
	return a.Address, nil
}

func sends(from string) bool {
	_, err := sender(from)
	return err == nil && line(from)
}

// line tells whether a text can stand in a header.
func line(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func header(text string) bool {
	name, _, ok := strings.Cut(text, ":")
	return ok && line(text) && strings.TrimSpace(name) != "" && !strings.ContainsAny(strings.TrimSpace(name), " \t\"(),/;<=>?@[\\]{}")
}

// reachable tells whether the URL is one that messages may go to: who takes them
// does not depend on what they say.
func (c SMS) reachable() bool {
	where, _ := c.request("+10", "0")
	u, err := url.Parse(where)
	if err != nil || u.Host == "" || u.User != nil || !strings.HasPrefix(c.URL, u.Scheme+"://"+u.Host) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && (c.Plain || loopback(u.Hostname()))
}

// complete tells whether a call says what to whom.
func (c SMS) complete() bool {
	for _, place := range []string{"{to}", "{text}"} {
		if !strings.Contains(c.Body+c.URL, place) {
			return false
		}
	}
	_, body := c.request("+10", "a \"text\"\n")
	return c.Format != JSON || body == "" || json.Valid([]byte(body))
}
