package imports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"oneton/identify"
	"oneton/store"
)

// longestRow is the most that a row of a table may have, in bytes.
const longestRow = 1 << 20

// Columns names a table's columns that are not metadata.
type Columns struct {
	// Subject says whose the photo is; where the table has no such column, the photo's
	// path does. Photo is the path, relative to the folder of photos.
	Subject, Photo string
}

// DefaultColumns are those of a table whose owner does not say.
func DefaultColumns() Columns { return Columns{Subject: "subject", Photo: "photo"} }

// Table is a CSV file (RFC 4180) with one row a photo. Cells are separated by commas,
// semicolons or tabs, as the first row shows. What the row says beside the person and
// the photo is a new person's metadata.
type Table struct {
	files
	naming  Naming
	file    *os.File
	size    int64
	rows    *csv.Reader
	bound   *bounded
	columns []string
	// subject and photo are where those columns are; subject is -1 for none.
	subject, photo int
}

// OpenTable opens a CSV file, whose photos lie in the folder, or in the table's own
// when that is empty.
func OpenTable(path, folder string, columns Columns, naming Naming, most int64) (_ *Table, err error) {
	if folder == "" {
		folder = filepath.Dir(path)
	}
	f, err := openFiles(folder, most)
	if err != nil {
		return nil, err
	}
	t := &Table{files: f, naming: naming}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if t.file, err = openRegular(path); err != nil {
		return nil, err
	}
	info, err := t.file.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	t.size = info.Size()
	return t, t.head(columns)
}

// openRegular opens a file that is neither a device nor a pipe.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", shown(path))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	return f, nil
}

// Close implements Source.
func (t *Table) Close() error {
	err := t.root.Close()
	if t.file != nil {
		err = errors.Join(err, t.file.Close())
	}
	return err
}

// Size implements Source: the file's bytes.
func (t *Table) Size() (int64, bool) { return t.size, true }

// head reads the first row, which names the columns.
func (t *Table) head(columns Columns) error {
	t.bound = &bounded{r: t.file, left: longestRow}
	r := bufio.NewReaderSize(t.bound, longestRow)
	first, err := r.Peek(longestRow)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLongRow) {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	if bytes.HasPrefix(first, []byte{0xff, 0xfe}) || bytes.HasPrefix(first, []byte{0xfe, 0xff}) {
		return fmt.Errorf("%w: the table is UTF-16; save it as \"CSV UTF-8\"", ErrSource)
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(first, mark) {
		_, _ = r.Discard(len(mark)) // which was peeked
		first = first[len(mark):]
	}
	line, _, _ := bytes.Cut(first, []byte("\n"))
	t.rows = csv.NewReader(r)
	t.rows.Comma = separator(line)
	t.rows.FieldsPerRecord = -1
	t.bound.left = longestRow
	row, err := t.rows.Read()
	if err != nil {
		return fmt.Errorf("%w: the table's first row, which names the columns: %w", ErrSource, err)
	}
	t.subject, t.photo = -1, -1
	for i, name := range row {
		name = strings.TrimSpace(name)
		t.columns = append(t.columns, name)
		switch {
		case !utf8.ValidString(name):
			return fmt.Errorf("%w: the table is not UTF-8; save it as \"CSV UTF-8\"", ErrSource)
		case slices.Contains(t.columns[:i], name) && name != "":
			return fmt.Errorf("%w: the table has two columns %q", ErrSource, name)
		case strings.EqualFold(name, columns.Subject):
			t.subject = i
		case strings.EqualFold(name, columns.Photo):
			t.photo = i
		}
	}
	if t.photo < 0 {
		return fmt.Errorf("%w: the table has no column %q with the photos' paths; it has %s", ErrSource, columns.Photo, strings.Join(t.columns, ", "))
	}
	if n := len(t.columns) - 2; n > identify.MaxMetadata {
		return fmt.Errorf("%w: the table has %d columns of metadata, a person has at most %d", ErrSource, n, identify.MaxMetadata)
	}
	return nil
}

// separator is what a table's first row is separated by.
func separator(line []byte) rune {
	best, most := ',', 0
	for _, s := range ",;\t" {
		if n := bytes.Count(line, []byte(string(s))); n > most {
			best, most = s, n
		}
	}
	return best
}

// Items implements Source.
func (t *Table) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		at := t.rows.InputOffset()
		for ctx.Err() == nil {
			t.bound.left = 2 * longestRow // of which the buffer may have taken half
			row, err := t.rows.Read()
			end := t.rows.InputOffset()
			var broken *csv.ParseError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, errLongRow):
				yield(Item{}, fmt.Errorf("%w: a row has more than %d bytes, as where a quote does not end", ErrSource, longestRow))
				return
			case errors.As(err, &broken):
				item := Item{Ref: fmt.Sprintf("line %d", broken.StartLine), Part: end - at}
				item.Refused = refuse(CodeRow, "the row is no CSV: "+broken.Err.Error(), "mend the row's quotes")
				if !yield(item, nil) {
					return
				}
			case err != nil:
				yield(Item{}, fmt.Errorf("%w: %w", ErrSource, err))
				return
			default:
				line, _ := t.rows.FieldPos(0)
				if !yield(t.item(row, line, end-at), nil) {
					return
				}
			}
			at = end
		}
		yield(Item{}, ctx.Err())
	}
}

// item is a row.
func (t *Table) item(row []string, line int, part int64) Item {
	item := Item{Ref: fmt.Sprintf("line %d", line), Part: part}
	if len(row) != len(t.columns) {
		item.Refused = refuse(CodeRow, fmt.Sprintf("the row has %d cells, the table has %d columns", len(row), len(t.columns)), "mend the row; a cell with a separator or a line break stands in quotes")
		return item
	}
	for i, cell := range row {
		switch {
		case !utf8.ValidString(cell):
			item.Refused = refuse(CodeRow, "the row is not UTF-8", `save the table as "CSV UTF-8"`)
			return item
		case !store.ValidText(cell):
			item.Refused = refuse(CodeRow, "the row has a NUL, U+0000", `take it out; a table in UTF-16 is saved as "CSV UTF-8"`)
			return item
		}
		if cell = strings.TrimSpace(cell); i == t.subject || i == t.photo || cell == "" || t.columns[i] == "" {
			continue
		}
		if item.Metadata == nil {
			item.Metadata = make(map[string]string)
		}
		item.Metadata[t.columns[i]] = cell
	}
	given := strings.TrimSpace(row[t.photo])
	if given == "" {
		item.Refused = refuse(CodeRow, "the row names no photo", "put the photo's path there")
		return item
	}
	item.Ref += ": " + shown(given)
	path, refused := t.within(given)
	if refused != nil {
		item.Refused = refused
		return item
	}
	item.Photo = func() ([]byte, error) { return t.files.photo(path) }
	if t.subject < 0 {
		t.naming.of(&item, filepath.ToSlash(path))
		return item
	}
	t.naming.subject(&item, strings.TrimSpace(row[t.subject]))
	return item
}

var errLongRow = errors.New("imports: row is too long")

// bounded reads at most so many bytes between two settings of left.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
