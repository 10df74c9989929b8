package job

import (
	"context"
	"slices"

	"oneton/store"
)

// Query asks for jobs of a tenant, the newest first.
type Query struct {
	// Kinds are those that are asked for; there is none of none.
	Kinds []string
	// Kind and Status restrict them where they are not empty.
	Kind   string
	Status Status
	// After is the last of the page before, and Limit how many there are at most.
	After ID
	Limit int
}

// List is what is known of the tenant's jobs, without their outputs, the newest first.
func (q *Queue) List(ctx context.Context, tenant store.TenantID, query Query) (all []State, err error) {
	if !slices.Contains(query.Kinds, query.Kind) && query.Kind != "" || len(query.Kinds) == 0 {
		return nil, nil
	}
	args := []any{tenant, query.Kind, query.Status, query.Limit}
	after := ``
	if query.After != "" {
		after = ` AND id < $5`
		args = append(args, query.After)
	}
	kinds, more := in(`kind`, query.Kinds, len(args)+1)
	return store.List(ctx, q.db, "list jobs", func(row store.Row) (s State, err error) {
		err = row.Scan(&s.ID, &s.Tenant, &s.Kind, &s.Status, &s.Error, &s.Done, &s.Of, &s.Attempt, &s.AddedAt, &s.StartedAt, &s.EndedAt)
		return s, err
	}, `SELECT id, tenant, kind, status, error, done, total, attempt, added_at, started_at, ended_at FROM jobs
		WHERE tenant = $1 AND ($2 = '' OR kind = $2) AND ($3 = '' OR status = $3)`+after+` AND `+kinds+` ORDER BY id DESC LIMIT $4`, append(args, more...)...)
}
