package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// output is how a command tells its result, on standard output: as text for people, or
// as JSON. Everything else goes to standard error.
type output struct {
	JSON bool `help:"Print JSON: one document, or a line for each row of a list." name:"json"`
}

// print prints a result: the value as one JSON document, or the text.
func (o output) print(value any, text func(io.Writer) error) error {
	if o.JSON {
		return o.line(value)
	}
	return text(os.Stdout)
}

// say prints a result whose text is one line.
func (o output) say(value any, format string, args ...any) error {
	return o.print(value, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		return err
	})
}

// table prints a result whose text is columns, apart by tabs.
func (o output) table(value any, text func(io.Writer)) error {
	return o.print(value, func(w io.Writer) error {
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		text(out)
		return out.Flush()
	})
}

// printAll prints the rows of a list.
func printAll[T any](o output, all []T, text func(io.Writer, T)) error {
	out := newRows(o, text)
	for _, row := range all {
		if err := out.add(row); err != nil {
			return err
		}
	}
	return out.end()
}

// aside is where a command says what it does beside its result: with the result for
// people, and apart from it for programs.
func (o output) aside() io.Writer {
	if o.JSON {
		return os.Stderr
	}
	return os.Stdout
}

// line prints a value as one line of JSON.
func (o output) line(value any) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

// rows prints a list: a line of JSON for each row as it comes, or the rows as columns,
// apart by tabs, when all are there.
type rows[T any] struct {
	output

	text func(io.Writer, T)
	out  *tabwriter.Writer
}

func newRows[T any](o output, text func(io.Writer, T)) *rows[T] {
	return &rows[T]{o, text, tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
}

// add prints a row.
func (r *rows[T]) add(value T) error {
	if r.JSON {
		return r.line(value)
	}
	r.text(r.out, value)
	return nil
}

// end prints what waits.
func (r *rows[T]) end() error { return r.out.Flush() }
