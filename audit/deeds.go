package audit

import (
	"context"
	"errors"
	"time"

	"oneton/store"
)

const (
	// Kept is for how long a deed is kept: a year, and a month to look at it.
	Kept = 400 * 24 * time.Hour
	// Most is how many deeds are kept of a tenant, the newest; so no tenant's are
	// lost by another's.
	Most = 100_000
	// trimmed is how many leave in one transaction, so that no writer waits long.
	trimmed = 1000
)

// Deeds is the table of what was done.
type Deeds struct{ db store.DB }

// NewDeeds is the database's.
func NewDeeds(db store.DB) Deeds { return Deeds{db} }

// Query asks for deeds, the newest first.
type Query struct {
	// Tenant is whose; empty is everybody's, and what concerns all.
	Tenant store.TenantID
	// Since is the time from which on; zero is the beginning.
	Since time.Time
	// After is the cursor of the page before; empty begins with the newest.
	After string
	// Limit is how many there are at most.
	Limit int
}

// List reads a page of deeds, and the cursor of the next, which is empty when there
// is none.
func (t Deeds) List(ctx context.Context, q Query) (deeds []Deed, next string, err error) {
	since := q.Since
	if since.IsZero() {
		since = time.Unix(0, 0)
	}
	type row struct {
		id string
		d  Deed
	}
	rows, err := store.List(ctx, t.db, "list deeds", func(from store.Row) (r row, err error) {
		err = from.Scan(&r.id, &r.d.At, &r.d.Tenant, &r.d.Key, &r.d.Request, &r.d.Verb, &r.d.What)
		return r, err
	}, `SELECT id, at, tenant, actor, request, verb, what FROM deeds
		WHERE (tenant = $1 OR $2) AND at >= $3 AND (id < $4 OR $5) ORDER BY id DESC LIMIT $6`,
		q.Tenant, q.Tenant == "", since, q.After, q.After == "", max(q.Limit, 0))
	for _, r := range rows {
		deeds = append(deeds, r.d)
	}
	if len(rows) > 0 && len(rows) == q.Limit {
		next = rows[len(rows)-1].id
	}
	return deeds, next, err
}

// From reads up to so many entries from that time on, behind the one of that id, in
// the order of their ids.
func (t Deeds) From(ctx context.Context, since time.Time, after string, limit int) ([]Entry, error) {
	return store.List(ctx, t.db, "read deeds", func(from store.Row) (e Entry, err error) {
		err = from.Scan(&e.ID, &e.At, &e.Tenant, &e.Key, &e.Request, &e.Verb, &e.What)
		return e, err
	}, `SELECT id, at, tenant, actor, request, verb, what FROM deeds WHERE at >= $1 AND id > $2 ORDER BY id LIMIT $3`, since, after, limit)
}

// Has tells whether the deed is kept, or one of its tenant's end that came later and took
// its place.
func (t Deeds) Has(ctx context.Context, e Entry) (bool, error) {
	_, err := store.One(ctx, t.db, "look for a deed", func(from store.Row) (text string, err error) {
		err = from.Scan(&text)
		return text, err
	}, `SELECT id FROM deeds WHERE id = $1 OR tenant = $2 AND verb = $3 AND at >= $4 LIMIT 1`, e.ID, e.Tenant, TenantDeleted, e.At)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Trim removes the deeds that are older than Kept at the time, those of a tenant
// beyond Most, and those of tenants that are gone, but for the rows that say so. It
// tells how many.
func (t Deeds) Trim(ctx context.Context, now time.Time) (removed int64, err error) {
	return t.trim(ctx, now, Most)
}

func (t Deeds) trim(ctx context.Context, now time.Time, most int64) (removed int64, err error) {
	text := func(row store.Row) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}
	tenants, err := store.List(ctx, t.db, "count deeds", text, `SELECT tenant FROM deeds GROUP BY tenant HAVING count(*) > $1`, most)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		surplus, err := store.List(ctx, t.db, "find surplus deeds", text,
			`SELECT id FROM deeds WHERE tenant = $1 ORDER BY id DESC LIMIT 1 OFFSET $2`, tenant, most)
		if err != nil {
			return removed, err
		}
		for _, newest := range surplus {
			n, err := t.remove(ctx, `tenant = $2 AND id <= $3`, tenant, newest)
			if removed += n; err != nil {
				return removed, err
			}
		}
	}
	n, err := t.remove(ctx, `at < $2`, now.Add(-Kept))
	if removed += n; err != nil {
		return removed, err
	}
	n, err = t.remove(ctx, `tenant <> '' AND verb <> $2 AND NOT EXISTS (SELECT 1 FROM tenants WHERE tenants.id = deeds.tenant)`, TenantDeleted)
	return removed + n, err
}

// remove removes the deeds for which the condition on $2 and so on holds, a part
// at a time.
func (t Deeds) remove(ctx context.Context, condition string, args ...any) (removed int64, err error) {
	args = append([]any{trimmed}, args...)
	for {
		var n int64
		if err := t.db.Remove(ctx, "remove old deeds", func(tx store.Tx) (err error) {
			n, err = tx.Exec(`DELETE FROM deeds WHERE id IN (SELECT id FROM deeds WHERE `+condition+` ORDER BY id LIMIT $1)`, args...)
			return err
		}); err != nil {
			return removed, err
		}
		if removed += n; n < trimmed {
			return removed, nil
		}
	}
}
