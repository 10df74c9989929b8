package client

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// pageRows is how many rows are asked for at once: the most that a server gives.
const pageRows = 1000

// page is one of a list.
type page[T any] struct {
	// name is what an answer has the rows under.
	name string
	rows []T
	next string
}

// UnmarshalJSON reads the rows and what comes after them.
func (p *page[T]) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name, into := range map[string]any{p.name: &p.rows, "next": &p.next} {
		if value, ok := fields[name]; ok {
			if err := json.Unmarshal(value, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// list walks through the rows that the answers of a call have under a name.
func list[T any](ctx context.Context, c *Client, name string, query url.Values, path ...string) iter.Seq2[T, error] {
	return rows(ctx, query, func(ctx context.Context, q url.Values) (page[T], error) {
		p := page[T]{name: name}
		call := get(path...)
		call.query = q
		_, err := c.fetch(ctx, call, &p)
		return p, err
	})
}

// rows walks through a list, page by page. A page's error ends it.
func rows[T any](ctx context.Context, query url.Values, fetch func(context.Context, url.Values) (page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := maps.Clone(query)
		if q == nil {
			q = url.Values{}
		}
		q.Set("limit", strconv.Itoa(pageRows))
		for {
			p, err := fetch(ctx, q)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range p.rows {
				if !yield(row, nil) {
					return
				}
			}
			if p.next == "" {
				return
			}
			q.Set("after", p.next)
		}
	}
}

// restrict is the query of a list that is restricted by the pairs of a name and a value that is not empty.
func restrict(pairs ...string) url.Values {
	q := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	return q
}

// get is a call that reads.
func get(path ...string) call { return call{method: http.MethodGet, path: path, reads: true} }
