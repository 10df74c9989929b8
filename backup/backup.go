// Package backup brings the whole truth of an installation, which is every row of
// every table as of one moment, into a file and from there, or from one database
// straight, into an empty one of either engine. What arrives is compared with what
// left before it is taken for true.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"oneton/archive"
	"oneton/store"
)

// Format and Version say what a file is.
const (
	Format  = "oneton backup"
	Version = 1
)

const (
	// block is from what size on rows are handed over.
	block = 1 << 20
	// limit is the most bytes of a member: a row with a photo is far below.
	limit = 1 << 30

	manifestName = "backup.json"
	secretName   = "secret.key"
	totalsName   = "totals.json"
)

// Manifest is what a backup says of itself, ahead of all else.
type Manifest struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	// Program is the version of oneton that made it.
	Program string `json:"program"`
	// Secret tells whether the installation's secret is in it.
	Secret bool         `json:"secret"`
	Schema store.Schema `json:"schema"`
}

// Totals are what was read, and what must be there once it is restored.
type Totals struct {
	// Position is the log's end.
	Position int64            `json:"position"`
	Tables   map[string]Total `json:"tables"`
}

// Total is what there is of a table.
type Total struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`
}

// Rows is how many rows there are in all.
func (t Totals) Rows() (n int64) {
	for _, total := range t.Tables {
		n += total.Rows
	}
	return n
}

// Options are what is said beside the rows.
type Options struct {
	Made    time.Time
	Program string
	// Secret is the file that keys are made under, or nil.
	Secret []byte
	// Progress, if there is one, is told of each row.
	Progress Progress
}

// Step is what is done with rows.
type Step string

// The steps of a backup, a restore and a copy.
const (
	Written  Step = "written"
	Read     Step = "read"
	Compared Step = "compared"
)

// Progress is told how many rows a step has done, and of which table the last one is.
type Progress func(step Step, table string, rows int64)

// Write writes a backup of the snapshot.
func Write(ctx context.Context, w io.Writer, s store.Snapshot, o Options) (Totals, error) {
	a := archive.NewWriter(w, o.Made)
	if err := add(a, manifestName, Manifest{Format, Version, o.Made.UTC(), o.Program, o.Secret != nil, s.Schema()}); err != nil {
		return Totals{}, err
	}
	if o.Secret != nil {
		if err := a.Add(secretName, o.Secret); err != nil {
			return Totals{}, err
		}
	}
	count := counting{step: Written, progress: o.Progress}
	for i, t := range s.Schema().Tables {
		if err := writeTable(a, i, t, count.over(t, s.Rows(ctx, t))); err != nil {
			return Totals{}, err
		}
	}
	totals := count.totals()
	if err := add(a, totalsName, totals); err != nil {
		return Totals{}, err
	}
	return totals, a.Close()
}

func add(a *archive.Writer, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return a.Add(name, append(b, '\n'))
}

// folder is where the rows of the table are, which is the schema's i-th.
func folder(i int, t store.Table) string { return fmt.Sprintf("%03d-%s", i, t.Name) }

func writeTable(a *archive.Writer, i int, t store.Table, rows iter.Seq2[[]any, error]) error {
	var lines []byte
	blocks := 0
	flush := func() error {
		blocks++
		err := a.Add(path.Join(folder(i, t), fmt.Sprintf("%06d.ndjson", blocks)), lines)
		lines = lines[:0]
		return err
	}
	for row, err := range rows {
		if err == nil {
			lines, err = appendRow(lines, t, row)
		}
		if err == nil && len(lines) >= block {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return flush()
}

// Reader reads a backup.
type Reader struct {
	Manifest Manifest
	// Secret is the installation's, or nil.
	Secret  []byte
	archive *archive.Reader
	// next is the member that is to be read.
	next archive.Member
}

// ErrFormat means that a file is no backup, or of a kind that this program does not
// know.
var ErrFormat = errors.New("not a backup that this program can read")

// NewReader reads what a backup says of itself.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{archive: archive.NewReader(r, limit)}
	if err := b.advance(); err != nil {
		return nil, err
	}
	if b.next.Name != manifestName {
		return nil, fmt.Errorf("%w: it begins with %.64q", ErrFormat, b.next.Name)
	}
	if err := json.Unmarshal(b.next.Content, &b.Manifest); err != nil || b.Manifest.Format != Format {
		return nil, fmt.Errorf("%w: its %s says something else", ErrFormat, manifestName)
	}
	if b.Manifest.Version != Version {
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows %d", ErrFormat, b.Manifest.Version, Version)
	}
	if err := b.advance(); err != nil {
		return nil, err
	}
	if b.Manifest.Secret {
		if b.next.Name != secretName {
			return nil, fmt.Errorf("%w: it has no %s, which it says it has", archive.ErrDamaged, secretName)
		}
		b.Secret = b.next.Content
		return b, b.advance()
	}
	return b, nil
}

// advance goes to the next member.
func (b *Reader) advance() (err error) {
	b.next, err = b.archive.Next()
	return err
}

// Fill fills an empty database with the backup's rows, and compares what is there
// with what was read when it was made. Nothing is to be kept after an error.
func (b *Reader) Fill(ctx context.Context, l store.Loading, progress Progress) (Totals, error) {
	totals, err := fill(ctx, l, b.Manifest.Schema.Tables, progress, func(i int, t store.Table) iter.Seq2[[]any, error] { return b.rows(i, t) })
	if err != nil {
		return Totals{}, err
	}
	want, err := b.end()
	if err == nil {
		err = compare(totals, want, "the backup says")
	}
	if err != nil {
		return Totals{}, err
	}
	return totals, arrived(ctx, l, b.Manifest.Schema.Tables, totals, progress)
}

// Check reads the backup to its end, and finds whatever is wrong with it.
func (b *Reader) Check(progress Progress) (Totals, error) {
	count := counting{step: Read, progress: progress}
	for i, t := range b.Manifest.Schema.Tables {
		for _, err := range count.over(t, b.rows(i, t)) {
			if err != nil {
				return Totals{}, err
			}
		}
	}
	want, err := b.end()
	if err != nil {
		return Totals{}, err
	}
	return want, compare(count.totals(), want, "the backup says")
}

// end reads the totals, behind which there is nothing.
func (b *Reader) end() (t Totals, err error) {
	if b.next.Name != totalsName {
		return t, fmt.Errorf("%w: %.128q is of no table", archive.ErrDamaged, b.next.Name)
	}
	if err := json.Unmarshal(b.next.Content, &t); err != nil {
		return t, fmt.Errorf("%w: read %s: %w", archive.ErrDamaged, totalsName, err)
	}
	if err := b.advance(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("%w: %.128q follows the end", archive.ErrDamaged, b.next.Name)
		}
		return t, err
	}
	return t, nil
}

// rows are the table's, member by member.
func (b *Reader) rows(i int, t store.Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for path.Dir(b.next.Name) == folder(i, t) {
			line := 0
			for text := range strings.Lines(string(b.next.Content)) {
				line++
				row, err := readRow(t, []byte(text))
				if err != nil {
					yield(nil, fmt.Errorf("%w: %s, line %d: %w", archive.ErrDamaged, b.next.Name, line, err))
					return
				}
				if !yield(row, nil) {
					return
				}
			}
			if err := b.advance(); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Copy fills an empty database with all that a snapshot holds, and compares.
func Copy(ctx context.Context, from store.Snapshot, to store.Loading, progress Progress) (Totals, error) {
	tables := from.Schema().Tables
	totals, err := fill(ctx, to, tables, progress, func(_ int, t store.Table) iter.Seq2[[]any, error] { return from.Rows(ctx, t) })
	if err != nil {
		return Totals{}, err
	}
	return totals, arrived(ctx, to, tables, totals, progress)
}

// ErrSchema means that a database has not the tables that its new rows need.
var ErrSchema = errors.New("the tables differ")

func fill(ctx context.Context, l store.Loading, tables []store.Table, progress Progress, rows func(int, store.Table) iter.Seq2[[]any, error]) (Totals, error) {
	if err := alike(tables, l.Schema().Tables); err != nil {
		return Totals{}, err
	}
	count := counting{step: Written, progress: progress}
	for i, t := range tables {
		if err := l.Insert(ctx, t, count.over(t, rows(i, t))); err != nil {
			return Totals{}, err
		}
	}
	return count.totals(), nil
}

// arrived compares what was put with what is there.
func arrived(ctx context.Context, l store.Loading, tables []store.Table, put Totals, progress Progress) error {
	count := counting{step: Compared, progress: progress}
	for _, t := range tables {
		for _, err := range count.over(t, l.Rows(ctx, t)) {
			if err != nil {
				return err
			}
		}
	}
	return compare(count.totals(), put, "there were")
}

// alike is ErrSchema unless both are the same tables with the same columns.
func alike(from, to []store.Table) error {
	known := make(map[string]store.Table, len(to))
	for _, t := range to {
		known[t.Name] = t
	}
	for _, t := range from {
		other, there := known[t.Name]
		delete(known, t.Name)
		if !there || len(t.Columns) != len(other.Columns) ||
			slices.ContainsFunc(t.Columns, func(c store.Column) bool { return !slices.Contains(other.Columns, c) }) {
			return fmt.Errorf("%w: table %q is another, or is not there", ErrSchema, t.Name)
		}
	}
	for name := range known {
		return fmt.Errorf("%w: table %q is missing in what is to be brought there", ErrSchema, name)
	}
	return nil
}

func compare(have, want Totals, saying string) error {
	for name, w := range want.Tables {
		if h := have.Tables[name]; h != w {
			return fmt.Errorf("%w: table %s has %d rows with digest %.16s, and %s %d with %.16s",
				archive.ErrDamaged, name, h.Rows, h.Digest, saying, w.Rows, w.Digest)
		}
	}
	if len(have.Tables) != len(want.Tables) || have.Position != want.Position {
		return fmt.Errorf("%w: %d tables up to position %d, and %s %d up to %d",
			archive.ErrDamaged, len(have.Tables), have.Position, saying, len(want.Tables), want.Position)
	}
	return nil
}

// counting counts the rows that pass.
type counting struct {
	step     Step
	progress Progress
	position int64
	tables   map[string]Total
	rows     int64
}

func (c *counting) over(t store.Table, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	seq := -1
	if t.Name == "changes" {
		seq = slices.IndexFunc(t.Columns, func(c store.Column) bool { return c.Name == "seq" })
	}
	return func(yield func([]any, error) bool) {
		var d store.Digest
		for row, err := range d.Over(t, rows) {
			if err == nil {
				c.rows++
				if seq >= 0 {
					if n, ok := row[seq].(int64); ok {
						c.position = max(c.position, n)
					}
				}
				if c.progress != nil {
					c.progress(c.step, t.Name, c.rows)
				}
			}
			if !yield(row, err) {
				return
			}
		}
		if c.tables == nil {
			c.tables = make(map[string]Total)
		}
		c.tables[t.Name] = Total{d.Rows, d.String()}
	}
}

func (c *counting) totals() Totals { return Totals{c.position, c.tables} }
