package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/metrics"
)

func series(t *testing.T, m *metrics.Metrics) int {
	t.Helper()
	var names []string
	for _, d := range m.Definitions() {
		names = append(names, d.Name)
	}
	n, err := testutil.GatherAndCount(m.Gatherer(), names...)
	require.NoError(t, err)
	return n
}

// Whoever tells of what is no known word adds one series at most.
func TestUnknownWords(t *testing.T) {
	m := metrics.New(metrics.Build{}, zerolog.Nop())
	tell := func(word string) {
		m.Request("native", word, "/v1/galleries", "", 200, 1, 1, time.Second)
		m.Stage(word, word, time.Second)
		m.Waited(word, word, time.Second)
		m.Waited("compute", word, time.Second)
		m.Searched("default", word)
		m.Seen("default", word)
		m.Attempted("webhook", word, time.Second, time.Second)
		m.Ended("webhook", word)
		m.Posted(word, time.Second)
		m.Delivered(word)
		m.Checkpointed(word)
		m.Items(word, 1)
	}
	tell("word")
	before := series(t, m)
	for i := range 100 {
		tell(fmt.Sprint("word", i))
	}
	require.Equal(t, before, series(t, m))
	families, err := m.Gatherer().Gather()
	require.NoError(t, err)
	for _, f := range families {
		require.NotContains(t, f.String(), "word1")
	}
}

// All that is defined is told of, once it is told; what is read and fails costs its own.
func TestReads(t *testing.T) {
	var log strings.Builder
	m := metrics.New(metrics.Build{Version: "v1"}, zerolog.New(&log))
	m.Read("the first", func(_ context.Context, tell metrics.Tell) error {
		tell("index_position", 7)
		return errors.New("no more")
	})
	m.Read("the second", func(ctx context.Context, tell metrics.Tell) error {
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		tell("log_position", 9)
		return nil
	})
	require.NoError(t, testutil.GatherAndCompare(m.Gatherer(), strings.NewReader(`
# HELP oneton_index_position Position of the log up to which the index has come.
# TYPE oneton_index_position gauge
oneton_index_position 7
# HELP oneton_log_position Position of the change log's end.
# TYPE oneton_log_position gauge
oneton_log_position 9
`), "oneton_index_position", "oneton_log_position"))
	require.Contains(t, log.String(), "the first")
	require.Contains(t, log.String(), "no more")
	require.NotContains(t, log.String(), "the second")
}

// A definition says what it is, and its name ends as its unit.
func TestDefinitions(t *testing.T) {
	all := metrics.New(metrics.Build{}, zerolog.Nop()).Definitions()
	require.NotEmpty(t, all)
	names := map[string]bool{}
	for _, d := range all {
		require.False(t, names[d.Name], d.Name)
		names[d.Name] = true
		require.True(t, strings.HasPrefix(d.Name, "oneton_"), d.Name)
		require.Equal(t, d.Type == "counter", strings.HasSuffix(d.Name, "_total"), d.Name)
		require.True(t, strings.HasSuffix(d.Help, "."), d.Name)
		require.NotContains(t, d.Help, "|", d.Name)
		for _, l := range d.Labels {
			require.NotContains(t, []string{"tenant", "gallery", "subject", "face", "key", "key_id", "address", "path", "file", "id", "url", "host", "request_id"}, l, d.Name)
		}
	}
}
