package identitytoken

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"oneton/identitytoken/token"
)

func orDefault(accuracy int) int { return cmp.Or(accuracy, DefaultAccuracy) }

func validate(accuracy int, bound, secret string) error {
	if accuracy < 1 || accuracy > len(Accuracies) {
		return invalid("accuracy", "is %d, there are 1 to %d", accuracy, len(Accuracies))
	}
	for _, text := range []struct {
		name, text string
		most       int
	}{{"context", bound, token.MaxContext}, {"secret", secret, token.MaxSecret}} {
		if len(text.text) > text.most || !utf8.ValidString(text.text) || strings.ContainsRune(text.text, 0) {
			return invalid(text.name, "must be text of at most %d bytes", text.most)
		}
	}
	return nil
}

// expiry is the time in whole seconds, which tokens have.
func expiry(at, now time.Time) (time.Time, error) {
	if at.IsZero() {
		return time.Time{}, nil
	}
	at = at.UTC().Truncate(time.Second)
	if !at.After(now) || at.Year() > 9999 {
		return time.Time{}, invalid("expires", "must be in the future, and before the year 10000")
	}
	return at, nil
}
