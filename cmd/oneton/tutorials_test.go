package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/docs/doctest"
)

// Every command and program of the tutorials works as it stands, in its order, on a
// real server with real photos, and prints what the tutorial shows.
func TestTutorials(t *testing.T) {
	guides, err := filepath.Glob("../../docs/tutorials/*.md")
	require.NoError(t, err)
	moving, err := filepath.Glob("../../docs/moving/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, guides)
	for _, guide := range append(guides, moving...) {
		t.Run(filepath.Base(guide), func(t *testing.T) {
			p := startProgram(t, t.TempDir())
			newcomer(t, p).Follow(t, guide)
		})
	}
}

// Every call that the README and the API guide show is taken by a real server, with real
// photos, and answered as is shown.
func TestCallsOfTheGuides(t *testing.T) {
	for _, guide := range []string{"../../README.md", "../../docs/api.md"} {
		t.Run(filepath.Base(guide), func(t *testing.T) {
			p := startProgram(t, t.TempDir())
			r := newcomer(t, p)
			for name, photo := range map[string]string{"alice.jpg": "obama.jpg", "alice2.jpg": "obama2.jpg", "who.jpg": "obama3.jpg"} {
				content, err := os.ReadFile(filepath.Join(r.Folder, photo))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(r.Folder, name), content, 0o600))
			}
			_, err := p.do(p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": "banned"}, nil)
			require.NoError(t, err)
			r.Try(t, guide)
		})
	}
}

// newcomer reads guides beside the server, with the photos that set-up fetches and with
// the program on the path.
func newcomer(t *testing.T, p *program) doctest.Reader {
	t.Helper()
	bin, folder, photos := t.TempDir(), t.TempDir(), demoPhotos(t)
	self, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "oneton"), []byte("#!/bin/sh\n"+asProgram+"=1 exec "+self+" \"$@\"\n"), 0o700)) //nolint:gosec // a program
	require.NoError(t, os.CopyFS(folder, os.DirFS(photos)))
	return doctest.Reader{Server: p.base, Key: p.key, Folder: folder, Environ: append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))}
}
