package decode

import (
	"bytes"
	"encoding/json"
)

// Object is the text of a JSON object, without the white space between its parts.
// In JSON it is the object itself, or a text that holds one, as a form's field is.
type Object []byte

func (o *Object) decode(raw []byte, path string) error {
	if raw[0] == '"' {
		text, wrong := unquoteText(raw)
		if wrong != "" {
			return fault(path, "%s", wrong)
		}
		raw = bytes.TrimSpace([]byte(text))
	}
	if len(raw) == 0 || raw[0] != '{' {
		return fault(path, "must be a JSON object, or a text that is one")
	}
	if err := keepable(raw, path); err != nil {
		return err
	}
	var whole bytes.Buffer
	if err := json.Compact(&whole, raw); err != nil {
		return fault(path, "is not valid JSON")
	}
	*o = whole.Bytes()
	return nil
}

// keepable refuses a JSON value of which some text is none that a store keeps. How
// deep it nests is bounded by the scanner.
func keepable(raw []byte, path string) error {
	element := func(raw []byte) error { return keepable(raw, path) }
	switch raw[0] {
	case '{':
		return object(raw, path, func(_ string, raw []byte) error { return element(raw) })
	case '[':
		return list(raw, path, element)
	case '"':
		if _, wrong := unquoteText(raw); wrong != "" {
			return fault(path, "has a text that %s", wrong)
		}
	}
	return nil
}
