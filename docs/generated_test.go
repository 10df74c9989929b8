package docs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/setting"
)

// writing names the variable that has generated documents written instead of
// compared.
const writing = "ONETON_TEST_WRITE"

// generated holds a document to what the code makes of it.
func generated(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv(writing) != "" {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(have), "%s=1 go test ./docs writes %s anew", writing, path)
}

const aboutSettings = `# Settings
Every setting stands here, made from the code. Each can stand in a YAML file (` + "`--config`, `ONETON_CONFIG`" + `), in the environment, or behind ` + "`--set KEY=VALUE`" + `; the later wins. The variable of ` + "`embed.workers`" + ` is ` + "`ONETON_EMBED_WORKERS`" + `; lists are separated by commas. Settings are read once, at the start. A name that is none is refused, with the file that has it; ` + "`oneton doctor`" + ` says [what else is wrong](doctor.md).

` + "```yaml" + `
listen: 0.0.0.0:8080
store: {driver: postgres, url: "postgres://oneton@db/oneton"}
embed: {workers: 4}
` + "```" + `

These variables are no settings: ` + "`ONETON_CONFIG`" + ` names the file; ` + "`ONETON_CACHE`" + ` moves the folder that set-up fetches into, and ` + "`ONETON_PHOTOS`" + ` names one of demo photos; ` + "`ONETON_SIMD`" + ` names the instructions that the exact index scans with, instead of the best that the processor has: ` + "`avx512vnni`, `avxvnni`, `avx2`, `neon` or `generic`" + `.
`

// The page of settings is what the rooms declare, in sections by the first part of
// their names.
func TestPageOfSettings(t *testing.T) {
	c := config.Default()
	var order []string
	sections := map[string][]setting.Setting{}
	for _, s := range c.Settings() {
		part, _, nested := strings.Cut(s.Key, ".")
		if !nested {
			part = ""
		}
		if _, known := sections[part]; !known {
			order = append(order, part)
		}
		sections[part] = append(sections[part], s)
	}
	var page strings.Builder
	page.WriteString(aboutSettings)
	for _, part := range order {
		title := "`" + part + "`"
		if part == "" {
			title = "The process"
		}
		page.WriteString("\n## " + title + "\n| key | default | meaning |\n|---|---|---|\n")
		page.WriteString(strings.ReplaceAll(setting.Table(sections[part], ""), "](docs/", "]("))
	}
	generated(t, "settings.md", page.String())
}
