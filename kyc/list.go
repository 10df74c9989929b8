package kyc

import (
	"context"
	"strconv"

	"oneton/store"
)

// Query asks for attempts of a tenant, the newest first; what is empty restricts
// nothing.
type Query struct {
	Kind   Kind
	Status Status
	// After is the id of the last of the page before.
	After string
	Limit int
}

// Attempts lists them, without their stages, their history and their metadata.
func (s *Service) Attempts(ctx context.Context, by store.Actor, q Query) ([]Attempt, error) {
	where, args := `tenant = $1`, []any{by.Tenant}
	also := func(condition, arg string) {
		if arg != "" {
			args = append(args, arg)
			where += ` AND ` + condition + strconv.Itoa(len(args))
		}
	}
	also(`kind = $`, string(q.Kind))
	also(`status = $`, string(q.Status))
	also(`id < $`, q.After)
	args = append(args, max(q.Limit, 0))
	rows, err := store.List(ctx, s.db, "list attempts", scanAttempt, attemptColumns+where+` ORDER BY id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	all := make([]Attempt, len(rows))
	for i, row := range rows {
		all[i] = row.Attempt
	}
	return all, err
}
