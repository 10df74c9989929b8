package secret

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// version is one of made-up bytes.
func version(first byte) []byte {
	v := make([]byte, Size)
	for i := range v {
		v[i] = first + byte(i)
	}
	return v
}

// The keys of the first version are those that have ever been: from HKDF as
// Python's hmac makes it.
func TestDerivedKeys(t *testing.T) {
	r, err := parse(version(0))
	require.NoError(t, err)
	for purpose, want := range map[string]string{
		"API keys":     "1a336a411db8e70ff0ba931ed749b521c1d34cfd4a2bf3c4c1d4792b5bb087d8",
		"uqudo tokens": "ae14d0bf7b725b59c564c2099230857aed9cc4b5477f12647a941e770f95a914",
		"fingerprint":  "3c97e9d2327cf8b89c75b52c68cb7183032f9849fd5eb6514d227404b142de0e",
	} {
		keys, err := r.Keys(purpose)
		require.NoError(t, err)
		require.Len(t, keys, 1)
		require.Equal(t, want, hex.EncodeToString(keys[0]))
	}
	f, err := r.fingerprint()
	require.NoError(t, err)
	require.Equal(t, "3c97e9d2327cf8b89c75b52c68cb7183032f9849fd5eb6514d227404b142de0e", hex.EncodeToString(f))
}

// Whatever the database knows of a ring, its keys are those of all its versions,
// and the first is of the newest that is known.
func TestKeysOfEveryVersion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, most).Draw(t, "versions")
		var file []byte
		var each [][]byte
		for i := range n {
			v := version(byte(7 * i))
			file = append(file, v...)
			key, err := derive(v, "a purpose")
			require.NoError(t, err)
			each = append(each, key)
		}
		r, err := parse(file)
		require.NoError(t, err)
		r.known = rapid.IntRange(1, n).Draw(t, "known")
		keys, err := r.Keys("a purpose")
		require.NoError(t, err)
		require.ElementsMatch(t, each, keys)
		require.Equal(t, each[r.known-1], keys[0])
		f, err := r.fingerprint()
		require.NoError(t, err)
		require.Len(t, f, n*Size)
	})
}

func TestFilesThatHoldNoSecret(t *testing.T) {
	var many []byte
	for i := range most + 1 {
		many = append(many, version(byte(7*i))...)
	}
	path := filepath.Join(t.TempDir(), "secret.key")
	for name, file := range map[string][]byte{
		"empty":              {},
		"short":              version(0)[1:],
		"long":               append(version(0), '\n'),
		"a version twice":    slices.Concat(version(0), version(9), version(0)),
		"too many versions":  many,
		"half of the second": slices.Concat(version(0), version(9)[:16]),
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, file, 0o600))
			_, err := Read(path)
			require.ErrorIs(t, err, ErrFile)
			require.ErrorContains(t, err, path)
			_, err = Add(path)
			require.ErrorIs(t, err, ErrFile)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(file, kept), "it is left alone")
		})
	}
}

// Versions are added up to the most, beside those that were there, and the file's
// mode is its owner's.
func TestAdd(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "secret.key")
	require.NoError(t, os.WriteFile(path, version(0), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	was := version(0)
	for n := 2; n <= most; n++ {
		got, err := Add(path)
		require.NoError(t, err)
		require.Equal(t, n, got)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Len(t, now, n*Size)
		require.Equal(t, was, now[:len(was)])
		was = now
	}
	_, err := Add(path)
	require.ErrorIs(t, err, ErrFile)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left behind")
}
