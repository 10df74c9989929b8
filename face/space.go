package face

import "strings"

// PackOf is the name of the pack whose template space that is: spaces are named
// as their pack is, or name@version. Templates compare only within one space.
func PackOf(space string) string {
	name, _, _ := strings.Cut(space, "@")
	return name
}
