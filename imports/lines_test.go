package imports_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/imports"
)

func encoded(text string) string { return base64.StdEncoding.EncodeToString(jpeg(text)) }

func TestLines(t *testing.T) {
	text := "\ufeff" + `{"subject":"ada","photo":"` + encoded("a") + `","metadata":{"team":"red"}}` + "\r\n\n" +
		`{"subject":"bob","photo":"data:image/jpeg;base64,` + encoded("b") + `"}` + "\n" +
		`{"subject":"cat","path":"dir/cat.jpg"}` + "\n" + `{"path":"dir/cat.jpg"}` + "\n" +
		`{"subject":"dan","photo":"` + strings.TrimRight(encoded("dd"), "=") + `"}`
	folder := put(t, map[string]string{"people.ndjson": text, "dir/cat.jpg": "\xff\xd8\xffc"})
	got := read(t, opened(t, filepath.Join(folder, "people.ndjson"), options(t)))
	require.Equal(t, []found{
		{Ref: "line 1", Subject: "ada", Photo: "a", Metadata: map[string]string{"team": "red"}},
		{Ref: "line 3", Subject: "bob", Photo: "b"},
		{Ref: "line 4: dir/cat.jpg", Subject: "cat", Photo: "c"},
		{Ref: "line 5: dir/cat.jpg", Subject: "dir", Photo: "c"},
		{Ref: "line 6", Subject: "dan", Photo: "dd"},
	}, got)
}

// TestNamesOfLines: what a line calls its photo is told of it, as text that is safe to
// show, and is no path.
func TestNamesOfLines(t *testing.T) {
	var text strings.Builder
	for _, name := range []string{"ada/1.jpg", "../../etc/passwd", "<img src=x>", "a\u0000\n\u202eb", strings.Repeat("é", 200)} {
		line, err := json.Marshal(map[string]string{"subject": "ada", "photo": encoded("a"), "name": name})
		require.NoError(t, err)
		text.Write(append(line, '\n'))
	}
	var refs []string
	for _, f := range read(t, imports.NewLines(strings.NewReader(text.String()), -1, naming(t, ""), most)) {
		require.Equal(t, "a", f.Photo)
		refs = append(refs, f.Ref)
	}
	require.Equal(t, []string{
		"line 1: ada/1.jpg", "line 2: ../../etc/passwd", "line 3: <img src=x>", `line 4: "a\x00\n\u202eb"`, "line 5: " + strings.Repeat("é", 128) + "…",
	}, refs)
}

func TestBrokenLines(t *testing.T) {
	lines := []string{
		`{"subject":"ada"}`, `{"subject":"ada","photo":"x","path":"y"}`, `{"subject":"ada","photo":"****"}`, `{"subject":"a b","photo":"` + encoded("x") + `"}`,
		`{"photo":"` + encoded("x") + `"}`, `not JSON`, `["ada"]`, `{"subject":"ada","photo":"` + encoded("x") + `","colour":"red"}`,
		`{"subject":"ada","photo":"` + encoded("x") + `"} {}`, `{"subject":7,"photo":"x"}`, `{"subject":"ada","metadata":{"a":1},"photo":"x"}`,
		`{"subject":"ada","photo":"https://example.com/a.jpg"}`, `{"subject":"ada","photo":"` + base64.StdEncoding.EncodeToString([]byte("hello world")) + `"}`,
		`{"subject":"ada","path":"../x.jpg"}`, `{"subject":"ada","path":"/etc/passwd"}`, `{"subject":"ada","photo":"` + strings.Repeat("A", 3*most) + `"}`,
		`{"subject":"ada","photo":"` + encoded(strings.Repeat("x", most)) + `"}`, `{"subject":"bob","photo":"` + encoded("b") + `"}`,
	}
	want := map[string]string{
		"line 1": "invalid_row", "line 2": "invalid_row", "line 3": "invalid_row", "line 4": "invalid_subject", "line 5": "no_subject", "line 6": "invalid_row",
		"line 7": "invalid_row", "line 8": "invalid_row", "line 9": "invalid_row", "line 10": "invalid_row", "line 11": "invalid_row", "line 12": "url",
		"line 13": "not_a_photo", "line 14: ../x.jpg": "outside", "line 15: /etc/passwd": "outside", "line 16": "image_too_large", "line 17": "image_too_large", "line 18": "",
	}
	folder := put(t, map[string]string{"people.ndjson": strings.Join(lines, "\n") + "\n"})
	require.Equal(t, want, codes(read(t, opened(t, filepath.Join(folder, "people.ndjson"), options(t)))))
	// Where there is no folder, paths lead nowhere.
	s := imports.NewLines(strings.NewReader(`{"subject":"ada","path":"x.jpg"}`), -1, naming(t, ""), most)
	require.Equal(t, map[string]string{"line 1: x.jpg": "outside"}, codes(read(t, s)))
	_, known := s.Size()
	require.False(t, known)
}

// endless is a line that never ends, of so many bytes.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// TestEndlessLine is passed over in memory that one photo needs.
func TestEndlessLine(t *testing.T) {
	after := "\n" + `{"subject":"bob","photo":"` + encoded("b") + `"}`
	const size = 1 << 30
	s := imports.NewLines(io.MultiReader(&endless{size}, strings.NewReader(after)), size+int64(len(after)), naming(t, ""), most)
	var before, later runtime.MemStats
	runtime.ReadMemStats(&before)
	require.Equal(t, map[string]string{"line 1": "image_too_large", "line 2": ""}, codes(read(t, s)))
	runtime.ReadMemStats(&later)
	require.Less(t, later.TotalAlloc-before.TotalAlloc, uint64(32<<20))
}

// FuzzLines: no lines are more than refusals.
func FuzzLines(f *testing.F) {
	f.Add(`{"subject":"ada","photo":"` + encoded("a") + `"}` + "\n")
	f.Add("\ufeff{}\n\n[]")
	f.Fuzz(func(t *testing.T, text string) {
		s := imports.NewLines(strings.NewReader(text), int64(len(text)), naming(t, ""), 100)
		all := read(t, s)
		require.LessOrEqual(t, len(all), strings.Count(text, "\n")+1, "%q", text)
	})
}
