// Package imports brings many people over at once: it reads photos and whose they are
// from a source, such as a folder or a table, and hands each to who enrols it, in
// parallel and in a memory that does not grow with the source.
//
// A source may be hostile, and is read within its bounds: nothing outside of it is
// opened, nothing is fetched, and what is no photo, or not to be read, is refused by
// itself and stops nothing else.
package imports

import (
	"context"
	"iter"
	"strconv"
	"unicode"
	"unicode/utf8"

	"oneton/store"
)

// Item is one photo of a source, and whose it is.
type Item struct {
	// Ref says where the photo stands in the source: a path or a line, as text that
	// can be shown.
	Ref     string
	Subject store.SubjectID
	// Metadata is a new subject's.
	Metadata map[string]string
	// Photo reads the photo. A *Refusal is an error of this item alone.
	Photo func() ([]byte, error)
	// Refused is why there is nothing to read, nil as a rule.
	Refused *Refusal
	// Part is how much of the source's Size this item takes.
	Part int64
	// Held is how many bytes of the photo are in memory before it is read.
	Held int

	n int64 // among the items of a durable import
}

// Source is where photos come from.
type Source interface {
	// Items yields what there is, each once. An error is of the source as a whole, and
	// the last. It is called once.
	Items(ctx context.Context) iter.Seq2[Item, error]
	// Size is the sum of all Parts, and false while it is not known.
	Size() (int64, bool)
	// Close ends the source, once nothing of it is read any more.
	Close() error
}

// Refusal is why a photo was not enrolled, for who can mend it.
type Refusal struct {
	// Code is stable: one of this package's, or what the API answers.
	Code string
	// Message says what is wrong.
	Message string
	// Advice says what to do about it.
	Advice string
}

// Error is the message.
func (r *Refusal) Error() string { return r.Message }

// The codes of what is wrong with a source's items.
const (
	CodeNoSubject  = "no_subject"      // nothing says whose the photo is
	CodeSubject    = "invalid_subject" // a name that cannot be an id
	CodeNotAPhoto  = "not_a_photo"
	CodeTooLarge   = "image_too_large"
	CodeEmpty      = "empty"
	CodeUnreadable = "unreadable"
	CodeMissing    = "missing"    // a path at which there is nothing
	CodeOutside    = "outside"    // a path or a link that leads out of the source
	CodeNotAFile   = "not_a_file" // a device, a pipe, a socket, a link to a folder
	CodeURL        = "url"        // what would have to be fetched
	CodeRow        = "invalid_row"
	CodeBomb       = "suspicious_compression"
	CodeEncrypted  = "encrypted"
)

func refuse(code, message, advice string) *Refusal { return &Refusal{code, message, advice} }

// shown is a path as text that is safe to show.
func shown(path string) string {
	if !utf8.ValidString(path) {
		return strconv.QuoteToASCII(path)
	}
	for _, r := range path {
		if !unicode.IsGraphic(r) {
			return strconv.QuoteToGraphic(path)
		}
	}
	return path
}
