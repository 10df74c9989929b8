package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"oneton/store"
)

// The plain ways to tell from a path whose photo it is.
const (
	// FromFolder is by the one folder that the photo lies in.
	FromFolder = "folder"
	// FromFirst is by the first folder of the path, and FromParent by the last.
	FromFirst  = "first"
	FromParent = "parent"
	// FromFile is by the file's name without its ending.
	FromFile = "file"
)

// Naming tells from a photo's path whose it is.
type Naming struct {
	from    string
	pattern *regexp.Regexp
	// makeIDs makes an id of a name that is none.
	makeIDs bool
}

// NameKey is under which metadata keep the name that an id was made of.
const NameKey = "name"

// NewNaming takes one of the plain ways, or a pattern between slashes, in Go's syntax,
// of which the first group is the name; empty is FromFolder. With makeIDs a name that
// cannot be an id, such as one with a space, is made one, and kept in the metadata.
func NewNaming(from string, makeIDs bool) (Naming, error) {
	n := Naming{from: from, makeIDs: makeIDs}
	switch {
	case from == "":
		n.from = FromFolder
	case from == FromFolder, from == FromFirst, from == FromParent, from == FromFile:
	case len(from) > 1 && strings.HasPrefix(from, "/") && strings.HasSuffix(from, "/"):
		var err error
		if n.pattern, err = regexp.Compile(from[1 : len(from)-1]); err != nil {
			return n, fmt.Errorf("%w: the pattern of subjects: %w", ErrInvalid, err)
		}
		if n.pattern.NumSubexp() < 1 {
			return n, fmt.Errorf("%w: the pattern of subjects has no group, as in /^([^_]+)_/", ErrInvalid)
		}
	default:
		return n, fmt.Errorf("%w: subjects are told by folder, first, parent, file or a /pattern/, not by %q", ErrInvalid, from)
	}
	return n, nil
}

// name is what the path says, or a refusal.
func (n Naming) name(p string) (string, *Refusal) {
	folders := strings.Split(p, "/")
	file := folders[len(folders)-1]
	folders = folders[:len(folders)-1]
	const advice = "put each person's photos into a folder of their name, or say how paths tell the person: first, parent, file or a /pattern/"
	switch {
	case n.pattern != nil:
		if m := n.pattern.FindStringSubmatch(p); m != nil && m[1] != "" {
			return m[1], nil
		}
		return "", refuse(CodeNoSubject, "the pattern of subjects does not match the path", "mend the pattern, or rename the file")
	case n.from == FromFile:
		return strings.TrimSuffix(file, path.Ext(file)), nil
	case len(folders) == 0:
		return "", refuse(CodeNoSubject, "the photo lies in no folder that would say whose it is", advice)
	case n.from == FromFolder && len(folders) > 1:
		return "", refuse(CodeNoSubject, fmt.Sprintf("the photo lies %d folders deep, of which any may name the person", len(folders)), advice)
	case n.from == FromParent:
		return folders[len(folders)-1], nil
	}
	return folders[0], nil
}

// of puts into the item whose photo it is.
func (n Naming) of(item *Item, p string) {
	name, refused := n.name(p)
	if refused != nil {
		item.Refused = refused
		return
	}
	n.subject(item, name)
}

// subject puts the person of that name into the item.
func (n Naming) subject(item *Item, name string) {
	switch {
	case store.ValidName(name):
		item.Subject = store.SubjectID(name)
	case n.makeIDs && name != "" && store.ValidText(name):
		item.Subject = store.SubjectID(MakeID(name))
		if item.Metadata == nil {
			item.Metadata = make(map[string]string, 1)
		}
		if _, said := item.Metadata[NameKey]; !said {
			item.Metadata[NameKey] = name
		}
	case !utf8.ValidString(name):
		item.Refused = refuse(CodeSubject, "the person's name is not UTF-8", "rename the folder or file in UTF-8, as convmv does")
	case !store.ValidText(name):
		item.Refused = refuse(CodeSubject, "the person's name has a NUL, U+0000", "take it out of the name")
	case name == "":
		item.Refused = refuse(CodeNoSubject, "nothing says whose photo it is", "give each photo a subject")
	default:
		item.Refused = refuse(CodeSubject, "the subject's id "+store.NameRule, "rename it, or let ids be made of names (--make-ids)")
	}
}

// MakeID is an id made of a name: the letters without their marks, a _ for all else,
// and the first 32 bits of the name's SHA-256, so that no two names share one.
func MakeID(name string) string {
	const hashed, separator = 4, 1
	sum := sha256.Sum256([]byte(name))
	var b strings.Builder
	for _, r := range norm.NFD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && b.String()[b.Len()-1] != '_':
			b.WriteByte('_')
		}
		if b.Len() == store.MaxID-hex.EncodedLen(hashed)-separator {
			break
		}
	}
	plain := strings.Trim(b.String(), "_")
	if plain == "" {
		plain = "subject"
	}
	return plain + "-" + hex.EncodeToString(sum[:hashed])
}
