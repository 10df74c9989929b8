package credential_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/credential"
)

// However requests come, in any time t at most burst + t/every pass, none is refused
// that this allows, and one that waits as long as it is told passes.
func testLimits(t *testing.T, d desk) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		limits := credential.DefaultLimits()
		limit := credential.Limit{Burst: rapid.IntRange(1, 4).Draw(rt, "burst"), Every: time.Duration(rapid.IntRange(1, 600).Draw(rt, "every")) * time.Second}
		limits.Guesses = limit
		cfg := credential.DefaultConfig()
		cfg.Limits, cfg.Now = limits, d.clock.now
		s, err := credential.New(cfg, d.db, d.access, [][]byte{key}, d.post)
		require.NoError(rt, err)
		by := from(round)
		guesses := 0
		guess := func() error {
			guesses++
			_, err := s.Verify(t.Context(), by, fmt.Sprintf("g%d-%d@example.org", round, guesses), phone, "x", "y")
			return err
		}
		var passed []time.Time
		free := d.clock.at // when the bucket is full again, by the definition
		for range rapid.IntRange(1, 12).Draw(rt, "requests") {
			d.clock.pass(time.Duration(rapid.IntRange(0, 700).Draw(rt, "pause")) * time.Second)
			now := d.clock.at
			if free.Before(now) {
				free = now
			}
			allowed := !free.Add(limit.Every).After(now.Add(time.Duration(limit.Burst) * limit.Every))
			err := guess()
			if limited, ok := errors.AsType[*credential.LimitError](err); ok {
				require.False(rt, allowed)
				d.clock.pass(limited.RetryAfter - time.Microsecond)
				require.ErrorIs(rt, guess(), credential.ErrLimited, "not a moment before")
				d.clock.pass(time.Microsecond)
				require.NotErrorIs(rt, guess(), credential.ErrLimited)
				now = d.clock.at
				if free.Before(now) {
					free = now
				}
			} else {
				require.True(rt, allowed, "%v", err)
			}
			free = free.Add(limit.Every)
			passed = append(passed, now)
			for i := range passed {
				most := limit.Burst + int(now.Sub(passed[i])/limit.Every)
				require.LessOrEqual(rt, len(passed)-i, most)
			}
		}
	})
}

// Each address has its limit, in whatever pair, and each source, in any; what is
// refused is sent nobody and counts for nothing.
func testLimitsOfAsking(t *testing.T, d desk) {
	ctx := t.Context()
	ask := func(i int, email, phone string) error {
		before := d.post.sent
		err := d.Begin(ctx, from(i), email, phone)
		if errors.Is(err, credential.ErrLimited) {
			require.Equal(t, before, d.post.sent)
		} else {
			require.NoError(t, err)
			require.Equal(t, before+2, d.post.sent)
		}
		return err
	}
	require.NoError(t, ask(0, email, phone))
	var limit *credential.LimitError
	require.ErrorAs(t, ask(1, email, phone), &limit)
	require.Equal(t, 30*time.Second, limit.RetryAfter)
	numbers := []string{"+41791234561", "+41791234562", "+41791234563", "+41791234564", "+41791234565"}
	for i, alias := range []string{email, "A.da@example.org", "ada+1@EXAMPLE.org", "ADA+ada.x@example.org"} {
		require.NoError(t, ask(2+i, alias, numbers[i]), "another pair need not wait")
	}
	for _, alias := range []string{email, "aDa@example.org", "a.d.a@example.org", "ada+2@example.org"} {
		require.ErrorAs(t, ask(9, alias, numbers[4]), &limit, "the address has had five")
	}
	require.Equal(t, time.Hour, limit.RetryAfter)
	require.NoError(t, ask(10, "eve@example.org", numbers[4]), "the number has had none")
	d.clock.pass(time.Hour)
	require.NoError(t, ask(9, email, numbers[4]))
	require.ErrorAs(t, ask(9, email, phone), &limit)

	// One source, ever new addresses.
	for i := range 20 {
		require.NoError(t, ask(100, string(rune('a'+i))+"@example.org", "+417920000"+string(rune('0'+i/10))+string(rune('0'+i%10))))
	}
	require.ErrorAs(t, ask(100, "z@example.org", "+41792000099"), &limit)
	require.Equal(t, 3*time.Minute, limit.RetryAfter)
	require.NoError(t, ask(101, "z@example.org", "+41792000099"))
}

// What messages may cost is bounded whoever asks.
func testLimitOfAll(t *testing.T, d desk) {
	sent := 0
	for i := range 40 {
		n := string(rune('0'+i/10)) + string(rune('0'+i%10))
		err := d.Begin(t.Context(), from(i), n+"@example.org", "+417920000"+n)
		if err == nil {
			sent++
			continue
		}
		require.ErrorIs(t, err, credential.ErrLimited)
		d.clock.pass(time.Minute)
	}
	// Half of ten at once, and in the half hour that has passed half of the rest.
	require.GreaterOrEqual(t, sent, 5)
	require.LessOrEqual(t, sent, 10)
}
