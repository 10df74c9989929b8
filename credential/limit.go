package credential

import (
	"errors"
	"time"

	"oneton/store"
)

// Limit is how often something may be done: Burst times at once, and then once in
// each Every. So in any time t at most Burst + t/Every are done.
type Limit struct {
	Burst int
	Every time.Duration
}

// Limits are those of one service.
type Limits struct {
	// Resend is for the codes of one pair, Address for those of one email address or
	// phone number, whatever the other is, and Asks for one source.
	Resend, Address, Asks Limit
	// Guesses are for one source, beside the tries that each pair has, and as many
	// claims without a ticket that nothing was verified for.
	Guesses Limit
	// Opens are tokens for unverified pairs of one source, and Rotations those of one
	// tenant.
	Opens, Rotations Limit
}

// DefaultLimits are what people need who mistype, behind an address that several
// share.
func DefaultLimits() Limits {
	return Limits{
		Resend:    Limit{1, 30 * time.Second},
		Address:   Limit{5, time.Hour},
		Asks:      Limit{20, 3 * time.Minute},
		Guesses:   Limit{50, 30 * time.Second},
		Opens:     Limit{10, 10 * time.Minute},
		Rotations: Limit{10, time.Minute},
	}
}

// perHour is the limit by which at most n are done in any hour, half of them at
// once.
func perHour(n int) Limit {
	burst := max(n/2, 1)
	return Limit{burst, time.Hour / time.Duration(max(n-burst, 1))}
}

// use is one thing that a limit is for.
type use struct {
	name string // a keyed hash
	Limit
}

// use names one thing of a kind.
func (s *Service) use(kind, of string, l Limit) use { return use{s.hash.make("limit", kind, of), l} }

// room is a *LimitError if one of the uses is not free at the time, and else when
// each is free as long as it is used no more.
func room(r store.Reader, now time.Time, uses []use) (free []time.Time, err error) {
	var wait time.Duration
	for _, u := range uses {
		at, err := store.OneOf(r, func(row store.Row) (at time.Time, err error) {
			err = row.Scan(&at)
			return at, err
		}, `SELECT free_at FROM credential_limits WHERE name = $1`, u.name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if at.Before(now) {
			at = now
		}
		at = at.Add(u.Every)
		wait = max(wait, at.Sub(now)-time.Duration(u.Burst)*u.Every)
		free = append(free, at)
	}
	if wait > 0 {
		return nil, &LimitError{wait}
	}
	return free, nil
}

// take uses each of the uses once, or is a *LimitError.
func take(tx store.Tx, now time.Time, uses []use) error {
	free, err := room(tx, now, uses)
	if err != nil {
		return err
	}
	for i, u := range uses {
		if _, err := tx.Exec(`INSERT INTO credential_limits (name, free_at) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at`, u.name, free[i]); err != nil {
			return err
		}
	}
	return nil
}
