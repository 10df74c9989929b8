package docs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/metrics"
)

const tableOfMetrics = "| metric | type | labels | meaning |\n|---|---|---|---|\n"

// The table of metrics is what a process counts. ONETON_TEST_WRITE writes it.
func TestTableOfMetrics(t *testing.T) {
	const path = "observability.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := metrics.New(metrics.Build{}, zerolog.Nop()).Table()
	before, rest, ok := strings.Cut(string(text), tableOfMetrics)
	require.True(t, ok)
	found, after, _ := strings.Cut(rest, "\n\n")
	if os.Getenv("ONETON_TEST_WRITE") != "" {
		require.NoError(t, os.WriteFile(path, []byte(before+tableOfMetrics+want+"\n"+after), 0o600))
		return
	}
	require.Equal(t, want, found+"\n")
}
