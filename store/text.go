package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxID is the longest id or name that rows are found by, in bytes. Two of
// them with a gallery's id fit a row of every engine's index.
const MaxID = 128

// ValidText tells whether every engine can keep a text and compare it byte by
// byte: it is UTF-8, which has no surrogates, and has no NUL. Stores write no
// other text: that is ErrInvalid. To look for one finds nothing.
func ValidText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

var name = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z0-9][A-Za-z0-9._:@-]{0,%d}$`, MaxID-1))

// NameRule says which names and ids owners may choose.
const NameRule = "must be 1 to 128 letters, digits or . _ : @ -, starting with a letter or digit"

// ValidName tells whether a name or an id keeps to NameRule: it can stand in
// paths, commands and logs as it is. Stores keep and find other texts, too.
func ValidName(s string) bool { return name.MatchString(s) }

// CheckTenant returns ErrInvalid when a tenant cannot be kept. Every store
// calls it, and the checks below, before it writes, so that all refuse alike.
func CheckTenant(t Tenant) error {
	return invalid("tenant", checkID("id", string(t.ID)), checkText("name", t.Name), checkTime(t.CreatedAt))
}

// CheckKey is as CheckTenant.
func CheckKey(k Key) error {
	errs := []error{checkID("id", string(k.ID)), checkText("name", k.Name), checkText("maker", string(k.MadeBy)), checkTime(k.CreatedAt), checkTime(k.EndsAt)}
	if len(k.MAC) == 0 {
		errs = append(errs, errors.New("MAC is empty"))
	}
	for _, s := range k.Scopes {
		errs = append(errs, checkText("scope", s))
	}
	return invalid("key", errs...)
}

// CheckGallery is as CheckTenant.
func CheckGallery(g Gallery) error {
	return invalid("gallery", checkID("id", string(g.ID)), checkID("name", g.Name), checkID("pack", g.Pack), checkTime(g.CreatedAt), CheckPolicy(g.Policy))
}

// CheckPolicy is as CheckTenant.
func CheckPolicy(p Policy) error {
	return invalid("policy", checkFinite("FPIR", p.FPIR), checkText("quality", p.Quality), checkText("liveness", p.Liveness), checkText("detail", p.Detail))
}

// CheckMetadata is as CheckTenant.
func CheckMetadata(m map[string]string) error {
	for k, v := range m {
		if err := invalid("metadata", checkText("key", k), checkText("value", v)); err != nil {
			return err
		}
	}
	return nil
}

// unkeepable are escapes in JSON of what is no valid text.
var unkeepable = regexp.MustCompile(`(?i)\\u(0000|d[89a-f])`)

// CheckCalibration is as CheckTenant, for a definition that must be a JSON
// object.
func CheckCalibration(pack string, definition []byte) error {
	var object map[string]any
	err := json.Unmarshal(definition, &object)
	if err != nil || object == nil || !ValidText(string(definition)) || unkeepable.Match(definition) || deeper(object, maxDepth) {
		err = errors.New("definition is not a JSON object of valid text and of float64 numbers")
	}
	return invalid("calibration", checkID("pack", pack), err)
}

// maxDepth is how deep JSON may nest, well within every engine's bound.
const maxDepth = 64

func deeper(v any, depth int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if depth == 0 || deeper(member, depth-1) {
				return true
			}
		}
	case []any:
		return depth == 0 || slices.ContainsFunc(v, func(element any) bool { return deeper(element, depth-1) })
	}
	return false
}

// Check returns ErrInvalid when no engine could say what comes after.
func (p Page) Check() error { return invalid("page", checkText("after", p.After)) }

// invalid makes the first of errs ErrInvalid.
func invalid(what string, errs ...error) error {
	for _, err := range errs {
		switch {
		case errors.Is(err, ErrInvalid):
			return err
		case err != nil:
			return fmt.Errorf("%w: %s's %w", ErrInvalid, what, err)
		}
	}
	return nil
}

func checkID(what, s string) error {
	if s == "" || len(s) > MaxID {
		return fmt.Errorf("%s has %d bytes, must have 1 to %d", what, len(s), MaxID)
	}
	return checkText(what, s)
}

func checkText(what, s string) error {
	if !ValidText(s) {
		return fmt.Errorf("%s is not UTF-8 or has a NUL", what)
	}
	return nil
}

func checkFinite(what string, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("%s is not finite", what)
	}
	return nil
}

// checkTime takes the years that every engine and RFC 3339 can write.
func checkTime(t time.Time) error {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("time is in the year %d, must be in 1 to 9999", y)
	}
	return nil
}
