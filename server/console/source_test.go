package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What reads a text as markup or as code, and what a policy of content would refuse.
var (
	markup = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|srcdoc\s*=|\beval\(|new Function|setTimeout\("|\.style\s*=|cssText|setAttribute\("(style|on)`)
	away   = regexp.MustCompile(`(src|href|url\(|import|fetch\()\s*[=(]?\s*["'(]?(https?:)?//`)
	inline = regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)
)

// No text that pages show can become markup, and nothing is loaded from elsewhere: the
// page's own scripts have nothing that would.
func TestSourcesAreSafe(t *testing.T) {
	files, err := filepath.Glob("page/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotRegexp(t, markup, string(text), file)
		require.NotRegexp(t, away, string(text), file)
		if filepath.Ext(file) == ".html" {
			require.NotRegexp(t, inline, string(text))
		}
	}
}

// menu is a page's entry in a menu, with the scope that the page needs.
var menu = regexp.MustCompile(`nav: \{ label: "([^"]+)"[^}]*\},\n  scope: "([^"]+)"`)

// The guide names each page that a menu leads to, with the scope that it needs.
func TestGuideNamesEachPage(t *testing.T) {
	guide, err := os.ReadFile("../../docs/console.md")
	require.NoError(t, err)
	files, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	pages := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, page := range menu.FindAllStringSubmatch(string(text), -1) {
			pages++
			require.Regexp(t, `\n\| \[?`+regexp.QuoteMeta(page[1])+`(\]\(#[a-z-]+\))? \| `+"`"+page[2]+"` \\| ", string(guide), file)
		}
	}
	require.Greater(t, pages, 10)
}
