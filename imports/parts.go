package imports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"oneton/argument"
	"oneton/store"
)

// chunkSize is what a row holds of a part.
const chunkSize = 1 << 20

// Put makes the bytes part number part, from 1, of an import that has not started;
// one that was there is replaced. What an import is made from is its parts in order.
func (s *Service) Put(ctx context.Context, by store.Actor, id string, part int64, content []byte) error {
	switch {
	case part < 1 || part > MaxParts:
		return refusedArgument("part", fmt.Sprintf("must be 1 to %d", MaxParts))
	case len(content) == 0:
		return refusedArgument("body", "is empty")
	}
	for {
		there := false
		err := s.db.Update(ctx, "put a part of an import", func(tx store.Tx) error {
			if err := s.takesParts(tx, by, id); err != nil {
				return err
			}
			held, err := store.OneOf(tx, scanNumber, `SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM import_chunks WHERE import = $1 AND part <> $2`, id, part)
			if err != nil {
				return err
			}
			if held += int64(len(content)); held > int64(s.cfg.MaxBytes) {
				return argument.New(ErrTooLarge, "body", "would make it %d bytes, of at most %d", held, s.cfg.MaxBytes)
			}
			chunks, err := store.OneOf(tx, scanNumber, `SELECT count(*) FROM import_chunks WHERE import = $1 AND part = $2`, id, part)
			if there = chunks > 0; err != nil || there {
				return err
			}
			for n := 0; n*chunkSize < len(content); n++ {
				chunk := content[n*chunkSize : min(len(content), (n+1)*chunkSize)]
				if _, err := tx.Exec(`INSERT INTO import_chunks (import, part, chunk, size, lines, bytes) VALUES ($1, $2, $3, $4, $5, $6)`,
					id, part, n, len(chunk), bytes.Count(chunk, []byte{'\n'}), chunk); err != nil {
					return err
				}
			}
			_, err = tx.Exec(`UPDATE imports SET held = $2 WHERE id = $1`, id, held)
			return err
		})
		if err != nil || !there {
			return absent(id, err)
		}
		// What was there is erased apart: only removals may have the room that is kept
		// for them on a full disk.
		err = s.db.Remove(ctx, "replace a part of an import", func(tx store.Tx) error {
			if err := s.takesParts(tx, by, id); err != nil {
				return err
			}
			_, err := tx.Exec(`DELETE FROM import_chunks WHERE import = $1 AND part = $2`, id, part)
			return err
		})
		if err != nil {
			return absent(id, err)
		}
	}
}

// takesParts is nil where the tenant's import has not started.
func (*Service) takesParts(tx store.Tx, by store.Actor, id string) error {
	i, err := store.OneOf(tx, scanImport, importColumns+`WHERE id = $1 AND tenant = $2`, id, by.Tenant)
	if err == nil && i.Job != "" {
		err = ErrStarted
	}
	return err
}

// place is where a chunk stands.
type place struct {
	part, chunk, start, size, lines int64
}

// kept is what an import is made from, as it is read.
type kept struct {
	ctx    context.Context //nolint:containedctx // the job's, for as long as it reads
	db     store.DB
	id     string
	places []place
	size   int64
	// lines is how many of them end with a line feed.
	lines int64
	// recent are the chunks that were read last, by their index.
	recent []recent
}

type recent struct {
	at    int
	bytes []byte
}

// mostRecent is how many chunks are kept in memory.
const mostRecent = 8

// open reads where an import's chunks are.
func (s *Service) open(ctx context.Context, id string) (*kept, error) {
	k := &kept{ctx: ctx, db: s.db, id: id}
	places, err := store.List(ctx, s.db, "look at an import's parts", func(row store.Row) (p place, err error) {
		err = row.Scan(&p.part, &p.chunk, &p.size, &p.lines)
		return p, err
	}, `SELECT part, chunk, size, lines FROM import_chunks WHERE import = $1 ORDER BY part, chunk`, id)
	for i := range places {
		places[i].start = k.size
		k.size += places[i].size
		k.lines += places[i].lines
	}
	k.places = places
	return k, err
}

// ReadAt implements io.ReaderAt.
func (k *kept) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if off >= k.size {
			return n, io.EOF
		}
		at := sort.Search(len(k.places), func(i int) bool { return k.places[i].start+k.places[i].size > off })
		chunk, err := k.chunk(at)
		if err != nil {
			return n, err
		}
		read := copy(p[n:], chunk[off-k.places[at].start:])
		n, off = n+read, off+int64(read)
	}
	return n, nil
}

// chunk reads a chunk, unless it was read lately.
func (k *kept) chunk(at int) ([]byte, error) {
	for i, r := range k.recent {
		if r.at == at {
			k.recent = append(append(k.recent[:i:i], k.recent[i+1:]...), r)
			return r.bytes, nil
		}
	}
	p := k.places[at]
	bytes, err := store.One(k.ctx, k.db, "read a part of an import", func(row store.Row) (b []byte, err error) {
		err = row.Scan(&b)
		return b, err
	}, `SELECT bytes FROM import_chunks WHERE import = $1 AND part = $2 AND chunk = $3`, k.id, p.part, p.chunk)
	switch {
	case err != nil:
		return nil, err
	case int64(len(bytes)) != p.size:
		return nil, errors.Join(store.ErrDamaged, errors.New("a part of an import"))
	}
	k.recent = append(k.recent, recent{at, bytes})
	if len(k.recent) > mostRecent {
		k.recent = k.recent[1:]
	}
	return bytes, nil
}

// erase removes what an import is made from, a part at a time so that others wait
// little.
func (s *Service) erase(ctx context.Context, id string) error {
	for {
		var n int64
		err := s.db.Remove(ctx, "erase what an import is made from", func(tx store.Tx) (err error) {
			var p place
			err = tx.Each(func(row store.Row) error { return row.Scan(&p.part, &p.chunk) },
				`SELECT part, chunk FROM import_chunks WHERE import = $1 ORDER BY part, chunk LIMIT 1`, id)
			if err != nil {
				return err
			}
			if n, err = tx.Exec(`DELETE FROM import_chunks WHERE import = $1 AND part = $2 AND chunk < $3`, id, p.part, p.chunk+mostRecent); err != nil || n > 0 {
				return err
			}
			_, err = tx.Exec(`UPDATE imports SET held = 0 WHERE id = $1`, id)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
