package store

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// MetadataChecksum is of a subject's metadata, and whose they are.
func MetadataChecksum(gallery GalleryID, subject SubjectID, metadata []byte) int64 {
	return metadataChecksum(gallery, subject, canonical(metadata))
}

func metadataChecksum(gallery GalleryID, subject SubjectID, form string) int64 {
	return int64(sum(nil, string(gallery), string(subject), form))
}

// ReadMetadata decodes a subject's metadata, which have the checksum.
func ReadMetadata(gallery GalleryID, subject SubjectID, text []byte, checksum *int64) (map[string]string, error) {
	const usual = 256
	var buffer [usual]byte
	m, form, ok := plainMetadata(text, buffer[:0])
	if !ok && json.Unmarshal(text, &m) != nil {
		return nil, fmt.Errorf("%w: metadata", ErrDamaged)
	}
	if checksum == nil {
		return m, nil
	}
	if !ok {
		form = append(form[:0], canonical(text)...)
	}
	if *checksum != metadataChecksum(gallery, subject, string(form)) {
		return nil, fmt.Errorf("%w: metadata", ErrDamaged)
	}
	return m, nil
}

// plainMetadata reads metadata in one pass, with their canonical form, which it
// appends to form, if they are spelt as the stores spell nearly all: an object of
// texts without escapes, by rising names. An index that is built anew reads those
// of every face.
func plainMetadata(text, form []byte) (m map[string]string, _ []byte, ok bool) {
	if len(text) < len("{}") || text[0] != '{' || !utf8.Valid(text) {
		return nil, form, false
	}
	m = make(map[string]string)
	form = append(form, '{')
	last, rest := "", text[1:]
	for string(rest) != "}" {
		if len(m) > 0 {
			if rest, ok = after(rest, ','); !ok {
				return nil, form, false
			}
		}
		var name, value []byte
		if name, rest, ok = plainText(rest); !ok || len(m) > 0 && string(name) <= last {
			return nil, form, false
		}
		if rest, ok = after(rest, ':'); !ok {
			return nil, form, false
		}
		if value, rest, ok = plainText(rest); !ok {
			return nil, form, false
		}
		last = string(name)
		m[last] = string(value)
		form = append(append(append(form, '"'), name...), 0)
		form = append(append(append(form, '"'), value...), 0, ',')
	}
	return m, append(form, '}'), true
}

// plainText is the text without escapes that is next, and what follows.
func plainText(text []byte) (said, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, text, false
	}
	for i, b := range text[1:] {
		switch {
		case b == '"':
			return text[1 : i+1], text[i+2:], true
		case b < ' ' || b == '\\':
			return nil, text, false
		}
	}
	return nil, text, false
}

// after is what follows the mark that is next, and the space that PostgreSQL
// writes there.
func after(text []byte, mark byte) (rest []byte, ok bool) {
	if len(text) == 0 || text[0] != mark {
		return text, false
	}
	if text = text[1:]; len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	return text, true
}
