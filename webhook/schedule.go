package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// delays are how long after one try the next is made, the example of Standard
// Webhooks: the last try is 75 hours and 35 minutes after the first.
var delays = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Tries is how often an event is sent to a receiver that does not take it.
const Tries = 10

const (
	// jitter is the share of a delay by which it is longer or shorter, at random, so
	// that receivers are not called by all at once that they failed together.
	jitter = 0.1
	// mostAsked is the longest delay that a receiver may ask for.
	mostAsked = 24 * time.Hour
)

// next is the delay after the try, which is counted from 1, failed; false after the
// last. A receiver may ask for a longer one.
func next(try int, asked time.Duration) (time.Duration, bool) {
	if try >= Tries {
		return 0, false
	}
	delay := delays[try-1]
	spread := time.Duration(jitter * float64(delay))
	delay += rand.N(2*spread+1) - spread //nolint:gosec // it is no secret
	return max(delay, min(asked, mostAsked)), true
}

// retryAfter is what an answer asks for, or 0 (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second //nolint:gosec // below 2³¹
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
