package twoface

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An address holds for what it was made for, until it ends, under each of the keys, and
// for nothing else.
func TestLinks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	old, made := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("m", 32))
	l := links{keys: [][]byte{made, old}, lasts: time.Minute, now: func() time.Time { return now }}
	query, err := url.ParseQuery(l.query("acme", "photo"))
	require.NoError(t, err)
	tenant, expires, signed := query.Get(paramTenant), query.Get(paramExpires), query.Get(paramSignature)
	require.Equal(t, []string{"acme", "1800000060"}, []string{tenant, expires})
	require.True(t, l.holds(tenant, "photo", expires, signed))
	rotated := l
	rotated.keys = [][]byte{[]byte(strings.Repeat("n", 32)), made}
	require.True(t, rotated.holds(tenant, "photo", expires, signed), "under a key that is not the newest")
	rotated.keys = rotated.keys[:1]
	require.False(t, rotated.holds(tenant, "photo", expires, signed), "under another key")

	for i := range len(signed) {
		altered := []byte(signed)
		if altered[i] ^= 1; altered[i] == signed[i] {
			continue
		}
		require.False(t, l.holds(tenant, "photo", expires, string(altered)), i)
	}
	for name, other := range map[string][4]string{
		"tenant": {"acmf", "photo", expires, signed}, "photo": {"acme", "photp", expires, signed},
		"end": {"acme", "photo", "1800000061", signed}, "end, written otherwise": {"acme", "photo", "01800000060", signed},
		"parts cut elsewhere": {"acmep", "hoto", expires, signed}, "no signature": {"acme", "photo", expires, ""},
		"padding": {"acme", "photo", expires, signed + "="}, "a newline": {"acme", "photo", expires, signed + "\n"},
		"no end": {"acme", "photo", "", signed}, "an endless end": {"acme", "photo", strconv.FormatUint(1<<63, 10), signed},
	} {
		require.False(t, l.holds(other[0], other[1], other[2], other[3]), name)
	}
	now = now.Add(time.Minute - time.Nanosecond)
	require.True(t, l.holds(tenant, "photo", expires, signed))
	now = now.Add(time.Nanosecond)
	require.False(t, l.holds(tenant, "photo", expires, signed), "ended")
}
