package decode

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"oneton/store"
)

// unquoteText is the text of a JSON string, or what is wrong with it. Unlike
// encoding/json it changes nothing, and takes nothing that no store can keep.
func unquoteText(raw []byte) (text, wrong string) {
	if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return "", "must be a string"
	}
	if lonely(raw) {
		return "", `has half of a surrogate pair alone, such as "\ud800"`
	}
	return text, unkeepable(text)
}

// unkeepable says why no store can keep a text, if none can.
func unkeepable(text string) string {
	switch {
	case store.ValidText(text):
		return ""
	case !utf8.ValidString(text):
		return "is not UTF-8"
	default:
		return "has a NUL, U+0000"
	}
}

// lonely tells whether a JSON string has an escaped surrogate that is not one
// of a pair (RFC 8259, section 8.2).
func lonely(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return false
		}
		r, n := escaped(raw[i:])
		raw = raw[i+n:]
		if !utf16.IsSurrogate(r) {
			continue
		}
		low, n := escaped(raw)
		if utf16.DecodeRune(r, low) == utf8.RuneError {
			return true
		}
		raw = raw[n:]
	}
}

// escaped is the code unit that b starts with, if it starts with \u, and the
// length of the escape that it starts with, if it does.
func escaped(b []byte) (unit rune, length int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	if len(b) < 6 || b[1] != 'u' {
		return 0, 2
	}
	code, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0, 2
	}
	return rune(code), 6
}

// quote keeps a name that the caller made up short and printable.
func quote(name string) string {
	const longest = 64
	name = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, name)
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return name
}
