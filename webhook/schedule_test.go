package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/webhook"
)

// The delays are those of Standard Webhooks, with jitter about them.
func TestSchedule(t *testing.T) {
	const hour = time.Hour
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour}
	require.Equal(t, want, webhook.Delays)
	for try, delay := range want {
		least, most := delay, delay
		for range 500 {
			got, again := webhook.Next(try+1, 0)
			require.True(t, again)
			least, most = min(least, got), max(most, got)
		}
		require.InDelta(t, 0.9, float64(least)/float64(delay), 0.01)
		require.InDelta(t, 1.1, float64(most)/float64(delay), 0.01)
	}
	_, again := webhook.Next(webhook.Tries, hour)
	require.False(t, again)
	// A receiver may ask for longer, up to a day, and not for shorter.
	got, _ := webhook.Next(1, hour)
	require.Equal(t, hour, got)
	got, _ = webhook.Next(1, 1000*hour)
	require.Equal(t, 24*hour, got)
	got, _ = webhook.Next(9, time.Second)
	require.Greater(t, got, 21*hour)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "1e3": 0, "99999999999999": 0, "soon": 0,
		"Sat, 28 Nov 2026 13:00:00 GMT": time.Hour, "Sat, 28 Nov 2026 11:00:00 GMT": 0,
	} {
		require.Equal(t, want, webhook.RetryAfter(http.Header{"Retry-After": {text}}, now), text)
	}
}
