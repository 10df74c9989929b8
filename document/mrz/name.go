package mrz

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Name is a holder's name as a zone has it: letters, and one space between its
// words.
type Name struct {
	// Surname is the primary identifier, Given the secondary, which may be empty.
	Surname, Given string
	// Truncated says that the field was full, so that the name may go on.
	Truncated bool
}

// nameOf reads a name's field.
func nameOf(s string) Name {
	surname, given, _ := strings.Cut(s, "<<")
	return Name{spaced(surname), spaced(given), s[len(s)-1] != Filler}
}

// spaced are a field's words with spaces in between.
func spaced(s string) string { return strings.Join(strings.FieldsFunc(s, isFiller), " ") }

func isFiller(r rune) bool { return r == Filler }

// zone writes the name into so many characters. A name that is too long is cut:
// the surname leaves room for one initial, and the last position holds a letter,
// which tells that the name may go on (part 4, section 4.2.3).
func (n Name) zone(length int) (string, error) {
	surname, err := words(n.Surname)
	if err != nil {
		return "", err
	}
	if len(surname) == 0 {
		return "", fmt.Errorf("%w: a name needs a surname, or the whole name as one", ErrField)
	}
	given, err := words(n.Given)
	if err != nil {
		return "", err
	}
	var s string
	if len(given) == 0 {
		s = cut(surname, length)
	} else {
		s = strings.TrimRight(cut(surname, length-len("<<A")), "<") + "<<"
		s += cut(given, length-len(s))
	}
	return pad(s, length), nil
}

// words are those of a name in the characters of a zone.
func words(s string) ([]string, error) {
	t, err := Transliterate(s)
	return strings.Fields(t), err
}

// cut joins words to at most so many characters. If they are more, a word is a
// letter shorter where the last character would be a filler.
func cut(words []string, length int) string {
	s := strings.Join(words, "<")
	if len(s) <= length {
		return s
	}
	if s[length-1] != Filler {
		return s[:length]
	}
	words = slices.Clone(words)
	for i := strings.Count(s[:length-1], "<"); i >= 0; i-- {
		if n := len(words[i]); n > 1 {
			words[i] = words[i][:n-1]
			break
		}
	}
	s = strings.Join(words, "<")
	return s[:min(length, len(s))]
}

// pad fills a field up.
func pad(s string, length int) string { return s + strings.Repeat("<", length-len(s)) }

// Transliterate writes a name of Latin or Cyrillic letters in A to Z, by the
// recommendations of Doc 9303 (part 3, section 6, tables A and B; where they
// leave a choice, the first). Hyphens become spaces; apostrophes, commas and
// full stops go. It is ErrField for other characters.
func Transliterate(s string) (string, error) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToUpper(s)) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
			continue
		case r == '-' || r == '‐' || r == '–' || unicode.IsSpace(r):
			b.WriteByte(' ')
			continue
		case strings.ContainsRune("'’`ʼ´.,", r):
			continue
		}
		if t, ok := transliterations[r]; ok {
			b.WriteString(t)
			continue
		}
		base := []rune(norm.NFD.String(string(r)))[0]
		t, cyrillic := transliterations[base]
		switch {
		case base >= 'A' && base <= 'Z':
			b.WriteRune(base)
		case cyrillic:
			b.WriteString(t)
		default:
			return "", fmt.Errorf("%w: %q has no transliteration; write the name as the document's zone has it", ErrField, r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

// transliterations are what tables A and B have beyond leaving marks off.
var transliterations = map[rune]string{
	'Å': "AA", 'Ä': "AE", 'Æ': "AE", 'Ð': "D", 'Đ': "D", 'Ħ': "H", 'İ': "I", 'Ĳ': "IJ", 'ĸ': "Q", 'Ł': "L",
	'Ŋ': "N", 'Ö': "OE", 'Ø': "OE", 'Œ': "OE", 'ß': "SS", 'ẞ': "SS", 'Þ': "TH", 'Ŧ': "T", 'Ü': "UE",
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Ґ': "G", 'Ѓ': "G", 'Д': "D", 'Ђ': "D", 'Е': "E", 'Ё': "E", 'Є': "IE",
	'Ж': "ZH", 'З': "Z", 'Ѕ': "DZ", 'И': "I", 'І': "I", 'Ї': "I", 'Й': "I", 'Ј': "J", 'К': "K", 'Ќ': "K", 'Л': "L",
	'Љ': "LJ", 'М': "M", 'Н': "N", 'Њ': "NJ", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'Ћ': "C", 'У': "U",
	'Ў': "U", 'Ф': "F", 'Х': "KH", 'Ц': "TS", 'Ч': "CH", 'Џ': "DZ", 'Ш': "SH", 'Щ': "SHCH", 'Ъ': "IE", 'Ы': "Y",
	'Ь': "", 'Э': "E", 'Ю': "IU", 'Я': "IA", 'Ѵ': "Y", 'Ѫ': "U",
}
