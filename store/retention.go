package store

import (
	"fmt"
	"slices"
	"strings"
)

// Retaining are those of the galleries whose policy is sound and does not keep
// faces for ever.
func Retaining(galleries []Gallery) []Gallery {
	return slices.DeleteFunc(galleries, func(g Gallery) bool { return g.Damage != "" || g.Policy.Retention <= 0 })
}

// Left are the faces that retention leaves, since it cannot be told how old they
// are.
type Left struct {
	faces int
	named []string
}

// Sound is whether a face's age can be told; one of which it cannot is noted.
func (l *Left) Sound(f Face) bool {
	const most = 10
	if f.Damage == "" {
		return true
	}
	if l.faces++; len(l.named) < most {
		l.named = append(l.named, string(f.ID))
	}
	return false
}

// Err is ErrDamaged when there are any.
func (l *Left) Err() error {
	if l.faces == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d faces may be past their gallery's retention and are left, since their age cannot be told; delete them by hand: %s",
		ErrDamaged, l.faces, strings.Join(l.named, ", "))
}
