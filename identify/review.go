package identify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"oneton/audit"
	"oneton/face"
	"oneton/store"
)

const (
	// MaxReview is the longest that an answer waits for a person.
	MaxReview = 90 * 24 * time.Hour
	// openReviews is how many wait in a gallery at most: more are not queued.
	openReviews = 1000
)

// KindReview is that of a ResourceError.
const KindReview = "review"

// The decisions on an answer of several candidates.
const (
	DecisionCandidate = "candidate" // it is one of them
	DecisionNone      = "none"      // it is none of them
	DecisionSame      = "same"      // some of them are one person
)

// ErrDecided means that somebody has decided already.
var ErrDecided = errors.New("identify: review is decided")

// ErrNoCandidate means that a decision names who is no candidate, or none any more: who
// was deleted, merged or moved, or whose face was split off, deleted or set aside.
var ErrNoCandidate = errors.New("identify: not a candidate of the review")

// Review is an answer of several candidates that waits for a person, or was decided.
type Review struct {
	ID string
	At time.Time
	// By is the key of who searched, and Request the request in the log.
	By      store.KeyID
	Request string
	ReviewFigures
	// Candidates are those that are there still with the face that was found, best first,
	// and whoever was decided for is one as long as they are there.
	Candidates []ReviewCandidate
	HasPhoto   bool
	// Decision is empty while it waits.
	Decision  string
	DecidedAt time.Time
	DecidedBy store.KeyID
	// EndsAt is when nothing of it is kept any more.
	EndsAt time.Time
}

// ReviewFigures are what the search saw.
type ReviewFigures struct {
	// Box is the face's in the photo, as photo.Face has it.
	Box      face.Box `json:"box"`
	Rotation int      `json:"rotation"`
	// Threshold was applied, of Faces that were enrolled.
	Threshold float64 `json:"threshold"`
	Faces     int     `json:"faces"`
}

// ReviewCandidate is one of whom the answer named.
type ReviewCandidate struct {
	Subject store.SubjectID
	// Face is the one that was found, and empty where whoever was decided for has it no more.
	Face store.FaceID
	Likely
	// Chosen says that it was decided for.
	Chosen bool
}

// Likely says how alike a candidate is.
type Likely struct {
	Cosine float64 `json:"cosine"`
	Score  float64 `json:"score"`
}

// queue lets an answer of several candidates wait for a person, where the gallery asks
// for it. The answer does not depend on it: where it cannot be kept, nobody is told
// that it waits.
func (s *Service) queue(ctx context.Context, by store.Actor, g store.Gallery, req SearchRequest, shots []shot, a *Answer) {
	if g.Policy.Review == 0 || req.Threshold != nil || req.FPIR > 0 {
		return
	}
	content := store.Photo{MediaType: shots[0].media, Bytes: req.Photos[0]}
	if len(a.Probes)+a.LeftOut > 1 {
		content = store.Photo{} // each would have all the others', too
	}
	for i := range a.Probes {
		p := &a.Probes[i]
		if p.Outcome != Several {
			continue
		}
		if id, err := s.enqueue(ctx, by, g, content, *p); err == nil {
			p.Review = id
		}
	}
}

// noPhoto is the number of the named where no photo is kept, or none any more.
const noPhoto = -1

// theirs is true of a candidate c whose face is the subject's still.
const theirs = `EXISTS (SELECT 1 FROM faces f WHERE ` + facing + `)`

const facing = `f.id = c.face AND f.gallery = c.gallery AND f.subject = c.subject`

// photoKept is true of a review whose photo is to be kept: all are there still whom the
// answer named, and have the faces by which it did, since whoever has them by now may be
// whom the photo shows, and go.
const photoKept = `named = (SELECT count(*) FROM review_candidates c WHERE c.review = reviews.id AND ` + theirs + `)`

var errQueueFull = errors.New("identify: as many reviews wait as may")

// enqueue keeps the photo unless it is empty or the gallery keeps none.
func (s *Service) enqueue(ctx context.Context, by store.Actor, g store.Gallery, content store.Photo, p ProbeAnswer) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name review: %w", err)
	}
	figures, err := json.Marshal(ReviewFigures{Box: p.Face.Box, Rotation: p.Face.Rotation, Threshold: p.Threshold, Faces: p.Faces})
	if err != nil {
		return "", fmt.Errorf("queue review: %w", err)
	}
	now, named := s.now(), noPhoto
	if g.Policy.KeepPhotos && len(content.Bytes) > 0 {
		named = len(p.ranked)
	}
	err = s.store.Update(ctx, "queue a review", func(tx store.Tx) error {
		waiting, err := store.OneOf(tx, func(row store.Row) (n int64, err error) { err = row.Scan(&n); return n, err },
			`SELECT count(*) FROM reviews WHERE gallery = $1 AND decision = ''`, g.ID)
		if err != nil {
			return err
		}
		if waiting >= openReviews {
			return errQueueFull
		}
		if _, err := tx.Exec(`INSERT INTO reviews (id, gallery, at, actor, request, figures, decision, decided_by, ends_at, named) VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $8)`,
			id.String(), g.ID, now, by.Key, by.Request, string(figures), now.Add(g.Policy.Review), named); err != nil {
			return err
		}
		for i, c := range p.ranked {
			figures, err := json.Marshal(Likely{c.Cosine, c.Score})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO review_candidates (review, place, gallery, subject, face, figures, chosen) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				id.String(), i, g.ID, c.Subject, c.Face, string(figures), false); err != nil {
				return err
			}
		}
		if named == noPhoto {
			return nil
		}
		_, err = tx.Exec(`INSERT INTO review_photos (review, gallery, media_type, bytes) VALUES ($1, $2, $3, $4)`, id.String(), g.ID, content.MediaType, content.Bytes)
		return err
	})
	return id.String(), err
}

const reviewColumns = `SELECT id, at, actor, request, figures, decision, decided_at, decided_by, ends_at, EXISTS (SELECT 1 FROM review_photos p WHERE p.review = id) AND ` + photoKept + ` FROM reviews `

func scanReview(row store.Row) (r Review, err error) {
	var figures string
	if err := row.Scan(&r.ID, &r.At, &r.By, &r.Request, &figures, &r.Decision, &r.DecidedAt, &r.DecidedBy, &r.EndsAt, &r.HasPhoto); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(figures), &r.ReviewFigures); err != nil {
		return r, fmt.Errorf("%w: read review: %w", store.ErrDamaged, err)
	}
	return r, nil
}

// Reviews lists a gallery's answers of several candidates by their ids, which is the
// order in which they came: those that wait, or those that were decided.
func (s *Service) Reviews(ctx context.Context, by store.Actor, gallery string, decided bool, p store.Page) ([]Review, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list reviews: %w", err)
	}
	condition := `decision = ''`
	if decided {
		condition = `decision <> ''`
	}
	reviews, err := store.List(ctx, s.store, "list reviews", scanReview,
		reviewColumns+`WHERE gallery = $1 AND `+condition+` AND id > $2 AND ends_at > $3 ORDER BY id LIMIT $4`, g.ID, p.After, s.now(), max(p.Limit, 0))
	if err != nil {
		return nil, err
	}
	for i := range reviews {
		if reviews[i].Candidates, err = s.candidates(ctx, reviews[i].ID); err != nil {
			return nil, err
		}
	}
	return reviews, nil
}

func (s *Service) candidates(ctx context.Context, review string) ([]ReviewCandidate, error) {
	return store.List(ctx, s.store, "read candidates", func(row store.Row) (c ReviewCandidate, err error) {
		var figures string
		if err := row.Scan(&c.Subject, &c.Face, &figures, &c.Chosen); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(figures), &c.Likely)
	}, `SELECT c.subject, COALESCE(f.id, ''), c.figures, c.chosen FROM review_candidates c LEFT JOIN faces f ON `+facing+`
		WHERE c.review = $1 AND (c.chosen OR f.id IS NOT NULL AND f.aside_at IS NULL) ORDER BY c.place`, review)
}

// Review is one of a gallery's.
func (s *Service) Review(ctx context.Context, by store.Actor, gallery, id string) (Review, error) {
	_, r, err := s.review(ctx, by, gallery, id)
	return r, err
}

func (s *Service) review(ctx context.Context, by store.Actor, gallery, id string) (g store.Gallery, r Review, err error) {
	if g, err = s.Gallery(ctx, by, gallery); err != nil {
		return g, r, err
	}
	r, err = store.One(ctx, s.store, "read review", scanReview, reviewColumns+`WHERE gallery = $1 AND id = $2 AND ends_at > $3`, g.ID, id, s.now())
	if err == nil {
		r.Candidates, err = s.candidates(ctx, id)
	}
	return g, r, reviewError(gallery, id, err)
}

func reviewError(gallery, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read review: %w", resourceError(&ResourceError{Kind: KindReview, Name: id, In: &ResourceError{Kind: KindGallery, Name: gallery}, Err: err}))
}

// ReviewPhoto is the photo that was searched, as long as nobody has decided, all of the
// candidates are there and the gallery keeps photos.
func (s *Service) ReviewPhoto(ctx context.Context, by store.Actor, gallery, id string) (store.Photo, error) {
	g, _, err := s.review(ctx, by, gallery, id)
	if err != nil {
		return store.Photo{}, err
	}
	p, err := store.One(ctx, s.store, "read photo", func(row store.Row) (p store.Photo, err error) {
		err = row.Scan(&p.MediaType, &p.Bytes)
		return p, err
	}, `SELECT media_type, bytes FROM review_photos WHERE review = $1 AND EXISTS (SELECT 1 FROM reviews WHERE id = $1 AND gallery = $2 AND `+photoKept+`)`, id, g.ID)
	if errors.Is(err, store.ErrNotFound) {
		in := &ResourceError{Kind: KindReview, Name: id, In: &ResourceError{Kind: KindGallery, Name: gallery}}
		err = &ResourceError{Kind: KindPhoto, In: in, Err: err}
	}
	return p, err
}

// Decision is what a person says to an answer of several candidates.
type Decision struct {
	Gallery, Review string
	// Decision is DecisionCandidate, of the Subject; DecisionNone; or DecisionSame, by
	// which the Others become the Subject.
	Decision string
	Subject  store.SubjectID
	Others   []store.SubjectID
}

// Decide writes down what a person decided, and erases the photo. ErrDecided where
// somebody has before, and ErrNoCandidate of who is no candidate when it is written. Of one that says that candidates are one person these are merged one
// after the other, as long as nobody has decided, and the decision is written down with
// the last. What fails leaves the review waiting, and who was merged before is no
// candidate any more; what can be foreseen of it fails before anybody is merged.
func (s *Service) Decide(ctx context.Context, by store.Actor, d Decision) (Review, error) {
	g, r, err := s.review(ctx, by, d.Gallery, d.Review)
	if err != nil {
		return Review{}, err
	}
	if err := d.check(r); err != nil {
		return Review{}, err
	}
	faces := make(map[store.SubjectID]store.FaceID)
	for _, c := range r.Candidates {
		faces[c.Subject] = c.Face
	}
	decide := func(tx store.Tx) error {
		if d.Subject != "" {
			if err := has(tx, g.ID, d.Subject, faces[d.Subject]); err != nil {
				return err
			}
		}
		n, err := tx.Exec(`UPDATE reviews SET decision = $3, decided_at = $4, decided_by = $5 WHERE gallery = $1 AND id = $2 AND decision = ''`,
			g.ID, d.Review, d.Decision, s.now(), by.Key)
		if err == nil && n == 0 {
			err = ErrDecided
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE review_candidates SET chosen = $3 WHERE review = $1 AND subject = $2`, d.Review, d.Subject, true); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM review_photos WHERE review = $1`, d.Review); err != nil {
			return err
		}
		return audit.By(by, audit.ReviewDecided, d.Gallery+"/"+d.Review+"/"+d.Decision).Record(tx)
	}
	if len(d.Others) == 0 {
		err = s.store.Remove(ctx, "decide review", decide)
	} else {
		err = s.decideSame(ctx, by, g, d, faces, decide)
	}
	if err != nil {
		return Review{}, err
	}
	return s.Review(ctx, by, d.Gallery, d.Review)
}

// has is ErrNoCandidate unless a face that searches find is the subject's.
func has(tx store.Tx, g store.GalleryID, subject store.SubjectID, face store.FaceID) error {
	_, err := store.OneOf(tx, func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err },
		`SELECT id FROM faces WHERE gallery = $1 AND subject = $2 AND id = $3 AND aside_at IS NULL`, g, subject, face)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoCandidate
	}
	return err
}

// decideSame merges the others into the subject, and decides with the last of them.
func (s *Service) decideSame(ctx context.Context, by store.Actor, g store.Gallery, d Decision, faces map[store.SubjectID]store.FaceID, decide func(store.Tx) error) error {
	to, err := s.store.Subject(ctx, g.ID, d.Subject)
	if err != nil {
		return subjectError(g, d.Subject, err)
	}
	for _, other := range d.Others {
		from, err := s.store.Subject(ctx, g.ID, other)
		if err != nil {
			return subjectError(g, other, err)
		}
		if err := joinable(from, to, from.Faces); err != nil {
			return fmt.Errorf("merge %s: %w", other, err)
		}
		to.Faces += from.Faces
	}
	waits := func(tx store.Tx) error {
		if err := has(tx, g.ID, d.Subject, faces[d.Subject]); err != nil {
			return err
		}
		_, err := store.OneOf(tx, func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err },
			`SELECT id FROM reviews WHERE gallery = $1 AND id = $2 AND decision = ''`, g.ID, d.Review)
		if errors.Is(err, store.ErrNotFound) {
			return ErrDecided
		}
		return err
	}
	for i, other := range d.Others {
		also := waits
		if i == len(d.Others)-1 {
			also = decide
		}
		merged := func(tx store.Tx) error { return has(tx, g.ID, d.Subject, faces[other]) }
		if _, _, err := s.merge(ctx, by, g, other, d.Subject, nil, merged, also); err != nil {
			return err
		}
	}
	return nil
}

// check is ErrInvalid of what cannot be decided of a review, ErrNoCandidate of who is none
// of this one's, and ErrDecided when somebody has.
func (d Decision) check(r Review) error {
	switch d.Decision {
	case DecisionCandidate, DecisionSame:
		if d.Subject == "" {
			return invalid("subject", "must be one of the candidates")
		}
	case DecisionNone:
		if d.Subject != "" {
			return invalid("subject", "is for candidate and same")
		}
	default:
		return invalid("decision", "must be candidate, none or same")
	}
	if d.Decision != DecisionSame && len(d.Others) > 0 {
		return invalid("others", "is for same")
	}
	if d.Decision == DecisionSame && len(d.Others) == 0 {
		return invalid("others", "must name those of the candidates who are the subject")
	}
	for i, other := range d.Others {
		if other == d.Subject || slices.Contains(d.Others[:i], other) {
			return invalid("others", "must be other candidates than the subject, each once")
		}
	}
	if r.Decision != "" {
		return ErrDecided
	}
	return d.among(r.Candidates)
}

// among is ErrNoCandidate unless all who are named are candidates.
func (d Decision) among(candidates []ReviewCandidate) error {
	is := func(id store.SubjectID) bool {
		return slices.ContainsFunc(candidates, func(c ReviewCandidate) bool { return c.Subject == id })
	}
	if d.Subject != "" && !is(d.Subject) {
		return about("subject", ErrNoCandidate)
	}
	for _, other := range d.Others {
		if !is(other) {
			return about("others", ErrNoCandidate)
		}
	}
	return nil
}

// bounded ends the reviews that a policy does not keep any more, and gives up their
// photos where it keeps none, which SweepReviews erases.
func bounded(tx store.Tx, g store.Gallery, now time.Time) error {
	_, err := tx.Exec(`UPDATE reviews SET ends_at = $2 WHERE gallery = $1 AND ends_at > $2`, g.ID, now.Add(g.Policy.Review))
	if err == nil && !g.Policy.KeepPhotos {
		_, err = tx.Exec(`UPDATE reviews SET named = $2 WHERE gallery = $1 AND named <> $2`, g.ID, noPhoto)
	}
	return err
}

// SweepReviews erases those whose end has come, and the photos that are kept no more.
// Each photo goes in a transaction of its own, since it may be large and others wait.
func (s *Service) SweepReviews(ctx context.Context, now time.Time) error {
	photos, err := store.List(ctx, s.store, "find photos of reviews", func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err },
		`SELECT id FROM reviews JOIN review_photos p ON p.review = id WHERE ends_at <= $1 OR NOT (`+photoKept+`)`, now)
	if err != nil {
		return err
	}
	for _, id := range photos {
		if err := s.store.Remove(ctx, "erase a review's photo", func(tx store.Tx) error {
			_, err := tx.Exec(`DELETE FROM review_photos WHERE review = $1`, id)
			return err
		}); err != nil {
			return err
		}
	}
	const some = 100
	for {
		var n int64
		if err := s.store.Remove(ctx, "erase reviews", func(tx store.Tx) (err error) {
			n, err = tx.Exec(`DELETE FROM reviews WHERE id IN (SELECT id FROM reviews WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)`, now, some)
			return err
		}); err != nil || n < some {
			return err
		}
	}
}
