package exact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"oneton/face"
	"oneton/index"
	"oneton/search"
	"oneton/store"
)

// A search for k subjects first asks for rowsPerHit·k rows, since a subject
// may have several, and for rowsPerHit times more until they are enough.
const rowsPerHit = 4

// nearest is the nearest face of a person.
type nearest struct {
	person *person
	face   uuid.UUID
	cosine float64
}

// search returns the k subjects nearest to the probe, and what it went over.
func (p *snapshot) search(ctx context.Context, q index.Query, scanned func(rows int, bytes int64, rescored int, certified bool)) (_ []index.Hit, work index.Work, err error) {
	work.Proof = index.ProofBounds
	if p.shelf == nil {
		return nil, work, nil
	}
	if dimension := p.shelf.dimension; len(q.Probe) != dimension {
		return nil, work, fmt.Errorf("%w: the probe has %d dimensions, not %d: %w",
			index.ErrQuery, len(q.Probe), dimension, face.ErrDimension)
	}
	opt := search.Options{Threshold: q.Threshold}
	if len(q.Filter) > 0 {
		mask, some := p.chosen.mask()
		if !some {
			return nil, work, nil
		}
		opt.Filter = mask
	}
	for opt.K = q.K; ; {
		opt.K = min(opt.K, p.set.Len()/rowsPerHit+1) * rowsPerHit
		r, err := p.set.Search(ctx, q.Probe, opt)
		if err != nil {
			return nil, work, explain(ctx, err)
		}
		work = work.And(workOf(r))
		if scanned != nil {
			scanned(r.Rows, r.Bytes, r.Rescored, r.Certified)
		}
		all := len(r.Hits) < opt.K
		if best := p.group(r.Hits, all); all || len(best) >= q.K {
			return hits(best[:min(q.K, len(best))]), work, nil
		}
	}
}

func workOf(r search.Result) index.Work {
	w := index.Work{Rows: r.Rows, Bytes: r.Bytes, Rescored: r.Rescored, Proof: index.ProofBounds}
	if !r.Certified {
		w.Proof = index.ProofAll
	}
	return w
}

// explain wraps what a set answered.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, search.ErrNotUnit) || errors.Is(err, search.ErrOptions) {
		return fmt.Errorf("%w: %w", index.ErrQuery, err)
	}
	return fmt.Errorf("%w: %w", index.ErrUnavailable, err)
}

// group returns each person's nearest face, best first, ties by face id. Rows
// come best first. Unless they are all, rows that tie with the last one may be
// missing, so that only those above it are sure.
func (p *snapshot) group(rows []search.Hit, all bool) []nearest {
	var best []nearest
	at := make(map[*person]int)
	for _, h := range rows {
		cosine := clamp(h.Score)
		if !all && cosine == clamp(rows[len(rows)-1].Score) {
			break
		}
		r, _ := p.rows.at(uint32(h.ID))
		n := nearest{r.person, r.face, cosine}
		if i, ok := at[r.person]; !ok {
			at[r.person] = len(best)
			best = append(best, n)
		} else if compare(n, best[i]) < 0 {
			best[i] = n
		}
	}
	slices.SortFunc(best, compare)
	return best
}

func compare(a, b nearest) int {
	return cmp.Or(cmp.Compare(b.cosine, a.cosine), bytes.Compare(a.face[:], b.face[:]))
}

func clamp(cosine float64) float64 { return max(-1, min(1, cosine)) }

func hits(best []nearest) []index.Hit {
	out := make([]index.Hit, len(best))
	for i, n := range best {
		out[i] = index.Hit{Subject: n.person.id, Face: store.FaceID(n.face.String()), Cosine: n.cosine}
	}
	return out
}
