package webhook

import (
	"strings"
	"unicode/utf8"
)

// kept is what is kept of a receiver's answer, as text that every engine can keep. Of
// results and of a format with credentials it is nothing: who echoes what was sent would
// have them outlive their erasure, and lie open.
func (s *Service) kept(d due, body []byte) string {
	if d.result || d.Format != Standard {
		return ""
	}
	body = body[:min(len(body), s.cfg.Answers)]
	// A letter that was cut in two is left out.
	for cut := 1; cut < utf8.UTFMax && cut <= len(body); cut++ {
		if last := body[len(body)-cut:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				body = body[:len(body)-cut]
			}
			break
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\x00", "\uFFFD")
}
