package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"oneton/store"
)

// jsonColumn writes v as a JSON text.
type jsonColumn struct{ v any }

// Value implements driver.Valuer.
func (c jsonColumn) Value() (driver.Value, error) {
	b, err := json.Marshal(c.v)
	if err != nil {
		return nil, fmt.Errorf("%w: encode column: %w", store.ErrInvalid, err)
	}
	return string(b), nil
}

// checksumOf is a face's checksum, or nil when it has none.
func checksumOf(column any) *int64 {
	switch sum := column.(type) {
	case nil:
		return nil
	case int64:
		return &sum
	default:
		return new(int64(-1)) // which no template has
	}
}

// timeColumn reads a time of microseconds into t; NULL leaves it zero.
type timeColumn struct{ t *time.Time }

// Scan implements sql.Scanner.
func (c timeColumn) Scan(src any) error {
	var us sql.NullInt64
	if err := us.Scan(src); err != nil {
		return fmt.Errorf("decode time: %w", err)
	}
	if us.Valid {
		*c.t = time.UnixMicro(us.Int64).UTC()
	}
	return nil
}

// micros is t as it is stored; the zero time stands for now.
func micros(t time.Time) int64 {
	if t.IsZero() {
		t = time.Now()
	}
	return t.UnixMicro()
}

// scanner is a row to read: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// list reads every row of a query with scan.
func list[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
