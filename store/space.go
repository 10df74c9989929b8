package store

import (
	"cmp"
	"fmt"
	"strings"

	"oneton/face"
)

// Space says in which template space the galleries of a pack are searched and
// enrolled in.
type Space struct {
	Pack string
	// Version is that of the pack which made, or converted, the faces. It is
	// empty while nobody has said: then they are of the one version that there
	// was, and their space has the pack's name.
	Version string
	// Plain is the version whose space has the pack's name alone: FirstVersion,
	// also where it is empty, or for a pack of an owner's the one that was loaded
	// when versions were first told apart.
	Plain string
	// Moving is set while faces of other versions are brought here: until then
	// nobody may compare with some of them alone.
	Moving bool
	// Since is the position of the log from which on a view has all of them.
	Since uint64
}

// FirstVersion is that of every pack's faces before versions were told apart, but
// for packs of owners'.
const FirstVersion = "1"

// Of is the name of the space of a version of the pack.
func (s Space) Of(version string) string {
	if version == s.plain() {
		return s.Pack
	}
	return s.Pack + "@" + version
}

// Name is the space's name.
func (s Space) Name() string { return s.Of(cmp.Or(s.Version, s.plain())) }

func (s Space) plain() string { return cmp.Or(s.Plain, FirstVersion) }

// VersionIn is the version whose templates a space of the pack holds; false when
// the space is another pack's.
func (s Space) VersionIn(space string) (version string, ours bool) {
	if face.PackOf(space) != s.Pack {
		return "", false
	}
	if _, version, ok := strings.Cut(space, "@"); ok {
		return version, true
	}
	return s.plain(), true
}

// check is ErrSpace when faces of the space may not be enrolled.
func (s Space) check(space string) error {
	if s.Moving || s.Name() != space {
		return fmt.Errorf("%w: %q is not %q", ErrSpace, space, s.Name())
	}
	return nil
}

// CheckSpace is ErrInvalid when the space cannot be kept.
func CheckSpace(s Space) error {
	return invalid("space", checkID("pack", s.Pack), checkID("name", s.Of(s.Version)), checkID("version", s.Version), checkText("plain version", s.Plain))
}

// CheckSpaces is ErrSpace when one of the faces is of another space than its
// pack's galleries are searched in, as far as spaces says.
func CheckSpaces(faces []Face, spaces []Space) error {
	for _, f := range faces {
		for _, s := range spaces {
			if s.Pack == face.PackOf(f.Pack) {
				if err := s.check(f.Pack); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// CheckReplacement is ErrInvalid when no index could hold the faces, or they are
// not all of one space and dimension.
func CheckReplacement(faces []Face) error {
	for i, f := range faces {
		if err := invalid(fmt.Sprintf("face %d", i), checkID("space", f.Pack), checkMeasures(f)); err != nil {
			return err
		}
		if err := checkVector(f); err != nil {
			return fmt.Errorf("%w: face %d: %w", ErrInvalid, i, err)
		}
		if f.Pack != faces[0].Pack || len(f.Template) != len(faces[0].Template) {
			return fmt.Errorf("%w: face %d: %w", ErrInvalid, i, face.ErrDimension)
		}
	}
	return nil
}
