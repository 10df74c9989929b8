package store

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// canonical is one form of a JSON text for all that an engine may make of it, for
// checksums alone: without spaces and escapes, members sorted, numbers that are
// not written as whole ones as the nearest float64. What cannot be read is itself.
func canonical(text []byte) string {
	if !json.Valid(text) {
		return string(text)
	}
	c := canonicaliser{text: text}
	return string(c.value(make([]byte, 0, len(text))))
}

// canonicaliser reads valid JSON.
type canonicaliser struct {
	text []byte
	at   int
}

// value appends the form of the value that is next.
func (c *canonicaliser) value(form []byte) []byte {
	c.space()
	switch first := c.text[c.at]; {
	case first == '{':
		return c.object(form)
	case first == '[':
		form = append(form, '[')
		for c.more(']') {
			form = append(c.value(form), ',')
		}
		return append(form, ']')
	case first == '"':
		return c.str(form)
	case first == '-' || first >= '0' && first <= '9':
		return c.number(form)
	default: // true, false or null
		return append(form, c.until(",]} \t\r\n")...)
	}
}

func (c *canonicaliser) object(form []byte) []byte {
	type member struct{ name, form []byte }
	var members []member
	for c.more('}') {
		c.space()
		m := member{name: c.str(nil)}
		c.space()
		c.at++ // the colon
		m.form = c.value(nil)
		// The last of one name counts.
		members = slices.DeleteFunc(members, func(o member) bool { return bytes.Equal(o.name, m.name) })
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	form = append(form, '{')
	for _, m := range members {
		form = append(append(append(form, m.name...), m.form...), ',')
	}
	return append(form, '}')
}

// more tells whether an object or array has another element, and goes to it, or
// behind the end.
func (c *canonicaliser) more(end byte) bool {
	c.space()
	if b := c.text[c.at]; b == '{' || b == '[' || b == ',' {
		c.at++
		c.space()
	}
	if c.text[c.at] == end {
		c.at++
		return false
	}
	return true
}

// str appends what a text says, up to a NUL, which no stored text has.
func (c *canonicaliser) str(form []byte) []byte {
	begin := c.at
	escaped := false
	for c.at++; c.text[c.at] != '"'; c.at++ {
		if c.text[c.at] == '\\' {
			escaped = true
			c.at++
		}
	}
	c.at++
	form = append(form, '"')
	if said := ""; escaped && json.Unmarshal(c.text[begin:c.at], &said) == nil {
		form = append(form, said...)
	} else {
		form = append(form, c.text[begin+1:c.at-1]...)
	}
	return append(form, 0)
}

func (c *canonicaliser) number(form []byte) []byte {
	const float = 64
	text := string(c.until(",]} \t\r\n"))
	if whole, err := strconv.ParseInt(text, 10, float); err == nil {
		return strconv.AppendInt(form, whole, 10)
	}
	x, err := strconv.ParseFloat(text, float)
	if err != nil {
		return append(form, text...)
	}
	const beyond = 1 << 63
	if x == math.Trunc(x) && math.Abs(x) < beyond { // as 1e6 and 1000000.0, which some engines write as 1000000
		return strconv.AppendInt(form, int64(x), 10)
	}
	return strconv.AppendFloat(form, x, 'g', -1, float)
}

func (c *canonicaliser) until(ends string) []byte {
	begin := c.at
	for c.at < len(c.text) && bytes.IndexByte([]byte(ends), c.text[c.at]) < 0 {
		c.at++
	}
	return c.text[begin:c.at]
}

func (c *canonicaliser) space() {
	for c.at < len(c.text) && (c.text[c.at] == ' ' || c.text[c.at] == '\t' || c.text[c.at] == '\r' || c.text[c.at] == '\n') {
		c.at++
	}
}
