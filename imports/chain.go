package imports

import (
	"context"
	"errors"
	"iter"
)

// Named is a source and what it is called.
type Named struct {
	Name string
	Source
}

// Chain is several sources, one after the other. Where there are more than one, each
// item says which it is from.
func Chain(sources ...Named) Source {
	if len(sources) == 1 {
		return sources[0]
	}
	return chain(sources)
}

type chain []Named

func (c chain) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for _, s := range c {
			for item, err := range s.Items(ctx) {
				item.Ref = shown(s.Name) + ": " + item.Ref
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}

// Size is known when all are: of sources whose items take different parts, it tells
// how much is left only so well.
func (c chain) Size() (size int64, known bool) {
	known = true
	for _, s := range c {
		n, is := s.Size()
		size, known = size+n, known && is
	}
	return size, known
}

func (c chain) Close() error {
	var errs []error
	for _, s := range c {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
