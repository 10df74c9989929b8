package docs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/archive/gallery"
	"oneton/face"
)

// The guide's program reads an archive, and says of one that is cut short or changed
// that it is.
func TestArchiveIsReadInPython(t *testing.T) {
	guide, err := os.ReadFile("archive.md")
	require.NoError(t, err)
	_, code, found := strings.Cut(string(guide), "```python\n")
	require.True(t, found)
	code, _, found = strings.Cut(code, "```")
	require.True(t, found)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	folder := t.TempDir()
	program := filepath.Join(folder, "people.py")
	require.NoError(t, os.WriteFile(program, []byte(code), 0o600))

	var file bytes.Buffer
	w, err := gallery.NewWriter(&file, gallery.Manifest{Made: time.Now(), Gallery: gallery.Gallery{Name: "g", Pack: "p", Policy: json.RawMessage(`{}`)}})
	require.NoError(t, err)
	photo := bytes.Repeat([]byte("photo"), 1<<14)
	for _, id := range []string{"ann", "bob", "cid"} {
		f := gallery.Face{ID: id, Version: "1", Template: face.Template{0.6, 0.8, 0}, Content: photo}
		require.NoError(t, w.Add(gallery.Subject{ID: id, Metadata: map[string]string{"note": "a\u2028b"}, Faces: []gallery.Face{f, f}[:len(id)-1]}))
	}
	_, err = w.Close()
	require.NoError(t, err)
	run := func(content []byte) (string, error) {
		path := filepath.Join(folder, "archive.tar")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		out, err := exec.CommandContext(t.Context(), python, program, path).CombinedOutput() //nolint:gosec // the guide's
		return string(out), err
	}
	out, err := run(file.Bytes())
	require.NoError(t, err, out)
	require.Equal(t, "ann 1.000 1.000\nbob 1.000 1.000\ncid 1.000 1.000\n", out)
	out, err = run(file.Bytes()[:bytes.Index(file.Bytes(), []byte("totals.json"))/512*512])
	require.Error(t, err)
	require.Contains(t, out, "cut short")
	changed := bytes.Clone(file.Bytes())
	changed[bytes.Index(changed, photo[:512])+700] ^= 1
	out, err = run(changed)
	require.Error(t, err)
	require.Contains(t, out, "is damaged")
}
