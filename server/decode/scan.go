package decode

import (
	"bytes"
	"errors"
)

// maxDepth bounds how deep a JSON value may nest; no request needs half of it.
const maxDepth = 16

var errSyntax = errors.New("decode: not valid JSON")

// scanner cuts JSON into its members and elements without copying them, since
// most of a body is one long base64 text that encoding/json would copy thrice.
// It finds where a value ends; whether the value is well-formed is told by
// whoever decodes it, down to the leaves.
type scanner struct {
	rest []byte
}

// next skips white space and reports the byte after it, 0 at the end.
func (s *scanner) next() byte {
	s.rest = bytes.TrimLeft(s.rest, " \t\r\n")
	if len(s.rest) == 0 {
		return 0
	}
	return s.rest[0]
}

// skip takes b if it comes next.
func (s *scanner) skip(b byte) bool {
	if s.next() != b {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// value takes the value that comes next.
func (s *scanner) value() ([]byte, error) {
	var n int
	switch s.next() {
	case 0:
		return nil, errSyntax
	case '"':
		n = stringEnd(s.rest)
	case '{', '[':
		n = containerEnd(s.rest)
	default:
		if n = bytes.IndexAny(s.rest, ",:]} \t\r\n"); n < 0 {
			n = len(s.rest)
		}
	}
	if n <= 0 {
		return nil, errSyntax
	}
	v := s.rest[:n]
	s.rest = s.rest[n:]
	return v, nil
}

// name takes the name of a member and the colon after it.
func (s *scanner) name(path string) (string, error) {
	if s.next() != '"' {
		return "", malformed(path)
	}
	raw, err := s.value()
	if err != nil {
		return "", malformed(path)
	}
	name, wrong := unquoteText(raw)
	switch {
	case wrong != "":
		return "", fault(path, "has a name that %s", wrong)
	case !s.skip(':'):
		return "", malformed(path)
	}
	return name, nil
}

// stringEnd is the length of the string that b starts with, or -1.
func stringEnd(b []byte) int {
	for i := 1; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		i++
		if escapes%2 == 0 {
			return i
		}
	}
}

// containerEnd is the length of the object or list that b starts with, or -1
// when it does not end or nests too deep.
func containerEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := stringEnd(b[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return -1
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// object visits the members of the one object that raw is.
func object(raw []byte, path string, visit func(name string, raw []byte) error) error {
	s := scanner{raw}
	if !s.skip('{') {
		return fault(path, "must be an object")
	}
	seen := map[string]bool{}
	for first := true; !s.skip('}'); first = false {
		if !first && !s.skip(',') {
			return malformed(path)
		}
		name, err := s.name(path)
		if err != nil {
			return err
		}
		if seen[name] {
			return fault(join(path, quote(name)), "is given more than once")
		}
		seen[name] = true
		member, err := s.value()
		if err != nil {
			return malformed(join(path, quote(name)))
		}
		if err := visit(name, member); err != nil {
			return err
		}
	}
	return s.end(path)
}

// list visits the elements of the one list that raw is.
func list(raw []byte, path string, visit func(raw []byte) error) error {
	s := scanner{raw}
	if !s.skip('[') {
		return fault(path, "must be a list")
	}
	for first := true; !s.skip(']'); first = false {
		if !first && !s.skip(',') {
			return malformed(path)
		}
		element, err := s.value()
		if err != nil {
			return malformed(path)
		}
		if err := visit(element); err != nil {
			return err
		}
	}
	return s.end(path)
}

func (s *scanner) end(path string) error {
	if s.next() != 0 || len(s.rest) > 0 {
		return &Error{Field: path, Reason: "has something after its end", malformed: true}
	}
	return nil
}
