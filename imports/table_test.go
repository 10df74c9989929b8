package imports_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/imports"
)

// table is a CSV file beside photos of ada, bob and in a folder.
func table(t testing.TB, text string) string {
	t.Helper()
	folder := put(t, map[string]string{"ada.jpg": "\xff\xd8\xffa", "bob.jpg": "\xff\xd8\xffb", "dir/cat.jpg": "\xff\xd8\xffc", "people.csv": text, "no.txt": "x"})
	return filepath.Join(folder, "people.csv")
}

func TestTables(t *testing.T) {
	want := []found{
		{Ref: "line 2: ada.jpg", Subject: "ada", Photo: "a", Metadata: map[string]string{"team": "red; blue", "site": "1"}},
		{Ref: "line 3: bob.jpg", Subject: "bob", Photo: "b"},
		{Ref: "line 4: dir/cat.jpg", Subject: "cat", Photo: "c", Metadata: map[string]string{"team": "x"}},
	}
	for name, text := range map[string]string{
		"plain":        "subject,photo,team,site\nada,ada.jpg,red; blue,1\nbob,bob.jpg,,\ncat,dir/cat.jpg,x,\n",
		"without end":  "subject,photo,team,site\nada,ada.jpg,red; blue,1\nbob,bob.jpg,,\ncat,dir/cat.jpg,x,",
		"CRLF":         "subject,photo,team,site\r\nada,ada.jpg,red; blue,1\r\nbob,bob.jpg,,\r\ncat,dir/cat.jpg,x,\r\n",
		"mark":         "\ufeffsubject,photo,team,site\nada,ada.jpg,red; blue,1\nbob,bob.jpg,,\ncat,dir/cat.jpg,x,\n",
		"semicolons":   "subject;photo;team;site\nada;ada.jpg;\"red; blue\";1\nbob;bob.jpg;;\ncat;dir/cat.jpg;x;\n",
		"tabs":         "subject\tphoto\tteam\tsite\nada\tada.jpg\tred; blue\t1\nbob\tbob.jpg\t\t\ncat\tdir/cat.jpg\tx\t\n",
		"other order":  "team, Photo ,site,SUBJECT\nred; blue,ada.jpg,1,ada\n,bob.jpg,, bob \nx,dir/cat.jpg,,cat\n",
		"quotes":       "\"subject\",\"photo\",\"team\",\"site\"\n\"ada\",\"ada.jpg\",\"red; blue\",\"1\"\n\"bob\",\"bob.jpg\",\"\",\"\"\n\"cat\",\"dir/cat.jpg\",\"x\",\"\"\n",
		"from Windows": "subject,photo,team,site\r\nada,.\\ada.jpg,red; blue,1\r\nbob,bob.jpg,,\r\ncat,dir\\cat.jpg,x,\r\n",
	} {
		got := read(t, opened(t, table(t, text), options(t)))
		if name == "from Windows" {
			got[0].Ref, got[2].Ref = want[0].Ref, want[2].Ref
		}
		require.Equal(t, want, got, name)
	}
}

func TestTablesWithoutSubjects(t *testing.T) {
	o := options(t)
	o.Naming = naming(t, "file")
	got := read(t, opened(t, table(t, "photo\nada.jpg\ndir/cat.jpg\n"), o))
	require.Equal(t, []found{{Ref: "line 2: ada.jpg", Subject: "ada", Photo: "a"}, {Ref: "line 3: dir/cat.jpg", Subject: "cat", Photo: "c"}}, got)
}

func TestOtherColumnsAndFolder(t *testing.T) {
	o := options(t)
	o.Columns = imports.Columns{Subject: "Employee No", Photo: "File"}
	o.Photos = put(t, map[string]string{"x/1.jpg": "\xff\xd8\xffx"})
	got := read(t, opened(t, table(t, "Employee No,File,Name\n007,x/1.jpg,James\n"), o))
	require.Equal(t, []found{{Ref: "line 2: x/1.jpg", Subject: "007", Photo: "x", Metadata: map[string]string{"Name": "James"}}}, got)
}

func TestBrokenRows(t *testing.T) {
	path := table(t, "subject,photo,team\nada,ada.jpg\nada,ada.jpg,x,y\n,ada.jpg,\nada,,\nada,none.jpg,\nada,no.txt,\nada,dir,\n"+
		"ada,../ada.jpg,\nada,/etc/passwd,\nada,https://example.com/a.jpg,\nada,a\"b.jpg,\nada,\xff.jpg,\na b,ada.jpg,\nada,\"ada.jpg\"x,\nbob,bob.jpg,\n\n")
	require.Equal(t, map[string]string{
		"line 2": "invalid_row", "line 3": "invalid_row", "line 4: ada.jpg": "no_subject", "line 5": "invalid_row", "line 6: none.jpg": "missing",
		"line 7: no.txt": "not_a_photo", "line 8: dir": "not_a_file", "line 9: ../ada.jpg": "outside", "line 10: /etc/passwd": "outside",
		"line 11: https://example.com/a.jpg": "url", "line 12": "invalid_row", "line 13": "invalid_row", "line 14: ada.jpg": "invalid_subject", "line 15": "invalid_row",
		"line 16: bob.jpg": "",
	}, codes(read(t, opened(t, path, options(t)))))
	absolute := table(t, "x")
	require.NoError(t, os.WriteFile(absolute, []byte("subject,photo\nada,"+filepath.Join(filepath.Dir(absolute), "ada.jpg")+"\n"), 0o600))
	require.Equal(t, "a", read(t, opened(t, absolute, options(t)))[0].Photo, "an absolute path into the folder")
}

// TestWrongTables are refused as a whole, with what to do.
func TestWrongTables(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        "first row",
		"name,file\nada,ada.jpg\n":                `no column "photo"`,
		"subject,photo,photo\na,b,c\n":            "two columns",
		"\xff\xfes\x00u\x00b\x00":                 "UTF-16",
		"subject,photo,g\xe9n\nada,a,b\n":         "UTF-8",
		"photo" + strings.Repeat(",c", 40) + "\n": "two columns",
	} {
		_, err := imports.Open(table(t, text), options(t))
		require.ErrorIs(t, err, imports.ErrSource)
		require.ErrorContains(t, err, want)
	}
	var wide strings.Builder
	wide.WriteString("subject,photo")
	for i := range 33 {
		fmt.Fprintf(&wide, ",c%d", i)
	}
	_, err := imports.Open(table(t, wide.String()+"\n"), options(t))
	require.ErrorContains(t, err, "33 columns of metadata")
}

// TestQuoteWithoutEnd does not take the rest of the file for a cell.
func TestQuoteWithoutEnd(t *testing.T) {
	path := table(t, "subject,photo\nada,ada.jpg\nada,\""+strings.Repeat("ada,ada.jpg\n", 1<<19))
	all, err := readAll(t, opened(t, path, options(t)))
	require.ErrorIs(t, err, imports.ErrSource)
	require.ErrorContains(t, err, "quote")
	require.Len(t, all, 1)
}

// TestLongTables takes a table of 200,000 rows in memory that does not grow.
func TestLongTables(t *testing.T) {
	path := table(t, "")
	f, err := os.Create(path)
	require.NoError(t, err)
	_, err = f.WriteString("subject,photo,team\n")
	require.NoError(t, err)
	const rows = 200_000
	for i := range rows {
		fmt.Fprintf(f, "s%d,none-%d.jpg,team %d\n", i, i, i)
	}
	require.NoError(t, f.Close())
	s := opened(t, path, options(t))
	var before, after runtime.MemStats
	n := 0
	for item, err := range s.Items(t.Context()) {
		require.NoError(t, err)
		require.Nil(t, item.Refused)
		if n++; n == 1000 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Equal(t, rows, n)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(4<<20))
}

// FuzzTables: no table is more than an error or refusals, and nothing is read beside
// the folder.
func FuzzTables(f *testing.F) {
	f.Add([]byte("subject,photo,team\nada,ada.jpg,x\n"))
	f.Add([]byte("\ufeffphoto;subject\r\n\"a\";b\r\n"))
	folder := put(f, map[string]string{"in/ada.jpg": "\xff\xd8\xffa", "secret.jpg": "\xff\xd8\xffsecret"})
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "t.csv")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		o := options(t)
		o.Photos = filepath.Join(folder, "in")
		s, err := imports.OpenTable(path, o.Photos, o.Columns, o.Naming, o.MostBytes)
		if err != nil {
			require.ErrorIs(t, err, imports.ErrSource)
			return
		}
		defer s.Close()
		rows := 0
		for item, err := range s.Items(t.Context()) {
			if err != nil {
				require.ErrorIs(t, err, imports.ErrSource)
				return
			}
			rows++
			if item.Refused == nil {
				content, err := item.Photo()
				require.True(t, err != nil || bytes.Equal(content, jpeg("a")))
			}
		}
		require.LessOrEqual(t, rows, bytes.Count(text, []byte("\n"))+1)
	})
}
