package server

import (
	"fmt"
	"regexp"

	"oneton/setting"
)

var (
	// hostName is one in small letters (RFC 1123, section 2.1).
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$`)
	// pathPrefix is of segments that no client escapes (RFC 3986, section 2.3).
	pathPrefix = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)
)

// PathPrefix tells whether a text can begin the paths of an API.
func PathPrefix(text string) bool { return pathPrefix.MatchString(text) }

// AddressSettings are where an operator puts a dialect that is not served unless it
// is said where: at a host of which every path is its own, under a prefix, or both.
// Their keys begin with the key, and dialect is a link to its guide.
func AddressSettings(key, dialect, example string, host, prefix *string) []setting.Setting {
	const maxName = 253
	return []setting.Setting{
		{
			Key: key + ".host", Value: host,
			Means: fmt.Sprintf("name of a host that the %s has to itself; with neither this nor a prefix it is not served", dialect),
			Want:  "a host's name in small letters without a port, as in faces.example.org",
			OK:    *host == "" || len(*host) <= maxName && hostName.MatchString(*host),
		},
		{
			Key: key + ".prefix", Value: prefix, Means: fmt.Sprintf("what the dialect's paths begin with, as in `%s`, beside the other APIs or at its host", example),
			Want: fmt.Sprintf("a path as in %s, without a slash at its end", example), OK: *prefix == "" || PathPrefix(*prefix),
		},
	}
}
