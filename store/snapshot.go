package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"math/bits"
	"slices"
)

// Kind is what a column holds, on every engine. A cell is nil where there is
// nothing, and otherwise as its kind says.
type Kind string

// The kinds of columns, with the type of their cells.
const (
	Text    Kind = "text"    // string
	JSON    Kind = "json"    // string
	Bytes   Kind = "bytes"   // []byte
	Integer Kind = "integer" // int64
	Boolean Kind = "boolean" // bool
	Time    Kind = "time"    // int64, microseconds since 1970 in UTC
)

// Column is one of a table's.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is one whose rows are the truth, or a part of it. An engine's own
// bookkeeping is in none.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// OwnPart is the part of a schema that is an engine's own; the others are named
// after the rooms whose tables they are.
const OwnPart = "store"

// Schema is what a database's tables are like.
type Schema struct {
	// Engine is "sqlite" or "postgres".
	Engine string `json:"engine"`
	// Versions are the parts' schema versions. Those of rooms mean the same on
	// every engine, and that of OwnPart on its engine alone.
	Versions map[string]int64 `json:"versions"`
	// Tables stand behind those that they refer to.
	Tables []Table `json:"tables"`
}

// OfGalleries is the condition, in SQL, that leaves out of a room's table the rows of
// galleries that were deleted and wait to be removed: what they refer to is left out, too.
// It is empty for tables that name no gallery in a column of that name.
func (s Schema) OfGalleries(table string) string {
	for _, t := range s.Tables {
		if t.Name == table && slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == "gallery" }) {
			return ` WHERE (gallery IS NULL OR gallery NOT IN (SELECT id FROM galleries WHERE tenant IS NULL))`
		}
	}
	return ""
}

// Part is one of a schema's as a program knows it.
type Part struct {
	// Migrations are nil for OwnPart, which the engine knows.
	Migrations fs.FS
	// Version is which of them are made: all up to this one.
	Version int64
}

// Snapshot is all that a database holds as of one moment, whatever is written
// meanwhile. What was deleted is not in it, though its bytes may still be in files.
type Snapshot interface {
	Schema() Schema
	// Rows are the table's, each good until the next one. The first error is the
	// last of it.
	Rows(ctx context.Context, t Table) iter.Seq2[[]any, error]
}

// Loading fills an empty database, whose rows it sees as it has put them.
type Loading interface {
	Snapshot
	// Insert adds the rows to the table, whose columns they have in its order. Tables
	// come in the schema's order.
	Insert(ctx context.Context, t Table, rows iter.Seq2[[]any, error]) error
}

// Digest tells the rows of one table from any others, in whatever order they come
// and of whichever engine. It guards against faults and not against forgers.
type Digest struct {
	Rows int64
	// sum is the sum of the rows' SHA-256, each of four numbers by itself.
	sum [sha256.Size / 8]uint64
}

// Add adds a row of the table.
func (d *Digest) Add(t Table, row []any) error {
	h := sha256.New()
	var b [9]byte
	for i, c := range row {
		var text []byte
		switch v := c.(type) {
		case nil:
			b[0] = 0
		case string:
			b[0], text = 's', []byte(v)
			if t.Columns[i].Kind == JSON {
				text = []byte(canonical(text))
			}
		case []byte:
			b[0], text = 'b', v
		case int64:
			b[0], text = 'i', binary.BigEndian.AppendUint64(nil, uint64(v)) //nolint:gosec // its bits
		case float64:
			b[0], text = 'f', binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
		case bool:
			b[0], text = 't', []byte{0}
			if v {
				text[0] = 1
			}
		default:
			return fmt.Errorf("%w: a cell of column %s.%s is a %T", ErrInvalid, t.Name, t.Columns[i].Name, c)
		}
		binary.BigEndian.PutUint64(b[1:], uint64(len(text)))
		h.Write(b[:])
		h.Write(text)
	}
	sum := h.Sum(nil)
	for i := range d.sum {
		d.sum[i], _ = bits.Add64(d.sum[i], binary.BigEndian.Uint64(sum[i*8:]), 0)
	}
	d.Rows++
	return nil
}

// Over are the rows, each of which it adds as it passes.
func (d *Digest) Over(t Table, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = d.Add(t, row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// String is the digest in hexadecimal digits.
func (d *Digest) String() string {
	var b []byte
	for _, n := range d.sum {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return hex.EncodeToString(b)
}
