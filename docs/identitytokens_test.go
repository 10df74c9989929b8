package docs_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/stretchr/testify/require"

	"oneton/embed/pack"
	"oneton/identitytoken"
)

// The table of accuracies is what tokens are compared at, and marks what the packs'
// data could not show.
func TestTableOfAccuracies(t *testing.T) {
	text := documents(t)["identity-tokens.md"]
	for i, rate := range identitytoken.Accuracies {
		accuracy := fmt.Sprint(i + 1)
		if i+1 == identitytoken.DefaultAccuracy {
			accuracy += ", the default"
		}
		row := []string{accuracy, humanize.Comma(int64(math.Round(1 / rate))), fmt.Sprint(math.Round(-10 * math.Log10(rate)))}
		for _, name := range []string{"default", "accurate"} {
			m, err := pack.Builtin(name)
			require.NoError(t, err)
			row = append(row, map[bool]string{true: "extrapolated", false: "measured"}[m.Calibration.Extrapolated(rate)])
		}
		require.Contains(t, text, "| "+strings.Join(row, " | ")+" |\n")
	}
}
