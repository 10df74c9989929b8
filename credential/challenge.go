package credential

import (
	"errors"
	"time"

	"oneton/store"
)

// challenge is a row of what a pair was asked.
type challenge struct {
	pair, salt, code string
	tries            int64
	used             bool
	ends             time.Time
	claim, claimFrom string
	claimUntil       time.Time
}

const challengeColumns = `SELECT pair, salt, code, tries, used, ends_at, claim, claim_from, claim_until FROM credential_challenges `

func scanChallenge(row store.Row) (c challenge, err error) {
	err = row.Scan(&c.pair, &c.salt, &c.code, &c.tries, &c.used, &c.ends, &c.claim, &c.claimFrom, &c.claimUntil)
	return c, err
}

// readChallenge is the row by one of the pair's names, or store.ErrNotFound.
func readChallenge(r store.Reader, names []string) (c challenge, err error) {
	for _, name := range names {
		c, err = store.OneOf(r, scanChallenge, challengeColumns+`WHERE pair = $1`, name)
		if !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	return c, err
}

// write puts the row in the place of the one before.
func (c challenge) write(tx store.Tx) error {
	_, err := tx.Exec(`INSERT INTO credential_challenges (pair, salt, code, tries, used, ends_at, claim, claim_from, claim_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (pair) DO UPDATE SET salt = excluded.salt, code = excluded.code, tries = excluded.tries, used = excluded.used,
			ends_at = excluded.ends_at, claim = excluded.claim, claim_from = excluded.claim_from, claim_until = excluded.claim_until`,
		c.pair, c.salt, c.code, c.tries, c.used, c.ends, c.claim, c.claimFrom, c.claimUntil)
	return err
}
