package docs_test

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guides are those whose section of errors tests hold to the code of their API.
var guides = []struct{ title, path string }{
	{"Native API", "api.md"}, {"uqudo dialect", "uqudo.md"}, {"Facenition dialect", "facenition.md"}, {"2FACE dialect", "twoface.md"},
}

// section is the part of a document below a heading, up to the next of the same
// level.
func section(t *testing.T, text, title string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n## "+title+"\n")
	require.True(t, ok, title)
	rest, _, _ = strings.Cut(rest, "\n## ")
	return strings.TrimSpace(rest) + "\n"
}

// The page of errors has all stable codes together, as each API's guide has them.
func TestPageOfErrors(t *testing.T) {
	all := documents(t)
	var page strings.Builder
	page.WriteString("# Errors\nAll stable codes, by API. What keeps a server from starting has [causes of its own](doctor.md#causes).\n")
	for _, g := range guides {
		text := strings.ReplaceAll(section(t, all[g.path], "Errors"), "](#", "]("+g.path+"#")
		fmt.Fprintf(&page, "\n## %s\n%s", g.title, text)
	}
	generated(t, "errors.md", page.String())
}

const aboutLLMs = `# oneton

> Self-hosted 1:N face identification server in Go: who is this, if anyone I know? One binary, an HTTP API, a command line, thresholds that follow from a wanted false-positive rate.

A running server describes its APIs at /openapi.yaml, names all descriptions at /, and hands out this list at /llms.txt.
`

var entry = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`)

// Whatever stands in the folder is listed, and llms.txt lists the same.
func TestIndexIsWhole(t *testing.T) {
	all := documents(t)
	index := all["README.md"]
	for p := range all {
		if p != "README.md" && !strings.HasPrefix(p, "adr/") && p != "../CLAUDE.md" {
			require.Contains(t, index, "]("+p+")", "docs/README.md lists %s", p)
		}
	}
	var text strings.Builder
	text.WriteString(aboutLLMs)
	for line := range strings.Lines(index) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			text.WriteString("\n## " + title)
		}
		if strings.HasPrefix(line, "- ") {
			for _, e := range entry.FindAllStringSubmatch(line, -1) {
				heading, _, _ := strings.Cut(strings.TrimPrefix(all[e[2]], "# "), "\n")
				fmt.Fprintf(&text, "- [%s](%s): %s\n", e[1], path.Join("docs", e[2]), heading)
			}
		}
	}
	generated(t, "../llms.txt", text.String())
	// A server hands out what lies in this folder.
	served := regexp.MustCompile(`(?m)^- \[[^\]]*\]\([^d)][^)]*\).*\n`).ReplaceAllString(text.String(), "")
	generated(t, "llms.txt", strings.ReplaceAll(served, "](docs/", "](/docs/"))
}
