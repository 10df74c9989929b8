package credential

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
)

// pair is an email address and a phone number, each in its one form.
type pair struct{ email, phone string }

// text is what a pair is known by.
func (p pair) text() string { return p.email + "\x00" + p.phone }

// mailbox is what limits know an email address by. Most mail servers deliver all that
// differ in capitals, in dots or in what stands behind a + to one person, whom
// messages to many of them would flood. Whose account it is, it does not tell.
func (p pair) mailbox() string {
	local, domain, _ := strings.Cut(p.email, "@")
	local, _, _ = strings.Cut(local, "+")
	return strings.ToLower(strings.ReplaceAll(local, ".", "")) + "@" + domain
}

func parsePair(email, phone, region string) (p pair, err error) {
	if p.email, err = parseEmail(email); err != nil {
		return pair{}, err
	}
	p.phone, err = parsePhone(phone, region)
	return p, err
}

const (
	// maxEmail is an address's longest form on the way (RFC 5321, section 4.5.3.1.3,
	// without the brackets), maxLocal that of what stands before the @, and maxPhone
	// one of E.164 with room for how people write it.
	maxEmail = 254
	maxLocal = 64
	maxPhone = 40
)

// local is a dot-atom of RFC 5322, section 3.2.3.
var local = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// parseEmail is the address with its domain in small ASCII letters. What stands
// before the @ is the mail server's affair, and stays as it is. Names, comments,
// quotes and addresses of several people are refused.
func parseEmail(text string) (string, error) {
	const want = "must be one address such as name@example.org: letters, digits and signs, an @, and a domain with a dot"
	refused := &AddressError{Email, want}
	text = strings.TrimSpace(text)
	if len(text) > maxEmail {
		return "", refused
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text {
		return "", refused
	}
	at := strings.LastIndexByte(text, '@')
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	domain = strings.ToLower(domain)
	_, numeric := netip.ParseAddr(domain)
	if err != nil || numeric == nil || len(text[:at]) > maxLocal || !local.MatchString(text[:at]) || !strings.Contains(strings.Trim(domain, "."), ".") ||
		strings.HasSuffix(domain, ".") || strings.HasPrefix(domain, "[") || at+1+len(domain) > maxEmail {
		return "", refused
	}
	return text[:at+1] + domain, nil
}

// parsePhone is the number in E.164. Numbers that cost their caller, or nobody's
// own, are refused: codes to them are how such numbers earn.
func parsePhone(text, region string) (string, error) {
	want := "must be a phone number with + and its country's code, such as +41 79 123 45 67"
	if region != "" {
		want += "; without, it is one of " + region
	}
	refused := &AddressError{Phone, want}
	if len(text) > maxPhone || !callable.MatchString(text) {
		return "", refused
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", refused
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER:
		return phonenumbers.Format(n, phonenumbers.E164), nil
	default:
		return "", &AddressError{Phone, "must be somebody's own number: none that costs its caller more, is free of charge, or is a pager's or a mailbox's"}
	}
}

// callable is how people write numbers: no letters, which stand for digits on old
// telephones, and no extensions.
var callable = regexp.MustCompile(`^ *\+?[0-9 ().\-/]+$`)

// knownRegion tells whether a text names a region of phone numbers, as CH does.
func knownRegion(text string) bool { return phonenumbers.GetSupportedRegions()[text] }
