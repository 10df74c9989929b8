package backup_test

import (
	"bytes"
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/archive"
	"oneton/backup"
	"oneton/store"
)

// rows is a snapshot of one table.
type rows struct {
	table store.Table
	all   [][]any
}

func (r rows) Schema() store.Schema {
	return store.Schema{Engine: "sqlite", Versions: map[string]int64{"x": 1}, Tables: []store.Table{r.table}}
}

func (r rows) Rows(context.Context, store.Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range r.all {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func written(t testing.TB, secret []byte, all ...[]any) []byte {
	t.Helper()
	table := store.Table{Name: "changes", Columns: []store.Column{
		{Name: "seq", Kind: store.Integer},
		{Name: "text", Kind: store.Text},
		{Name: "bytes", Kind: store.Bytes},
		{Name: "json", Kind: store.JSON},
		{Name: "at", Kind: store.Time},
		{Name: "is", Kind: store.Boolean},
	}}
	var b bytes.Buffer
	totals, err := backup.Write(t.Context(), &b, rows{table, all}, backup.Options{Made: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Secret: secret})
	require.NoError(t, err)
	require.EqualValues(t, len(all), totals.Rows())
	return b.Bytes()
}

// check reads a backup to its end.
func check(file []byte) (backup.Totals, error) {
	r, err := backup.NewReader(bytes.NewReader(file))
	if err != nil {
		return backup.Totals{}, err
	}
	return r.Check(nil)
}

// What is written is read, a damaged row as it was damaged.
func TestWhatIsWrittenIsRead(t *testing.T) {
	file := written(t, []byte("secret"), []any{int64(7), "ü\x00<>", []byte{0, 255}, `{"a": 1}`, int64(1), true}, []any{nil, "\xff", "text", []byte("{"), 1.5, int64(3)})
	r, err := backup.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, "secret", string(r.Secret))
	steps := map[backup.Step]int64{}
	totals, err := r.Check(func(step backup.Step, _ string, n int64) { steps[step] = n })
	require.NoError(t, err)
	require.EqualValues(t, 7, totals.Position)
	require.Equal(t, map[backup.Step]int64{backup.Read: 2}, steps)
}

// FuzzReader: whatever is read, reading ends, and what is read to its end as whole is so
// again.
func FuzzReader(f *testing.F) {
	f.Add(written(f, nil, []any{int64(1), "a", []byte("b"), `{}`, int64(2), false}))
	f.Add(written(f, []byte("secret")))
	f.Fuzz(func(t *testing.T, file []byte) {
		if totals, err := check(file); err == nil {
			again, err := check(file)
			require.NoError(t, err)
			require.Equal(t, totals, again)
		}
	})
}

// FuzzRows: a line of a table is read as one row or refused, whatever stands on it.
func FuzzRows(f *testing.F) {
	f.Add(`[1,"a","Yg==",{"x":1},2,true]`)
	f.Add(`[null,{"text":"/w=="},{"real":1.5},null,{"integer":3},{"bytes":"YQ=="}]`)
	f.Fuzz(func(t *testing.T, line string) {
		whole := written(t, nil, []any{int64(1), "a", []byte("b"), `{}`, int64(2), false})
		r := archive.NewReader(bytes.NewReader(whole), 1<<20)
		var b bytes.Buffer
		w := archive.NewWriter(&b, time.Unix(0, 0))
		for {
			m, err := r.Next()
			if err != nil {
				break
			}
			if m.Name == "000-changes/000001.ndjson" {
				m.Content = []byte(line)
			}
			require.NoError(t, w.Add(m.Name, m.Content))
		}
		require.NoError(t, w.Close())
		if totals, err := check(b.Bytes()); err == nil {
			require.EqualValues(t, 1, totals.Rows(), "what the backup says of itself")
		}
	})
}
