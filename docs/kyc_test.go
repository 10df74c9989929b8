package docs_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/kyc"
	"oneton/server/uqudo"
)

// The guide's table of similarities is the mapping of the code, beside the other two
// ways of saying the same.
func TestTableOfSimilarities(t *testing.T) {
	text := documents(t)["kyc.md"]
	for decades := range 9 {
		fmr := math.Pow(10, -float64(decades))
		rounded := math.Round(kyc.Similarity(fmr))
		similarity := fmt.Sprint(rounded)
		if rounded == kyc.DefaultThreshold {
			similarity += ", the default threshold"
		}
		require.Contains(t, text, fmt.Sprintf("| %s | %s | %d | %.0f |\n", similarity, humanize.Comma(int64(math.Round(1/fmr))),
			uqudo.Levels().Level(fmr), calibration.RateScore(fmr)))
	}
}

// The guide shows the built-in workflows as they are, and each type of event.
func TestGuideHasWorkflowsAndEvents(t *testing.T) {
	text := documents(t)["kyc.md"]
	builtIn, err := os.ReadFile("../kyc/workflows.yaml")
	require.NoError(t, err)
	require.Contains(t, text, "```yaml\n"+string(builtIn)+"```")
	var rows strings.Builder
	for _, e := range kyc.EventTypes() {
		fmt.Fprintf(&rows, "| `%s` | %s |\n", e.Name, e.Means)
	}
	require.Contains(t, text, "| event | when |\n|---|---|\n"+rows.String()+"\n")
}
