package pack

import (
	"errors"
	"fmt"
	"slices"

	"oneton/face"
)

// Earlier is a version of a pack with the same recognisers.
type Earlier struct {
	Version string `yaml:"version"`
	// Quality is that version's; without it its scores are kept.
	Quality *Quality `yaml:"quality"`
	// Restore, when set, says that the version had Transform and Trust, with a
	// transform of so many dimensions. Its file has a row for each value of the
	// joined vectors, which maps what a template of the version holds before its
	// doubt, at length one, then the face's score, then 1. Without it the version
	// had neither, so that its templates are the joined vectors.
	Restore *Projection `yaml:"restore"`
	// Transformed says that the version had this one's Transform and Quality's
	// Nuisance and Network, and Trust, so that its templates differ in the doubt
	// alone.
	Transformed bool `yaml:"transformed"`
}

// earlier is an Earlier with the contents of its files.
type earlier struct {
	Earlier
	grading
	restore Matrix
}

func (p *Pack) readEarlier() error {
	for _, e := range p.Converts {
		read := earlier{Earlier: e}
		var err error
		if read.grading, err = p.readGrading(e.Quality); err != nil {
			return err
		}
		if r := e.Restore; r != nil {
			if read.restore, err = p.Matrix(r.File, p.joinedDimension(), r.Dimension+2); err != nil {
				return err
			}
		}
		p.earlier = append(p.earlier, read)
	}
	return nil
}

// FromVersion says whether the pack converts what that version made.
func (m *Manifest) FromVersion(version string) bool {
	return slices.ContainsFunc(m.Converts, func(e Earlier) bool { return e.Version == version })
}

// Convert turns a template and the quality score that an earlier version gave a
// face into what Score and Finish make of the recognisers' same answers, or of
// those that the version's Restore makes of the template. What only
// a crop shows is not known any more, so nothing is taken for it. Its errors are
// Finish's, and ErrVersion for a version that is not converted.
func (p *Pack) Convert(version string, kept face.Template, score float32) (face.Template, float32, error) {
	i := slices.IndexFunc(p.earlier, func(e earlier) bool { return e.Version == version })
	if i < 0 {
		return nil, 0, fmt.Errorf("%w: version %q of pack %q", ErrVersion, version, p.Name)
	}
	e := &p.earlier[i]
	if e.Transformed {
		u, err := e.undoubted(kept, p.Transform.Dimension)
		if err != nil {
			return nil, 0, err
		}
		if e.Earlier.Quality != nil {
			score = float32(p.Quality.score(e.length(score)))
		}
		return p.doubted(u, score), score, nil
	}
	joined, err := e.joined(kept, score)
	if err != nil {
		return nil, 0, err
	}
	if err := p.joins(joined); err != nil {
		return nil, 0, err
	}
	if e.Earlier.Quality != nil {
		length := e.length(score)
		if counts := e.bounded(e.counted(joined)); counts > 0 {
			length /= counts
		}
		score = p.Score(length, joined, nil)
	}
	t, err := p.Finish(joined, score)
	return t, score, err
}

// joined are the joined vectors that a template of the version was made of, as
// far as it and the score tell.
func (e *earlier) joined(kept face.Template, score float32) (face.Template, error) {
	if e.restore == nil {
		return kept, nil
	}
	u, err := e.undoubted(kept, e.Restore.Dimension)
	if err != nil {
		return nil, err
	}
	return face.NewTemplate(e.restore.Times(append(u, score, 1)))
}

// undoubted is what a template of the version, of so many dimensions, holds before
// its doubt, at length one.
func (e *earlier) undoubted(kept face.Template, dimension int) (face.Template, error) {
	if len(kept) != dimension+1 {
		return nil, fmt.Errorf("template of %d dimensions of version %q, need %d: %w", len(kept), e.Version, dimension+1, face.ErrDimension)
	}
	return face.NewTemplate(kept[:dimension])
}

func (m *Manifest) validateEarlier(i int, e Earlier) error {
	before := func(o Earlier) bool { return o.Version == e.Version }
	if e.Version == "" || e.Version == m.Version || slices.ContainsFunc(m.Converts[:i], before) {
		return errors.New("version: must be another version, listed once")
	}
	if q := e.Quality; q != nil {
		if m.Quality == nil {
			return errors.New("quality: must be in a pack that has one")
		}
		if err := q.validate(m.listed, m.joinedDimension()); err != nil {
			return fmt.Errorf("quality.%w", err)
		}
	}
	if e.Transformed && (m.Transform == nil || m.Trust == nil || e.Restore != nil) {
		return errors.New("transformed: must be in a pack that has transform and trust, without restore")
	}
	if r := e.Restore; r != nil {
		if err := firstBroken([]rule{
			{m.listed(r.File), "file", "listed under files"},
			{r.Dimension >= 1 && r.Dimension <= m.joinedDimension(), "dimension", fmt.Sprintf("1 to %d, the dimensions of all recognisers together", m.joinedDimension())},
		}); err != nil {
			return fmt.Errorf("restore.%w", err)
		}
	}
	return nil
}
