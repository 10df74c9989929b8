package imports_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/imports"
	"oneton/store"
)

// script is a source of items whose photos say who took them and which.
type script struct {
	items []imports.Item
	err   error
}

func (s script) Items(ctx context.Context) iter.Seq2[imports.Item, error] {
	return func(yield func(imports.Item, error) bool) {
		for _, item := range s.items {
			if err := ctx.Err(); err != nil {
				yield(imports.Item{}, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
		if s.err != nil {
			yield(imports.Item{}, s.err)
		}
	}
}

func (s script) Size() (int64, bool) { return int64(len(s.items)), true }

func (script) Close() error { return nil }

func item(n int, subject string) imports.Item {
	return imports.Item{
		Ref: fmt.Sprint(n), Subject: store.SubjectID(subject), Metadata: map[string]string{"row": fmt.Sprint(n)}, Part: 1,
		Photo: func() ([]byte, error) { return jpeg(fmt.Sprint(n)), nil },
	}
}

func load(t testing.TB, s imports.Source, e imports.Enroller, parallel int) (imports.Totals, []imports.Result, error) {
	t.Helper()
	var all []imports.Result
	l := imports.NewLoader(imports.Config{Parallel: parallel, Report: func(r imports.Result) error {
		all = append(all, r)
		return nil
	}}, s, e)
	err := l.Run(t.Context())
	return l.Totals(), all, err
}

// TestSameGallery: whatever the order in which photos are done, which are refused, and
// wherever an import ends for a while, the gallery is that of the rows in order.
func TestSameGallery(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		subjects := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 1, 40).Draw(r, "subjects")
		refused := rapid.SliceOfN(rapid.Bool(), len(subjects), len(subjects)).Draw(r, "refused")
		seed := rapid.Uint64().Draw(r, "seed")
		var s script
		for n, subject := range subjects {
			s.items = append(s.items, item(n, subject))
		}
		refuse := func(i imports.Item) error {
			var n int
			if _, err := fmt.Sscan(i.Ref, &n); err != nil || refused[n] {
				return &imports.Refusal{Code: "no_face"}
			}
			return nil
		}
		plain := newMemory()
		plain.refuse = refuse
		_, _, err := load(t, s, plain, 1)
		require.NoError(r, err)

		m := newMemory()
		for round := 0; ; round++ {
			left := int(seed % 16)
			m.refuse = func(i imports.Item) error {
				if left--; left < 0 && round < 4 {
					return errGone
				}
				return refuse(i)
			}
			if _, _, err = load(t, s, m, 4); err == nil {
				break
			}
			require.ErrorIs(r, err, errGone)
			seed = seed*6364136223846793005 + 1442695040888963407
		}
		require.Equal(r, plain.gallery(), m.gallery())
	})
}

func TestTotals(t *testing.T) {
	var s script
	for n, subject := range []string{"a", "a", "b", "c"} {
		s.items = append(s.items, item(n, subject))
	}
	s.items = append(s.items, s.items[0])
	bad := item(9, "x")
	bad.Refused = &imports.Refusal{Code: "no_subject"}
	unread := item(10, "y")
	unread.Photo = func() ([]byte, error) { return nil, &imports.Refusal{Code: "missing"} }
	s.items = append(s.items, bad, unread)
	m := newMemory()
	m.refuse = func(i imports.Item) error {
		if i.Subject == "c" {
			return &imports.Refusal{Code: "no_face"}
		}
		return nil
	}
	totals, results, err := load(t, s, m, 3)
	require.NoError(t, err)
	require.Equal(t, imports.Totals{Items: 7, Added: 3, Present: 1, Refused: 3, Parts: 7}, totals)
	require.Len(t, results, 7)
	totals, _, err = load(t, s, m, 3)
	require.NoError(t, err)
	require.Equal(t, imports.Totals{Items: 7, Present: 4, Refused: 3, Parts: 7}, totals, "the same again changes nothing")
}

// TestParallel: photos go at once, those of one person too, once the first has made them.
func TestParallel(t *testing.T) {
	for name, subject := range map[string]func(int) string{
		"people": func(n int) string { return fmt.Sprint("s", n) }, "photos of one": func(int) string { return "one" }, "pairs": func(n int) string { return fmt.Sprint("s", n/2) },
	} {
		var s script
		for n := range 64 {
			s.items = append(s.items, item(n, subject(n)))
		}
		m := newMemory()
		m.pause = func() { time.Sleep(5 * time.Millisecond) }
		_, _, err := load(t, s, m, 8)
		require.NoError(t, err)
		require.Equal(t, 8, m.most, name)
		require.Equal(t, 64, m.calls)
		for text := range m.metadata {
			if name == "photos of one" {
				require.JSONEq(t, `{"row":"0"}`, m.metadata[text], "the first row makes the person")
			}
		}
	}
}

func TestImportsThatEnd(t *testing.T) {
	var s script
	for n := range 1000 {
		s.items = append(s.items, item(n, fmt.Sprint("s", n)))
	}
	t.Run("by the server", func(t *testing.T) {
		m := newMemory()
		m.refuse = func(imports.Item) error {
			if m.calls > 100 {
				return errGone
			}
			return nil
		}
		_, _, err := load(t, s, m, 4)
		require.ErrorIs(t, err, errGone)
		require.Less(t, m.calls, 120)
	})
	t.Run("by the source", func(t *testing.T) {
		broken := script{items: s.items[:10], err: fmt.Errorf("%w: cut", imports.ErrSource)}
		_, _, err := load(t, broken, newMemory(), 4)
		require.ErrorIs(t, err, imports.ErrSource)
	})
	t.Run("by the report", func(t *testing.T) {
		l := imports.NewLoader(imports.Config{Parallel: 4, Report: func(imports.Result) error { return errGone }}, s, newMemory())
		require.ErrorIs(t, l.Run(t.Context()), errGone)
	})
	t.Run("by the user", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := newMemory()
		m.pause = func() {
			if m.calls > 50 {
				cancel()
			}
		}
		l := imports.NewLoader(imports.Config{Parallel: 4}, s, m)
		require.ErrorIs(t, l.Run(ctx), context.Canceled)
		require.Less(t, m.calls, 70)
	})
}

// TestHeldBytes: lines that hold their photos wait no more than memory allows.
func TestHeldBytes(t *testing.T) {
	const size = 20 << 20
	held, highest := 0, 0
	var s script
	for n := range 40 {
		i := item(n, fmt.Sprint("s", n))
		i.Held = size
		s.items = append(s.items, i)
	}
	taken := counted{script: s, at: func() { held++; highest = max(highest, held) }}
	m := newMemory()
	l := imports.NewLoader(imports.Config{Parallel: 1, Report: func(imports.Result) error { held--; return nil }}, taken, m)
	m.pause = func() { time.Sleep(time.Millisecond) }
	require.NoError(t, l.Run(t.Context()))
	require.Equal(t, 40, m.calls)
}

type counted struct {
	script
	at func()
}

func TestReports(t *testing.T) {
	results := []imports.Result{
		{Item: imports.Item{Ref: "ada/1.jpg", Subject: "ada"}, Outcome: imports.Added},
		{Item: imports.Item{Ref: "ada/2.jpg", Subject: "ada"}, Outcome: imports.Refused, Refusal: &imports.Refusal{Code: "no_face", Message: "no, \"face\"", Advice: "send\nanother"}},
		{Item: imports.Item{Ref: "bob/1.jpg", Subject: "bob"}, Outcome: imports.Skipped},
		{Item: imports.Item{Ref: "bob/2.jpg", Subject: "bob"}, Outcome: imports.Present},
	}
	var lines, table strings.Builder
	for _, write := range []imports.Report{imports.LinesReport(&lines), imports.TableReport(&table)} {
		for _, r := range results {
			require.NoError(t, write(r))
		}
	}
	var first map[string]string
	d := json.NewDecoder(strings.NewReader(lines.String()))
	require.NoError(t, d.Decode(&first))
	require.Equal(t, map[string]string{
		"path": "ada/2.jpg", "subject": "ada", "outcome": "refused", "code": "no_face", "message": "no, \"face\"", "what_to_do": "send\nanother",
	}, first)
	require.Equal(t, 2, strings.Count(lines.String(), "\n"))
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"path", "subject", "outcome", "code", "message", "what_to_do"}, {"ada/2.jpg", "ada", "refused", "no_face", "no, \"face\"", "send\nanother"}, {"bob/1.jpg", "bob", "skipped", "", "", ""},
	}, rows)
}
