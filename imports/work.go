package imports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync"
	"time"

	"oneton/identify"
	"oneton/job"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
)

const (
	// writeAfter is how long what came of items waits to be written, at most mostUnwritten
	// of them.
	writeAfter    = time.Second
	mostUnwritten = 256
)

// do is one attempt at an import.
func (s *Service) do(ctx context.Context, j *job.Job) ([]byte, error) {
	id := string(j.Input)
	i, err := store.One(ctx, s.db, "read an import", scanImport, importColumns+`WHERE id = $1 AND tenant = $2`, id, j.Tenant)
	if err != nil {
		return nil, err
	}
	w := &work{Service: s, Import: i, job: j, done: make(bitmap, 0)}
	err = w.run(ctx)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, job.ErrCancelled), errors.Is(cause, job.ErrExpired):
		_ = s.erase(context.WithoutCancel(ctx), id) // else Sweep does
		return nil, err
	case errors.Is(cause, job.ErrStopping), errors.Is(err, job.ErrLost):
		return nil, err
	case errors.Is(err, ErrSource), errors.Is(err, ErrInvalid):
		return nil, w.end(ctx, fmt.Errorf("%w: %w", job.ErrInvalid, err))
	case errors.Is(err, store.ErrNotFound):
		return nil, w.end(ctx, fmt.Errorf("%w: the gallery is gone", job.ErrFailed))
	case err != nil:
		return nil, err
	}
	return nil, w.end(ctx, nil)
}

// work is an import as it is done.
type work struct {
	*Service
	Import
	job *job.Job
	// done are the items that have been done before.
	done bitmap

	unwritten []ItemResult
	written   time.Time
	loader    *Loader
	kept      *shared
	before    int64
	// lines is how many there are, in that format.
	lines int64
}

// bitmap is a set of whole numbers.
type bitmap []uint64

const word = 64

func (b *bitmap) add(n int64) {
	for int64(len(*b)) <= n/word {
		*b = append(*b, 0)
	}
	(*b)[n/word] |= 1 << (n % word)
}

func (b bitmap) has(n int64) bool { return n/word < int64(len(b)) && b[n/word]>>(n%word)&1 == 1 }

// run imports what has not been.
func (w *work) run(ctx context.Context) error {
	const page = 10_000
	for after := int64(-1); ; {
		some, err := store.List(ctx, w.db, "read what came of an import", scanNumber, `SELECT n FROM import_items WHERE import = $1 AND n > $2 ORDER BY n LIMIT $3`, w.ID, after, page)
		if err != nil {
			return err
		}
		for _, n := range some {
			w.done.add(n)
			after = n
		}
		w.before += int64(len(some))
		if len(some) < page {
			break
		}
	}
	kept, err := w.open(ctx, w.ID)
	if err != nil {
		return err
	}
	naming, err := NewNaming(w.SubjectFrom, w.MakeIDs)
	if err != nil {
		return err
	}
	shared := &shared{r: kept, size: kept.size}
	w.lines = kept.lines
	var source Source = NewLines(io.NewSectionReader(shared, 0, kept.size), kept.size, naming, w.cfg.MostPhoto)
	if w.Format == FormatZIP {
		if source, err = NewArchive(shared, kept.size, naming, w.cfg.MostPhoto); err != nil {
			return cmp.Or(shared.failed(), err)
		}
	}
	parallel := w.cfg.Parallel
	if parallel == 0 {
		parallel = 2 * runtime.GOMAXPROCS(0)
	}
	w.written = time.Now()
	w.kept = shared
	w.loader = NewLoader(Config{Parallel: parallel, Report: func(r Result) error { return w.note(ctx, r) }}, &undone{source, w}, w)
	if err := w.loader.Run(ctx); err != nil {
		return cmp.Or(shared.failed(), err)
	}
	w.lines = w.loader.Totals().Items + w.before // which blank lines are none of
	return w.write(ctx)
}

// shared lets several read at once.
type shared struct {
	mu   sync.Mutex
	r    io.ReaderAt
	size int64
	// err is why something could not be read, which no photo is to blame for.
	err error
}

func (s *shared) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *shared) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// What is told of an item takes a few hundred bytes of the database, so a source may
// have few items, and one more for each leastPhoto bytes, which no photo is smaller than.
const (
	few        = 10_000
	leastPhoto = 100
)

// undone is a source without the items that have been done before.
type undone struct {
	Source
	w *work
}

// Items implements Source.
func (u *undone) Items(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		n := int64(-1)
		for item, err := range u.Source.Items(ctx) {
			n++
			if n >= few+u.w.kept.size/leastPhoto {
				yield(Item{}, fmt.Errorf("%w: it has more entries or lines than photos have room in it", ErrSource))
				return
			}
			if err == nil && u.w.done.has(n) {
				continue
			}
			item.n = n
			if !yield(item, err) {
				return
			}
		}
	}
}

// Enrol implements Enroller. What came of a photo that is added is written with it.
func (w *work) Enrol(ctx context.Context, item Item, content []byte) (Outcome, error) {
	req := identify.EnrolRequest{
		Gallery: w.Gallery, Subject: item.Subject, OrCreate: true, Once: true, Metadata: item.Metadata, Photos: [][]byte{content}, Detail: w.Detail,
		Also: func(tx store.Tx, faces []store.Face) error {
			if err := w.job.Hold(tx); err != nil {
				return err
			}
			return insert(tx, w.ID, ItemResult{N: item.n, Ref: item.Ref, Subject: item.Subject, Outcome: Added, Face: faces[0].ID})
		},
	}
	if w.Existing != ExistingAdd {
		req.Import = "import-" + w.ID
	}
	for {
		e, err := w.rooms.Faces.Enrol(ctx, w.by, req)
		switch {
		case errors.Is(err, pool.ErrBusy):
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
			continue
		case err == nil && len(e.Faces) == 0:
			return Present, nil
		case err == nil:
			return Added, nil
		case errors.Is(err, store.ErrExists) && w.Existing == ExistingSkip:
			return Skipped, nil
		}
		if r := ofPhoto(err); r != nil {
			return "", r
		}
		return "", err
	}
}

// refusals are the errors that are of one photo.
var refusals = []struct {
	err          error
	code, advice string
}{
	{identify.ErrNoFace, "no_face", "use a photo that shows the person's face upright and near"},
	{identify.ErrSeveralFaces, "several_faces", "crop the photo to the person's face"},
	{identify.ErrFaceTooSmall, "face_too_small", "use a photo taken from nearer"},
	{identify.ErrLowQuality, "low_quality", "use a sharper, brighter photo of the whole face"},
	{identify.ErrSpoof, "spoof_suspected", "use a photo of the person, not of a picture"},
	{identify.ErrLivenessUnknown, "liveness_unknown", "use a photo that shows more around the face, or a gallery without the liveness check"},
	{photo.ErrUnsupported, CodeNotAPhoto, "photos are still JPEG, PNG, WebP or BMP; leave other files out"},
	{photo.ErrCorrupt, "corrupt_image", "copy the whole file anew"},
	{photo.ErrTooLarge, CodeTooLarge, "save the photo smaller"},
	{photo.ErrTooComplex, "image_too_complex", "save the photo anew as a plain JPEG"},
	{photo.ErrTooSmall, "image_too_small", "use a larger photo"},
	{identify.ErrTooManyFaces, "too_many_faces", "delete some of the person's faces first"},
	{store.ErrEnding, "being_deleted", "take the person's deletion back first, or wait until it is made"},
	{store.ErrExists, "already_exists", "rename the person, or let photos be added"},
	{identify.ErrInvalid, "invalid_request", "mend what the message names"},
}

// ofPhoto is the refusal of one photo, or nil where the error is of all.
func ofPhoto(err error) *Refusal {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return refuse(r.code, messageOf(err, r.err), r.advice)
		}
	}
	return nil
}

// messageOf is what an error that is a sentinel says of a photo, without the names of
// our rooms.
func messageOf(err, sentinel error) string {
	_, message, _ := strings.Cut(sentinel.Error(), ": ")
	if _, more, ok := strings.Cut(err.Error(), sentinel.Error()+": "); ok {
		message += ": " + more
	}
	if about, ok := errors.AsType[*identify.ArgumentError](err); ok && errors.Is(err, identify.ErrInvalid) {
		message = about.Argument + strings.TrimPrefix(message, "invalid argument:")
	}
	return message
}

// note keeps what came of an item, until there is enough to write.
func (w *work) note(ctx context.Context, r Result) error {
	if err := w.kept.failed(); err != nil && r.Outcome == Refused {
		return err
	}
	if w.rooms.Observer != nil {
		w.rooms.Observer.Items(r.Outcome, 1)
	}
	if r.Outcome != Added { // which is written already
		item := ItemResult{N: r.n, Ref: r.Ref, Subject: r.Subject, Outcome: r.Outcome}
		if r.Refusal != nil {
			item.Refusal = *r.Refusal
		}
		w.unwritten = append(w.unwritten, item)
	}
	if len(w.unwritten) < mostUnwritten && time.Since(w.written) < writeAfter {
		return nil
	}
	return w.write(ctx)
}

// write writes what came of items, and how far the import has come.
func (w *work) write(ctx context.Context) error {
	size, known := w.loader.Size()
	done := w.loader.Totals().Items + w.before
	switch {
	case w.Format == FormatLines:
		size = max(w.lines, done) // the last may end without a line feed
	case !known:
		size = 0
	}
	err := w.db.Update(ctx, "write what came of an import", func(tx store.Tx) error {
		if err := w.job.Hold(tx); err != nil {
			return err
		}
		for _, item := range w.unwritten {
			if err := insert(tx, w.ID, item); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.unwritten, w.written = w.unwritten[:0], time.Now()
	return w.job.Progress(ctx, done, size)
}

// insert writes what came of an item, once.
func insert(tx store.Tx, id string, r ItemResult) error {
	const longest = 1000
	text := r.Message
	if len(text) > longest {
		text = text[:longest]
	}
	_, err := tx.Exec(`INSERT INTO import_items (import, n, ref, subject, outcome, face, code, message, advice) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (import, n) DO NOTHING`, id, r.N, shown(r.Ref), r.Subject, r.Outcome, r.Face, r.Code, shown(text), r.Advice)
	return err
}

// end ends the job with its event, and erases what the import was made from.
func (w *work) end(ctx context.Context, with error) error {
	if len(w.unwritten) > 0 {
		if err := w.write(ctx); err != nil {
			return err
		}
	}
	counts, err := w.counts(ctx, w.ID)
	if err != nil {
		return err
	}
	err = w.db.Remove(ctx, "end an import", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE imports SET erase_at = $2 WHERE id = $1`, w.ID, now.Add(w.cfg.Keep)); err != nil {
			return err
		}
		outcome := "succeeded"
		if with != nil {
			outcome = "failed"
		}
		if err := w.rooms.Events.Emit(tx, w.by.Tenant, Finished, struct {
			Import  string `json:"import"`
			Gallery string `json:"gallery"`
			Outcome string `json:"outcome"`
			Counts
		}{w.ID, w.Gallery, outcome, counts}); err != nil {
			return err
		}
		return w.job.Finish(tx, nil, with)
	})
	if err != nil {
		return err
	}
	if err := w.erase(ctx, w.ID); err != nil {
		w.rooms.Log.Error().Err(err).Msg("what an import was made from is not erased, and will be within minutes")
	}
	return nil
}

// Sweep erases what imports were made from that have ended without a process that did,
// and forgets those whose time is over.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	held, err := store.List(ctx, s.db, "look for ended imports", scanImport, importColumns+`WHERE held > 0 AND job IS NOT NULL`)
	if err != nil {
		return err
	}
	for _, i := range held {
		state, err := s.rooms.Jobs.Get(ctx, i.by.Tenant, i.Job)
		if err == nil && !state.Status.Ended() {
			continue
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := s.erase(ctx, i.ID); err != nil {
			return err
		}
	}
	old, err := store.List(ctx, s.db, "look for old imports", scanImport, importColumns+`WHERE erase_at <= $1 LIMIT 100`, now)
	for n := 0; n < len(old) && err == nil; n++ {
		if err = s.erase(ctx, old[n].ID); err != nil {
			return err
		}
		err = s.db.Remove(ctx, "forget an import", func(tx store.Tx) error {
			_, err := tx.Exec(`DELETE FROM imports WHERE id = $1`, old[n].ID)
			return err
		})
	}
	return err
}
