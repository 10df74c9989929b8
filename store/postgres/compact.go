package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	// compactSpan is how many positions of the log are looked at together, and
	// compactBatch how many rows one transaction removes, so that enrolments
	// are not held up.
	compactSpan, compactBatch = 4096, 256

	// useless are rows of the log that say nothing any more: puts of faces that
	// are gone or were put again, and of metadata that were put again. The last
	// row stays, since it is the log's position.
	useless = `SELECT seq FROM changes c WHERE seq > $1 AND seq <= $2 AND seq < (SELECT max(seq) FROM changes)
		AND (kind = 1 AND NOT EXISTS (SELECT FROM faces WHERE enrolled = c.enrolled)
			OR kind = 1 AND EXISTS (SELECT FROM faces f JOIN changes d ON d.seq = f.put WHERE f.enrolled = c.enrolled AND d.seq > c.seq AND d.enrolled = c.enrolled AND d.kind = 1)
			OR kind = ` + putMetadata + ` AND NOT EXISTS (SELECT FROM subjects WHERE changed = c.seq))`
)

// CompactLog removes the rows of the log that tell no view anything, wherever
// it is, and returns how many. Positions stay as they are, with gaps, and rows
// that delete stay, since views that are behind need them.
func (s *Store) CompactLog(ctx context.Context) (removed int, err error) {
	end, err := s.Position(ctx)
	if err != nil {
		return 0, err
	}
	for after := uint64(0); after < end; after += compactSpan {
		seqs, err := list(ctx, s, "compact the log", pgx.RowTo[int64], useless, after, after+compactSpan)
		if err != nil {
			return removed, err
		}
		for len(seqs) > 0 {
			some := seqs[:min(compactBatch, len(seqs))]
			seqs = seqs[len(some):]
			if err := s.write(ctx, "compact the log", func(tx *tx) error {
				tx.queue(`DELETE FROM changes WHERE seq = ANY ($1)`, some)
				return tx.flush()
			}); err != nil {
				return removed, err
			}
			removed += len(some)
		}
	}
	return removed, nil
}
