package evaluation

import (
	"context"
	"encoding/json"
	"fmt"

	"oneton/identify"
	"oneton/job"
	"oneton/store"
)

// The kinds of findings.
const (
	alike  = "alike"
	unlike = "unlike"
)

// likeness are the figures of two people who look alike.
type likeness struct {
	Cosine, Score, Expected float64
	Suspect                 bool
}

// unlikeness are those of a face that is unlike its person.
type unlikeness struct {
	Own    float64
	Others int
	Other  float64
}

// keep puts what was found in the place of what was, and ends the job with it.
func (s *Service) keep(ctx context.Context, j *job.Job, found identify.Evaluation) error {
	figures := found
	figures.Alike, figures.Unlike = nil, nil
	text, err := json.Marshal(figures)
	if err != nil {
		return fmt.Errorf("keep evaluation: %w", err)
	}
	return s.db.Update(ctx, "keep an evaluation", func(tx store.Tx) error {
		n, err := tx.Exec(`UPDATE evaluations SET made_at = $3, figures = $4 WHERE gallery = $1 AND job = $2`, found.Gallery, j.ID, found.At, string(text))
		if err != nil {
			return err
		}
		if n == 0 { // the gallery is gone
			return j.Finish(tx, nil, job.ErrFailed)
		}
		if _, err := tx.Exec(`DELETE FROM evaluation_findings WHERE gallery = $1`, found.Gallery); err != nil {
			return err
		}
		for i, a := range found.Alike {
			if err := put(tx, found.Gallery, alike, i, a.A, a.B, likeness{a.Cosine, a.Score, a.Expected, a.Suspect}); err != nil {
				return err
			}
		}
		for i, u := range found.Unlike {
			if err := put(tx, found.Gallery, unlike, i, u.FaceOf, u.Nearest, unlikeness{u.Own, u.Others, u.Other}); err != nil {
				return err
			}
		}
		return j.Finish(tx, nil, nil)
	})
}

// put keeps a finding, unless one of the people is gone.
func put(tx store.Tx, gallery store.GalleryID, kind string, place int, of, other identify.FaceOf, figures any) error {
	text, err := json.Marshal(figures)
	if err != nil {
		return fmt.Errorf("keep finding: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO evaluation_findings (gallery, kind, place, subject, face, other, other_face, figures)
		SELECT s.gallery, CAST($2 AS TEXT), CAST($3 AS BIGINT), s.id, CAST($5 AS TEXT), nullif(CAST($6 AS TEXT), ''), nullif(CAST($7 AS TEXT), ''), CAST($8 AS TEXT)
		FROM subjects s WHERE s.gallery = $1 AND s.id = $4
			AND (CAST($6 AS TEXT) = '' OR EXISTS (SELECT 1 FROM subjects o WHERE o.gallery = $1 AND o.id = $6))`,
		gallery, kind, place, of.Subject, of.Face, other.Subject, other.Face, string(text))
	return err
}

// read reads what was found, as far as the faces that it names are searched now.
func (s *Service) read(ctx context.Context, gallery store.GalleryID) (e Evaluation, err error) {
	err = s.db.Read(ctx, "read an evaluation", func(r store.Reader) error {
		e = Evaluation{}
		var figures string
		e.Job, err = store.OneOf(r, func(row store.Row) (id job.ID, err error) {
			err = row.Scan(&id, &figures)
			return id, err
		}, `SELECT job, coalesce(figures, '') FROM evaluations WHERE gallery = $1`, gallery)
		if err != nil || figures == "" {
			return err
		}
		e.Found = new(identify.Evaluation)
		if err := json.Unmarshal([]byte(figures), e.Found); err != nil {
			return fmt.Errorf("%w: read evaluation: %w", store.ErrDamaged, err)
		}
		const searched = `EXISTS (SELECT 1 FROM faces f WHERE f.gallery = e.gallery AND f.aside_at IS NULL AND `
		return r.Each(func(row store.Row) error { return add(e.Found, row) }, `SELECT kind, subject, face, coalesce(other, ''), coalesce(other_face, ''), figures
			FROM evaluation_findings e WHERE gallery = $1 AND `+searched+`f.subject = e.subject AND f.id = e.face)
				AND (other IS NULL OR `+searched+`f.subject = e.other AND f.id = e.other_face)) ORDER BY kind, place`, gallery)
	})
	return e, err
}

// add adds a finding.
func add(to *identify.Evaluation, row store.Row) error {
	var kind, figures string
	var of, other identify.FaceOf
	if err := row.Scan(&kind, &of.Subject, &of.Face, &other.Subject, &other.Face, &figures); err != nil {
		return err
	}
	var err error
	switch kind {
	case alike:
		var l likeness
		err = json.Unmarshal([]byte(figures), &l)
		to.Alike = append(to.Alike, identify.Alike{A: of, B: other, Cosine: l.Cosine, Score: l.Score, Expected: l.Expected, Suspect: l.Suspect})
	case unlike:
		var u unlikeness
		err = json.Unmarshal([]byte(figures), &u)
		to.Unlike = append(to.Unlike, identify.Unlike{FaceOf: of, Own: u.Own, Others: u.Others, Nearest: other, Other: u.Other})
	}
	if err != nil {
		return fmt.Errorf("%w: read finding: %w", store.ErrDamaged, err)
	}
	return nil
}
