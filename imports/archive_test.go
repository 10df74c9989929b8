package imports_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/imports"
)

// entry is a file to put into an archive.
type entry struct {
	name, content string
	method        uint16
	mode          fs.FileMode
	flags         uint16
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: e.method, Flags: e.flags}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = io.WriteString(w, e.content)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func zipped(t testing.TB, b []byte) *imports.Archive {
	t.Helper()
	a, err := imports.NewArchive(bytes.NewReader(b), int64(len(b)), naming(t, ""), most)
	require.NoError(t, err)
	return a
}

func TestArchives(t *testing.T) {
	b := archive(t,
		entry{name: "ada/", mode: fs.ModeDir | 0o755}, entry{name: "ada/1.jpg", content: "\xff\xd8\xffa"}, entry{name: "bob/1.jpg", content: "\xff\xd8\xffb", method: zip.Deflate},
		entry{name: "__MACOSX/ada/._1.jpg", content: "x"}, entry{name: "ada/.DS_Store", content: "x"}, entry{name: "cat\\1.jpg", content: "\xff\xd8\xffc"},
		entry{name: "ada/readme.txt", content: "hello"}, entry{name: "top.jpg", content: "\xff\xd8\xff"}, entry{name: "ada/none.jpg"},
	)
	want := map[string]string{
		"ada/1.jpg": "", "bob/1.jpg": "", `cat\1.jpg`: "", "ada/readme.txt": "not_a_photo", "top.jpg": "no_subject", "ada/none.jpg": "empty",
	}
	got := read(t, zipped(t, b))
	require.Equal(t, want, codes(got))
	require.Contains(t, got, found{Ref: "bob/1.jpg", Subject: "bob", Photo: "b"})
	require.Contains(t, got, found{Ref: `cat\1.jpg`, Subject: "cat", Photo: "c"})
	path := filepath.Join(t.TempDir(), "people.zip")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	require.Equal(t, got, read(t, opened(t, path, options(t))))
	// Something before the archive, as of one that unpacks itself, is not one that is read.
	_, err := imports.NewArchive(bytes.NewReader(append([]byte("#!/bin/sh\n"), b...)), int64(len(b)+10), naming(t, ""), most)
	if err == nil {
		_, err = readAll(t, zipped(t, append([]byte("#!/bin/sh\n"), b...)))
	}
	require.ErrorIs(t, err, imports.ErrSource)
}

func TestHostileArchives(t *testing.T) {
	b := archive(t,
		entry{name: "../ada/1.jpg", content: "\xff\xd8\xff"}, entry{name: "/ada/1.jpg", content: "\xff\xd8\xff"}, entry{name: "ada/../../1.jpg", content: "\xff\xd8\xff"},
		entry{name: `..\ada\1.jpg`, content: "\xff\xd8\xff"}, entry{name: `C:\ada\1.jpg`, content: "\xff\xd8\xff"}, entry{name: "ada/link.jpg", content: "/etc/passwd", mode: fs.ModeSymlink | 0o777},
		entry{name: "ada/dev.jpg", mode: fs.ModeDevice | 0o600}, entry{name: "ada/locked.jpg", content: "\xff\xd8\xff", flags: 1}, entry{name: "ada/\xff.jpg", content: "\xff\xd8\xff"},
		entry{name: "b\xe9/1.jpg", content: "\xff\xd8\xff"}, entry{name: "ada/bomb.jpg", content: "\xff\xd8\xff" + strings.Repeat("\x00", 4*most), method: zip.Deflate},
		entry{name: "ada/nearly.jpg", content: "\xff\xd8\xff" + strings.Repeat("\x00", most+1-4), method: zip.Deflate}, entry{name: "ada/1.jpg", content: "\xff\xd8\xffa"},
	)
	require.Equal(t, map[string]string{
		"../ada/1.jpg": "outside", "/ada/1.jpg": "outside", "ada/../../1.jpg": "outside", `..\ada\1.jpg`: "outside", `C:\ada\1.jpg`: "outside",
		"ada/link.jpg": "not_a_file", "ada/dev.jpg": "not_a_file", "ada/locked.jpg": "encrypted", `"ada/\xff.jpg"`: "", `"b\xe9/1.jpg"`: "invalid_subject",
		"ada/bomb.jpg": "image_too_large", "ada/nearly.jpg": "", "ada/1.jpg": "",
	}, codes(read(t, zipped(t, b))))
}

// TestBombs: what says that it is small and is not, and what would grow beyond any photo.
func TestBombs(t *testing.T) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(append(jpeg(""), make([]byte, 64<<20)...))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, says := range map[string]uint64{"image_too_large": 2 * most, "unreadable": 1000, "suspicious_compression": 3 << 20} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		raw, err := z.CreateRaw(&zip.FileHeader{Name: "ada/1.jpg", Method: zip.Deflate, CompressedSize64: uint64(packed.Len()), UncompressedSize64: says})
		require.NoError(t, err)
		_, err = raw.Write(packed.Bytes())
		require.NoError(t, err)
		require.NoError(t, z.Close())
		limit := int64(most)
		if name == "suspicious_compression" {
			limit = 64 << 20
			// Of 64 KB, 64 MB: the smaller the entry, the larger the ratio.
			require.Less(t, packed.Len(), 1<<17)
			says = 32 << 20
			b.Reset()
			z = zip.NewWriter(&b)
			raw, err = z.CreateRaw(&zip.FileHeader{Name: "ada/1.jpg", Method: zip.Deflate, CompressedSize64: uint64(packed.Len()), UncompressedSize64: says})
			require.NoError(t, err)
			_, err = raw.Write(packed.Bytes())
			require.NoError(t, err)
			require.NoError(t, z.Close())
		}
		a, err := imports.NewArchive(bytes.NewReader(b.Bytes()), int64(b.Len()), naming(t, ""), limit)
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.Equal(t, map[string]string{"ada/1.jpg": name}, codes(read(t, a)))
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), name)
	}
}

// TestOverlappingEntries is the bomb whose entries all are the same bytes.
func TestOverlappingEntries(t *testing.T) {
	content := make([]byte, 100_000)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	b := archive(t, entry{name: "a/1.jpg", content: string(jpeg(string(content)))})
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	record := b[at:end]
	const n = 1000
	bomb := bytes.Clone(b[:at])
	for i := range n {
		r := bytes.Clone(record)
		r[46] = byte('a' + i%26)
		bomb = append(bomb, r...)
	}
	tail := bytes.Clone(b[end:])
	binary.LittleEndian.PutUint16(tail[8:], n)
	binary.LittleEndian.PutUint16(tail[10:], n)
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*len(record)))
	bomb = append(bomb, tail...)
	_, err := imports.NewArchive(bytes.NewReader(bomb), int64(len(bomb)), naming(t, ""), most)
	require.ErrorIs(t, err, imports.ErrSource)
	require.ErrorContains(t, err, "more bytes than the archive")
}

// TestLargeArchives reads directories in parts as archive/zip does at once, of the form
// for few entries and of that for many, in memory that does not grow.
func TestLargeArchives(t *testing.T) {
	for _, n := range []int{0, 1, 1023, 1024, 1025, 5000, 70_000} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		require.NoError(t, z.SetComment(strings.Repeat("comment", n%3*100)))
		for i := range n {
			w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("s%d/%d.jpg", i/3, i), Comment: "c"})
			require.NoError(t, err)
			_, err = fmt.Fprintf(w, "\xff\xd8\xff%d", i)
			require.NoError(t, err)
		}
		require.NoError(t, z.Close())
		want, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		require.NoError(t, err)
		a := zipped(t, b.Bytes())
		size, known := a.Size()
		require.True(t, known)
		require.EqualValues(t, n, size)
		i := 0
		var first, last runtime.MemStats
		for item, err := range a.Items(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, want.File[i].Name, item.Ref)
			if i%997 == 0 {
				content, err := item.Photo()
				require.NoError(t, err)
				require.Equal(t, jpeg(fmt.Sprint(i)), content)
			}
			if i++; i == 5000 {
				runtime.GC()
				runtime.ReadMemStats(&first)
			}
		}
		require.Equal(t, n, i)
		if n > 5000 {
			runtime.GC()
			runtime.ReadMemStats(&last)
			require.Less(t, int64(last.HeapAlloc)-int64(first.HeapAlloc), int64(4<<20))
		}
		runtime.KeepAlive(want)
	}
}

// TestDamagedArchives: of a flipped bit the rest goes on or the source is refused.
func TestDamagedArchives(t *testing.T) {
	whole := archive(t, entry{name: "ada/1.jpg", content: "\xff\xd8\xffaaaaaaaaaaaaaaaa"}, entry{name: "bob/1.jpg", content: "\xff\xd8\xffb", method: zip.Deflate})
	for cut := range whole {
		b := whole[:cut]
		a, err := imports.NewArchive(bytes.NewReader(b), int64(len(b)), naming(t, ""), most)
		if err == nil {
			_, err = readAll(t, a)
		}
		require.ErrorIs(t, err, imports.ErrSource, "cut at %d", cut)
	}
	for at := range whole {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		a, err := imports.NewArchive(bytes.NewReader(b), int64(len(b)), naming(t, ""), most)
		if err != nil {
			require.ErrorIs(t, err, imports.ErrSource)
			continue
		}
		all, err := readAll(t, a)
		if err != nil {
			require.ErrorIs(t, err, imports.ErrSource)
		}
		for _, f := range all {
			require.True(t, f.Code != "" || f.Photo == "aaaaaaaaaaaaaaaa" || f.Photo == "b", "byte %d: %q is no photo of the archive's", at, f.Photo)
		}
	}
}

func FuzzArchives(f *testing.F) {
	f.Add(archive(f, entry{name: "ada/1.jpg", content: "\xff\xd8\xffa"}, entry{name: "bob/1.jpg", content: "\xff\xd8\xffb", method: zip.Deflate}))
	f.Add(archive(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := imports.NewArchive(bytes.NewReader(b), int64(len(b)), naming(t, ""), 1000)
		if err != nil {
			require.ErrorIs(t, err, imports.ErrSource)
			return
		}
		all, err := readAll(t, a)
		if err != nil {
			require.ErrorIs(t, err, imports.ErrSource)
		}
		require.LessOrEqual(t, len(all), len(b)/46)
	})
}
