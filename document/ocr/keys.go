package ocr

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"oneton/onnx"
)

// blank is the class of CTC that stands for no character.
const blank = 0

// parseKeys reads a line for each of the recogniser's classes, the blank's
// first.
func parseKeys(keys []byte) ([]string, error) {
	lines := bytes.Split(bytes.TrimSuffix(keys, []byte("\n")), []byte("\n"))
	all := make([]string, len(lines))
	for i, line := range lines {
		if len(line) == 0 || !utf8.Valid(line) {
			return nil, fmt.Errorf("%w: line %d of %s has no character", onnx.ErrModel, i+1, keysFile)
		}
		all[i] = string(line)
	}
	all[blank] = ""
	return all, nil
}

// Keys has the character of each of the recogniser's classes. The first is CTC's
// blank, which stands for none. It is not the caller's to change.
func (r *Reader) Keys() []string { return r.keys }
