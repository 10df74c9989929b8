// Package docs_test holds the documents against the tree that they speak of.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/embed/pack"
	"oneton/setting"
)

const root = ".."

// documents are the files of this folder, and those that lie above it, by their
// path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "adr/*.md", "reference/*.md", "tutorials/*.md", "moving/*.md", "../*.md"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			all[path] = string(text)
		}
	}
	require.NotEmpty(t, all)
	return all
}

var (
	link    = regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	strange = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are what a document's headings can be linked by.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		name := strange.ReplaceAllString(strings.ToLower(h[1]), "")
		all[strings.ReplaceAll(name, " ", "-")] = true
	}
	return all
}

func TestLinksLeadSomewhere(t *testing.T) {
	for path, text := range documents(t) {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			target := path
			if l[1] != "" {
				target = filepath.Join(filepath.Dir(path), l[1])
			}
			linked, err := os.ReadFile(target)
			require.NoError(t, err, "%s links to %s", path, l[0])
			if l[2] != "" {
				require.Contains(t, anchors(string(linked)), l[2], "%s links to %s", path, l[0])
			}
		}
	}
}

var (
	place = regexp.MustCompile("`([a-z][a-z0-9_]*(?:/[a-z0-9_]+)*/[a-z0-9_]+\\.(?:go|py|yaml|yml|json))`")
	named = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)`")
	begun = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)\(`)
)

// A place in the code and a test that a document gives as evidence are there.
func TestEvidenceIsThere(t *testing.T) {
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, f := range begun.FindAllSubmatch(text, -1) {
			tests[string(f[1])] = true
		}
		return err
	}))
	for path, text := range documents(t) {
		for _, p := range place.FindAllStringSubmatch(text, -1) {
			require.FileExists(t, filepath.Join(root, p[1]), path)
		}
		for _, n := range named.FindAllStringSubmatch(text, -1) {
			require.Contains(t, tests, n[1], path)
		}
	}
}

// The tables of settings are what the rooms declare: where those are
// spoken of that few need. The page of settings has all.
func TestTablesOfSettings(t *testing.T) {
	const qdrant = "index.qdrant."
	all, c := documents(t), config.Default()
	apart := func(prefixes ...string) (own []setting.Setting) {
		for _, s := range c.Settings() {
			if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s.Key, p) }) {
				own = append(own, s)
			}
		}
		return own
	}
	const head = "| key | default | meaning |\n|---|---|---|\n"
	for path, want := range map[string]string{
		"operations.md":    "| key, `" + qdrant + "` | default | meaning |\n|---|---|---|\n" + setting.Table(apart(qdrant), qdrant) + "\n",
		"credentials.md":   head + setting.Table(apart("credentials.", "mail.", "sms."), "") + "\n",
		"gestures.md":      head + setting.Table(apart("clip."), "") + "\n",
		"face-steps.md":    head + setting.Table(apart("challenge."), "") + "\n",
		"signing.md":       head + setting.Table(apart("signing."), "") + "\n",
		"observability.md": head + setting.Table(apart("admin.", "traces."), "") + "\n",
		"webhooks.md":      head + setting.Table(apart("webhooks."), "") + "\n",
	} {
		head, _, _ := strings.Cut(want, "\n")
		_, found, ok := strings.Cut(all[path], head)
		require.True(t, ok, path)
		found, _, _ = strings.Cut(found, "\n\n")
		require.Equal(t, want, head+found+"\n\n", path)
	}
}

var manifest = regexp.MustCompile("(?s)```yaml\n(# What galleries call.*?)```")

func TestExampleManifestIsValid(t *testing.T) {
	found := manifest.FindStringSubmatch(documents(t)["operations.md"])
	require.NotNil(t, found)
	m, err := pack.Parse([]byte(found[1]))
	require.NoError(t, err)
	require.Equal(t, "mine", m.Name)
}
