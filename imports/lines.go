package imports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lines is JSON, one object a line: whose photo it is, the photo itself, with a name to
// tell it by, or its path, and a new person's metadata.
type Lines struct {
	naming Naming
	most   int64
	in     *bufio.Reader
	size   int64
	close  func() error
	// files are where paths lead, nil where there are none.
	files *files
}

// line is what stands on a line.
type line struct {
	Subject  string            `json:"subject"`
	Photo    string            `json:"photo"`
	Path     string            `json:"path"`
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
}

// replaced tells whether a text has what takes the place of what is none: two names
// that differ in it only would be one.
func (l line) replaced() bool {
	texts := []string{l.Subject, l.Path}
	for key, value := range l.Metadata {
		texts = append(texts, key, value)
	}
	return slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsRune(s, utf8.RuneError) })
}

// OpenLines opens a file of lines, whose paths lead into the folder, or into the
// file's own when that is empty.
func OpenLines(path, folder string, naming Naming, most int64) (*Lines, error) {
	if folder == "" {
		folder = filepath.Dir(path)
	}
	f, err := openFiles(folder, most)
	if err != nil {
		return nil, err
	}
	file, err := openRegular(path)
	if err != nil {
		return nil, errors.Join(err, f.root.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrSource, err), file.Close(), f.root.Close())
	}
	l := NewLines(file, info.Size(), naming, most)
	l.files = &f
	l.close = func() error { return errors.Join(file.Close(), f.root.Close()) }
	return l, nil
}

// NewLines reads lines that have their photos with them, of a known size or one
// below 0.
func NewLines(r io.Reader, size int64, naming Naming, most int64) *Lines {
	const buffer = 64 << 10
	return &Lines{naming: naming, most: most, in: bufio.NewReaderSize(r, buffer), size: size, close: func() error { return nil }}
}

// Stdin is the lines that come by the standard input.
func Stdin(naming Naming, most int64) *Lines { return NewLines(os.Stdin, -1, naming, most) }

// Close implements Source.
func (l *Lines) Close() error { return l.close() }

// Size implements Source: the bytes.
func (l *Lines) Size() (int64, bool) { return l.size, l.size >= 0 }

// longest is the most that a line may have: a photo in base64, and what goes with it.
func (l *Lines) longest() int64 {
	const beside = 64 << 10
	return int64(base64.StdEncoding.EncodedLen(int(l.most))) + beside
}

// Items implements Source.
func (l *Lines) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for n := 1; ctx.Err() == nil; n++ {
			text, size, err := l.next()
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Item{}, fmt.Errorf("%w: %w", ErrSource, err))
				return
			}
			if n == 1 {
				text = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
			if size > int64(len(text)) || len(bytes.TrimSpace(text)) > 0 {
				item := Item{Ref: fmt.Sprintf("line %d", n), Part: size, Held: len(text)}
				if size > l.longest() {
					item.Refused = tooLarge(l.most)
				} else {
					l.read(&item, bytes.TrimSpace(text))
				}
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
		yield(Item{}, ctx.Err())
	}
}

// next is the next line, or its beginning where it is too long, and its whole size.
func (l *Lines) next() (text []byte, size int64, err error) {
	for longest := l.longest(); ; {
		part, err := l.in.ReadSlice('\n')
		size += int64(len(part))
		if size <= longest {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if size > longest {
				text = nil
			}
			return text, size, err
		}
	}
}

// read puts what stands on the line into the item.
func (l *Lines) read(item *Item, text []byte) {
	var said line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&said)
	if err == nil && d.More() {
		err = errors.New("more follows the object")
	}
	const advice = `each line is as {"subject":"ada","photo":"<base64>"}, with "path" instead of "photo", and "metadata" and the photo's "name", where wanted`
	switch {
	case !utf8.Valid(text):
		item.Refused = refuse(CodeRow, "the line is not UTF-8, as JSON must be", "write the lines in UTF-8")
		return
	case err != nil:
		item.Refused = refuse(CodeRow, "the line is not as it must be: "+strings.TrimPrefix(err.Error(), "json: "), advice)
		return
	case said.replaced() && !bytes.Contains(bytes.ToLower(text), []byte(`\ufffd`)) && !bytes.ContainsRune(text, utf8.RuneError):
		item.Refused = refuse(CodeRow, `the line has half of a surrogate pair alone, such as "\ud800"`, "write the text in UTF-8")
		return
	case (said.Photo == "") == (said.Path == ""):
		item.Refused = refuse(CodeRow, "the line must have either a photo or a path", advice)
		return
	}
	item.Metadata = said.Metadata
	if said.Name != "" && said.Path == "" {
		item.Ref += ": " + named(said.Name)
	}
	path := ""
	if said.Path != "" {
		item.Ref += ": " + shown(said.Path)
		if path = l.path(item, said.Path); item.Refused != nil {
			return
		}
	} else {
		item.Photo = func() ([]byte, error) { return decoded(said.Photo, l.most) }
	}
	if said.Subject == "" && path != "" {
		l.naming.of(item, path)
		return
	}
	l.naming.subject(item, said.Subject)
}

// named is the beginning of what a line calls its photo, as text that is safe to show.
func named(name string) string {
	const longest = 256
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return shown(name)
}

// path lets the photo be read at the path.
func (l *Lines) path(item *Item, given string) string {
	if l.files == nil {
		item.Refused = refuse(CodeOutside, "paths lead nowhere here", "put the photo itself into the line, in base64")
		return ""
	}
	path, refused := l.files.within(given)
	if refused != nil {
		item.Refused = refused
		return ""
	}
	item.Held = 0
	item.Photo = func() ([]byte, error) { return l.files.photo(path) }
	return filepath.ToSlash(path)
}

// decoded is a photo in base64, or in a data: URL (RFC 2397) with it.
func decoded(text string, most int64) ([]byte, error) {
	if scheme, rest, ok := strings.Cut(text, ":"); ok && strings.EqualFold(scheme, "data") {
		_, data, ok := strings.Cut(rest, ";base64,")
		if !ok {
			return nil, refuse(CodeRow, "the photo is a data: URL without base64", "write the photo in base64")
		}
		text = data
	} else if ok {
		return nil, refuse(CodeURL, "it is a URL, and nothing is fetched", "write the photo itself, in base64")
	}
	content, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=\r\n"))
	switch {
	case err != nil:
		return nil, refuse(CodeRow, "the photo is not base64", "write the photo in base64 (RFC 4648, section 4)")
	case int64(len(content)) > most:
		return nil, tooLarge(most)
	}
	return content, checkPhoto(content)
}
