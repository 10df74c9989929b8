package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"oneton/store"
)

// odd is a cell that is not of its column's kind, as in a damaged row: it is carried
// as it is, so that the row stays as damaged as it was.
type odd struct {
	Text    *[]byte  `json:"text,omitempty"`
	Bytes   *[]byte  `json:"bytes,omitempty"`
	Integer *int64   `json:"integer,omitempty"`
	Real    *float64 `json:"real,omitempty"`
}

// appendRow appends a row as a line: a JSON array with a value for each column.
// Bytes are in base64; what is not of its column's kind is an object.
func appendRow(lines []byte, t store.Table, row []any) ([]byte, error) {
	cells := make([]any, len(row))
	for i, c := range row {
		cells[i] = c
		if !fits(t.Columns[i].Kind, c) {
			switch v := c.(type) {
			case string:
				cells[i] = odd{Text: new([]byte(v))}
			case []byte:
				cells[i] = odd{Bytes: &v}
			case int64:
				cells[i] = odd{Integer: &v}
			case float64:
				cells[i] = odd{Real: &v}
			default:
				return nil, fmt.Errorf("%w: column %s.%s has a %T", store.ErrInvalid, t.Name, t.Columns[i].Name, c)
			}
		}
	}
	out := bytes.NewBuffer(lines)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(cells); err != nil {
		return nil, fmt.Errorf("write row of table %s: %w", t.Name, err)
	}
	return out.Bytes(), nil
}

// fits tells whether a cell is of the kind and can be written as it is.
func fits(k store.Kind, cell any) bool {
	switch v := cell.(type) {
	case nil:
		return true
	case string:
		return (k == store.Text || k == store.JSON) && utf8.ValidString(v)
	case []byte:
		return k == store.Bytes
	case int64:
		return k == store.Integer || k == store.Time
	case bool:
		return k == store.Boolean
	}
	return false
}

var errRow = errors.New("it is no row of its table")

// readRow reads a line as appendRow writes it.
func readRow(t store.Table, line []byte) ([]any, error) {
	var cells []json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return nil, fmt.Errorf("%w: %w", errRow, err)
	}
	if len(cells) != len(t.Columns) {
		return nil, fmt.Errorf("%w: it has %d values for %d columns", errRow, len(cells), len(t.Columns))
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		var err error
		if row[i], err = readCell(t.Columns[i].Kind, c); err != nil {
			return nil, fmt.Errorf("column %s: %w", t.Columns[i].Name, err)
		}
	}
	return row, nil
}

func readCell(k store.Kind, cell json.RawMessage) (any, error) {
	switch {
	case string(cell) == "null":
		return nil, nil
	case cell[0] == '{':
		return readOdd(cell)
	}
	var err error
	switch k {
	case store.Text, store.JSON:
		var v string
		err = json.Unmarshal(cell, &v)
		return v, err
	case store.Bytes:
		v := []byte{}
		err = json.Unmarshal(cell, &v)
		return v, err
	case store.Boolean:
		var v bool
		err = json.Unmarshal(cell, &v)
		return v, err
	case store.Integer, store.Time:
		return strconv.ParseInt(string(cell), 10, 64)
	}
	return nil, fmt.Errorf("%w: no column is of kind %.32q", errRow, k)
}

func readOdd(cell json.RawMessage) (any, error) {
	var v odd
	if err := json.Unmarshal(cell, &v); err != nil {
		return nil, fmt.Errorf("%w: %w", errRow, err)
	}
	switch {
	case v.Text != nil:
		return string(*v.Text), nil
	case v.Bytes != nil:
		return *v.Bytes, nil
	case v.Integer != nil:
		return *v.Integer, nil
	case v.Real != nil:
		return *v.Real, nil
	}
	return nil, fmt.Errorf("%w: an object that says nothing", errRow)
}
