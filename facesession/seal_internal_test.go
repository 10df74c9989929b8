package facesession

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is sealed opens with the id, its kind and place and a version of the secret, and
// with nothing else.
func TestSeals(t *testing.T) {
	old, recent := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	s := seals{old}
	content := []byte("a photo of somebody")
	sealed, err := s.seal("id", sealedPicture, 1, content)
	require.NoError(t, err)
	again, err := s.seal("id", sealedPicture, 1, content)
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)
	require.NotContains(t, string(sealed), "photo")
	for _, ring := range []seals{{old}, {recent, old}, {old, recent}} {
		opened, err := ring.open("id", sealedPicture, 1, sealed)
		require.NoError(t, err)
		require.Equal(t, content, opened)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another id":     func() ([]byte, error) { return s.open("id2", sealedPicture, 1, sealed) },
		"no id":          func() ([]byte, error) { return s.open("", sealedPicture, 1, sealed) },
		"its hash":       func() ([]byte, error) { return s.open(hashOf("id"), sealedPicture, 1, sealed) },
		"another kind":   func() ([]byte, error) { return s.open("id", sealedImage, 1, sealed) },
		"another place":  func() ([]byte, error) { return s.open("id", sealedPicture, 2, sealed) },
		"another secret": func() ([]byte, error) { return seals{recent}.open("id", sealedPicture, 1, sealed) },
		"cut":            func() ([]byte, error) { return s.open("id", sealedPicture, 1, sealed[:len(sealed)-1]) },
		"short":          func() ([]byte, error) { return s.open("id", sealedPicture, 1, sealed[:10]) },
		"none":           func() ([]byte, error) { return s.open("id", sealedPicture, 1, nil) },
	} {
		_, err := open()
		require.ErrorIs(t, err, ErrSealed, name)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := s.open("id", sealedPicture, 1, changed)
		require.ErrorIs(t, err, ErrSealed)
	}
}

// A token is compared by its hash, and an empty hash is of no token.
func TestSame(t *testing.T) {
	require.True(t, same(hashOf("x"), "x"))
	require.False(t, same(hashOf("x"), "y"))
	require.False(t, same("", ""))
	require.False(t, same(hashOf("")[:10], ""))
}

// What comes is told by all of its parts, in their order.
func TestOnce(t *testing.T) {
	o := once{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)}
	require.Len(t, o.macs([]byte("a")), 2)
	seen := map[string]bool{}
	for _, parts := range [][][]byte{{}, {nil}, {[]byte("ab")}, {[]byte("a"), []byte("b")}, {[]byte("b"), []byte("a")}, {[]byte("ab"), nil}} {
		for _, mac := range o.macs(parts...) {
			require.False(t, seen[mac])
			seen[mac] = true
		}
	}
}
