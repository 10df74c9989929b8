package setting

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Table is a row for each setting, as the documents have it: key, default and
// meaning. The settings are as they are before anything was loaded; a prefix of
// their keys is left out.
func Table(settings []Setting, prefix string) string {
	var rows strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&rows, "| `%s` |%s | %s |\n", strings.TrimPrefix(s.Key, prefix), byDefault(s), s.Means)
	}
	return rows.String()
}

// grouped is from where on a number's digits stand in groups of three.
const grouped = 10_000

// byDefault is the default as people read it, behind a space.
func byDefault(s Setting) string {
	if s.Shown != "" {
		return " " + s.Shown
	}
	text := ""
	switch v := reflect.ValueOf(s.Value).Elem().Interface().(type) {
	case int:
		switch {
		case s.Bytes:
			return fmt.Sprintf(" %d MiB", v>>20)
		case v >= grouped:
			return " " + inThrees(v)
		}
		text = strconv.Itoa(v)
	case time.Duration:
		text = v.String()
		for _, zero := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(text, zero) {
				text = text[:len(text)-2]
			}
		}
	case []string:
		text = strings.Join(v, ",")
	default:
		text = fmt.Sprint(v)
	}
	if text == "" {
		return ""
	}
	return " `" + text + "`"
}

// inThrees writes a number with a comma before each three digits.
func inThrees(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
