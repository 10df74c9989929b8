package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/archive"
)

var made = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// members are written in this order.
var members = []archive.Member{
	{Name: "first.json", Content: []byte("{}\n")},
	{Name: "rows/000001.ndjson", Content: bytes.Repeat([]byte("[1,2]\n"), 100)},
	{Name: "empty", Content: []byte{}},
	{Name: "photos/ü", Content: []byte{0, 1, 2, 255}},
}

func write(t testing.TB, members ...archive.Member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := archive.NewWriter(&b, made)
	for _, m := range members {
		require.NoError(t, w.Add(m.Name, m.Content))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// read are the members up to the first error, io.EOF of a whole archive.
func read(file []byte) (members []archive.Member, err error) {
	r := archive.NewReader(bytes.NewReader(file), 1<<16)
	for {
		m, err := r.Next()
		if err != nil {
			_, again := r.Next()
			if !errors.Is(again, err) {
				return members, fmt.Errorf("the first error was %w, the next is %w", err, again)
			}
			return members, err
		}
		members = append(members, m)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	file := write(t, members...)
	got, err := read(file)
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, got, len(members))
	for i, m := range members {
		require.Equal(t, m.Name, got[i].Name)
		require.True(t, bytes.Equal(m.Content, got[i].Content))
	}
	require.Equal(t, file, write(t, members...), "the same members make the same bytes")
	got, err = read(write(t))
	require.ErrorIs(t, err, io.EOF)
	require.Empty(t, got)
}

// Other programs read it: tar takes it apart, and sha256sum finds every member.
func TestTarAndSumsOfOthers(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "archive.tar")
	require.NoError(t, os.WriteFile(file, write(t, members...), 0o600))
	for _, command := range [][]string{{"tar", "-xf", file, "-C", folder}, {"sha256sum", "--check", "--strict", archive.Sums}} {
		if _, err := exec.LookPath(command[0]); err != nil {
			t.Skip(err)
		}
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...) //nolint:gosec // named above
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	content, err := os.ReadFile(filepath.Join(folder, "photos", "ü"))
	require.NoError(t, err)
	require.Equal(t, members[3].Content, content)
}

// An archive that ends early is never taken for whole, wherever it ends, and what is
// read of it before is as it was written.
func TestCutShort(t *testing.T) {
	file := write(t, members...)
	listed := bytes.LastIndex(file, []byte("\n")) + 1 // only zeros follow, which nobody misses
	for n := range listed {
		got, err := read(file[:n])
		require.ErrorIs(t, err, archive.ErrCut, "%d bytes", n)
		for i, m := range got {
			require.Equal(t, members[i].Name, m.Name)
			require.True(t, bytes.Equal(members[i].Content, m.Content))
		}
	}
}

// A flipped bit is found wherever it changes what is read: no member with another name
// or content ever comes of it.
func TestFlippedBits(t *testing.T) {
	file := write(t, members...)
	for at := range file {
		bit := at % 8
		file[at] ^= 1 << bit
		got, err := read(file)
		if errors.Is(err, io.EOF) { // as where the time of a header was changed
			require.Len(t, got, len(members), "byte %d, bit %d", at, bit)
			for i, m := range got {
				require.Equal(t, members[i].Name, m.Name, "byte %d, bit %d", at, bit)
				require.True(t, bytes.Equal(members[i].Content, m.Content), "byte %d, bit %d", at, bit)
			}
		}
		file[at] ^= 1 << bit
	}
}

// What is wrong is named with the member in which it is.
func TestWhatIsWrong(t *testing.T) {
	whole := write(t, members...)
	changed := bytes.Replace(whole, []byte("[1,2]"), []byte("[1,3]"), 1)
	header := func(h tar.Header, content string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size, h.Mode = int64(len(content)), 0o600
		require.NoError(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(content))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		file []byte
		is   error
		says []string
	}{
		"nothing":         {nil, archive.ErrCut, []string{archive.Sums}},
		"no archive":      {bytes.Repeat([]byte("text "), 300), archive.ErrDamaged, nil},
		"changed content": {changed, archive.ErrDamaged, []string{"behind first.json", "rows/000001.ndjson", "SHA-256"}},
		"a link":          {header(tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/etc/passwd"}, ""), archive.ErrDamaged, []string{`"l"`, "plain file"}},
		"without its sum": {header(tar.Header{Typeflag: tar.TypeReg, Name: "x"}, "y"), archive.ErrDamaged, []string{`"x"`, "SHA-256"}},
		"too large":       {write(t, archive.Member{Name: "large", Content: make([]byte, 1<<16+1)}), archive.ErrDamaged, []string{`"large"`, "65537"}},
		"another list":    {header(tar.Header{Typeflag: tar.TypeReg, Name: archive.Sums}, "0000  x\n"), archive.ErrDamaged, []string{archive.Sums}},
		"more behind it":  {append(bytes.Clone(whole), "more"...), archive.ErrDamaged, []string{"follows"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.file)
			require.ErrorIs(t, err, c.is)
			for _, s := range c.says {
				require.ErrorContains(t, err, s)
			}
		})
	}
}

// TestSparseMembers: a few bytes that would become many are refused.
func TestSparseMembers(t *testing.T) {
	const records = "XNU.sparse."
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "first.json", Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX, PAXRecords: map[string]string{
		records + "size": "65536", records + "numblocks": "1", records + "map": "65536,0",
	}}))
	require.NoError(t, w.Close())
	sparse := bytes.ReplaceAll(b.Bytes(), []byte(records), []byte("GNU.sparse."))
	h, err := tar.NewReader(bytes.NewReader(sparse)).Next()
	require.NoError(t, err)
	require.EqualValues(t, 65536, h.Size, "it would become that large")
	_, err = read(sparse)
	require.ErrorIs(t, err, archive.ErrDamaged)
	require.ErrorContains(t, err, "sparse")
}

// TestFlippedBitsAtTheEnd: what stands where an archive ends is damage, too.
func TestFlippedBitsAtTheEnd(t *testing.T) {
	file := write(t, members...)
	for at := len(file) - 1024; at < len(file); at++ {
		bad := bytes.Clone(file)
		bad[at] ^= 4
		_, err := read(bad)
		require.ErrorIs(t, err, archive.ErrDamaged, at)
	}
}

// Whatever is read, reading ends, and only what is listed is whole.
func FuzzReader(f *testing.F) {
	f.Add(write(f, members...))
	f.Add(write(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := read(file)
		if errors.Is(err, io.EOF) {
			again, err := read(write(t, got...))
			require.ErrorIs(t, err, io.EOF)
			require.Len(t, again, len(got))
		}
	})
}
