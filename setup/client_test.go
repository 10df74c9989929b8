package setup_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeClient puts a client on an otherwise empty PATH: a shell script that
// notes each call in the file returned and then does as body says. In body,
// $dest is the folder that the archive is to be put into.
func fakeClient(t *testing.T, name, body string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	script := `#!/bin/sh
PATH=/bin:/usr/bin
dest=.
echo "$@" >>'` + calls + `'
while [ $# -gt 0 ]; do
	[ "$1" = --dest ] && dest=$2
	shift
done
` + body + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	t.Setenv("PATH", dir)
	return calls
}

// servingClient is a fake client that delivers the archive.
func servingClient(t *testing.T, client, name string, archive []byte) (calls string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, archive, 0o644))
	return fakeClient(t, client, `cp '`+path+`' "$dest"`)
}

func callsOf(t *testing.T, calls string) int {
	t.Helper()
	b, err := os.ReadFile(calls)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	return bytes.Count(b, []byte("\n"))
}

type entry struct {
	name    string
	content []byte
	// link makes the entry a symbolic link.
	link string
}

func wheel(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		content := e.content
		if e.link != "" {
			h.SetMode(fs.ModeSymlink | 0o777)
			content = []byte(e.link)
		}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = f.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func tarball(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.link, 0
		}
		require.NoError(t, w.WriteHeader(h))
		if e.link == "" {
			_, err := w.Write(e.content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return b.Bytes()
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// tree lists the files under a folder but the lock.
func tree(t *testing.T, root string) []string {
	t.Helper()
	files := []string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, rel)
		return err
	}))
	return files
}
