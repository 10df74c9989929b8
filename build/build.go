// Package build tells what the program was built from.
package build

import (
	"cmp"
	"runtime/debug"
	"time"
)

// What the linker is told where the sources come without their repository, as
// docker/Dockerfile does:
//
//	go build -ldflags '-X oneton/build.version=v1.2.0 -X oneton/build.revision=1a2b3c' ./cmd/oneton
var version, revision string

// Info is what a program knows of itself. What it does not know is empty, but for
// the version, which is "unknown".
type Info struct {
	// Version is the release's tag, such as v1.2.0; between releases it has the
	// time and the revision of the commit.
	Version string
	// Revision is the commit, Time when it was made, and Modified tells that the
	// tree differed from it.
	Revision string
	Time     time.Time
	Modified bool
}

// Read returns what this program was built from.
func Read() Info {
	var i Info
	if info, ok := debug.ReadBuildInfo(); ok {
		i.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				i.Revision = s.Value
			case "vcs.time":
				i.Time, _ = time.Parse(time.RFC3339, s.Value) // zero where it is none
			case "vcs.modified":
				i.Modified = s.Value == "true"
			}
		}
	}
	i.Version, i.Revision = cmp.Or(version, i.Version, "unknown"), cmp.Or(revision, i.Revision)
	return i
}
