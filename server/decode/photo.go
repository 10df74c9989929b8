package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Photo is an image's bytes. In JSON it is base64 text, of either alphabet (RFC
// 4648, sections 4 and 5), with or without padding, or a data: URL (RFC 2397) of it.
type Photo []byte

// Photos is one image or several: in JSON one text or a list of them, in a
// form a part that may be repeated.
type Photos [][]byte

func (p *Photo) decode(raw []byte, path string) error {
	text, err := unquote(raw)
	if err != nil {
		return fault(path, "must be base64 text")
	}
	*p, err = base64Photo(text, path)
	return err
}

// dataURL begins every data: URL.
const dataURL = "data:"

// base64Photo is the photo of a base64 text or a data: URL of one.
func base64Photo(text []byte, path string) (Photo, error) {
	if bytes.HasPrefix(text, []byte(dataURL)) {
		header, data, ok := bytes.Cut(text, []byte(","))
		if !ok || !bytes.HasSuffix(header, []byte(";base64")) {
			return nil, fault(path, "is a data: URL that is not base64")
		}
		text = data
	}
	text = bytes.TrimRight(text, "=\r\n")
	encoding := base64.RawStdEncoding
	if bytes.IndexByte(text, '-') >= 0 || bytes.IndexByte(text, '_') >= 0 {
		encoding = base64.RawURLEncoding
	}
	photo := make([]byte, encoding.DecodedLen(len(text)))
	n, err := encoding.Decode(photo, text)
	switch {
	case err != nil:
		return nil, fault(path, "is not valid base64")
	case n == 0:
		return nil, fault(path, "is empty")
	}
	return photo[:n], nil
}

func (p *Photos) decode(raw []byte, path string) error {
	add := func(raw []byte) error {
		if len(*p) == maxParts {
			return fault(path, "is a list of more than %d photos", maxParts)
		}
		var photo Photo
		if err := photo.decode(raw, path); err != nil {
			return err
		}
		*p = append(*p, photo)
		return nil
	}
	if raw[0] == '[' {
		return list(raw, path, add)
	}
	return add(raw)
}

// unquote returns the text of a JSON string, and shares its memory when there
// is nothing to unescape, as in most base64.
func unquote(raw []byte) ([]byte, error) {
	if raw[0] == '"' && !bytes.ContainsAny(raw, "\\\r\n") {
		return raw[1 : len(raw)-1], nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil {
		return nil, errSyntax
	}
	return []byte(*text), nil
}
