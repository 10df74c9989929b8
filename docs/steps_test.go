package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
)

// stepsRun is what the guide says of a run of `bench steps`.
type stepsRun struct {
	Results struct {
		Stills []struct {
			Shown  string
			Films  int
			Passed map[string]calibration.Proportion
			Turns  []struct{ Degrees, Relief float64 }
		}
	}
}

// The guide's table of attacks and steps is that of the run whose results are kept.
func TestTableOfSteps(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "bench", "results", "steps.json"))
	require.NoError(t, err)
	var run stepsRun
	require.NoError(t, json.Unmarshal(content, &run))
	var table strings.Builder
	table.WriteString("| a photo that is | films | look | turn | blink | smile | turn seen | relief |\n|---|---|---|---|---|---|---|---|\n")
	count := func(p calibration.Proportion, n int) int { return int(math.Round(p.Share * float64(n))) }
	for _, s := range run.Results.Stills {
		turns := max(count(s.Passed["turn_left"], s.Films), count(s.Passed["turn_right"], s.Films))
		degrees, relief := 0.0, 0.0
		for _, seen := range s.Turns {
			degrees, relief = max(degrees, seen.Degrees), max(relief, seen.Relief)
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %.0f° | %.2f |\n", s.Shown, s.Films,
			count(s.Passed["look"], s.Films), turns, count(s.Passed["blink"], s.Films), count(s.Passed["smile"], s.Films), degrees, relief)
	}
	page := filepath.Join(root, "docs", "face-steps.md")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	const begin, end = "<!-- bench steps -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	got, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	if os.Getenv("ONETON_TEST_WRITE") != "" {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+table.String()+end+after), 0o644)) //nolint:gosec // a page of the guide
		return
	}
	require.Equal(t, table.String(), got, "ONETON_TEST_WRITE=1 writes it")
}
