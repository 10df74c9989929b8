package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// pageRows is how many rows are asked for at once: the most that a server gives.
const pageRows = 1000

// page is one of a list.
type page[T any] struct {
	rows []T
	next string
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

// get is a call that reads.
func get(path ...string) call { return call{method: http.MethodGet, path: path, reads: true} }
