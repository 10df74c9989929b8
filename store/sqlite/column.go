package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"oneton/store"
)

// encode is v as a JSON text.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%w: encode column: %w", store.ErrInvalid, err)
	}
	return string(b), nil
}

// jsonColumn writes v as a JSON text.
type jsonColumn struct{ v any }

// Value implements driver.Valuer.
func (c jsonColumn) Value() (driver.Value, error) { return encode(c.v) }

// checksumOf is a row's checksum, or nil when it has none.
func checksumOf(column any) *int64 {
	switch sum := column.(type) {
	case nil:
		return nil
	case int64:
		return &sum
	default:
		return new(int64(-1)) // which no row has
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

// now stands in for the zero time.
func now(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

// micros is t as it is stored; the zero time stands for now.
func micros(t time.Time) int64 { return now(t).UnixMicro() }

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
