package identify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"oneton/calibration"
	"oneton/face"
	"oneton/photo"
	"oneton/store"
)

// rules are what answers of a pack follow: what is fitted to the owner's photos in
// the template space where there is such, else the pack's own.
type rules struct {
	*calibration.Table
	// poor is nil where poor photos are compared as the pack's are.
	poor *calibration.Poor
}

// Calibration is the table that answers of the pack's loaded version follow: the
// owner's where there is one, else the pack's own. photo.ErrPack when the pack is
// not loaded.
func (s *Service) Calibration(ctx context.Context, pack string) (*calibration.Table, error) {
	own, err := s.rulesOf(ctx, pack)
	return own.Table, err
}

// rules are read for each answer, so that every process on the store follows a
// change from its next answer on.
func (s *Service) rules(ctx context.Context, pack, space string) (rules, error) {
	packs, err := s.embedder.Calibration(pack)
	if err != nil {
		return rules{}, fmt.Errorf("calibrate pack %q: %w", pack, err)
	}
	own, err := NewCalibrations(s.store).Own(ctx, space, packs)
	if err != nil {
		return rules{}, err
	}
	return rules{&own.Table, own.Poor}, nil
}

// Own is the owner's calibration of the space, or the pack's table where there is
// none.
func (t Calibrations) Own(ctx context.Context, space string, packs *calibration.Table) (*calibration.Own, error) {
	data, err := t.Calibration(ctx, space)
	if errors.Is(err, store.ErrNotFound) {
		return &calibration.Own{Table: *packs}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read calibration of %q: %w", space, err)
	}
	var own calibration.Own
	if err := json.Unmarshal(data, &own); err != nil {
		return nil, fmt.Errorf("decode calibration of %q: %w", space, err)
	}
	if err := own.Validate(); err != nil {
		return nil, fmt.Errorf("use calibration of %q: %w", space, err)
	}
	return &own, nil
}

// rulesOf are those of photos that are compared with no stored face, wherever
// stored ones are.
func (s *Service) rulesOf(ctx context.Context, pack string) (rules, error) {
	space, version, err := s.spaceOf(ctx, pack)
	if err != nil {
		return rules{}, err
	}
	return s.rules(ctx, pack, space.Of(version))
}

// judge is the face as the owner's floor has it.
func (r rules) judge(f photo.Face) photo.Face {
	if r.poor == nil {
		return f
	}
	reasons := slices.DeleteFunc(slices.Clone(f.Quality.Reasons), func(reason string) bool { return reason == photo.ReasonNotComparable })
	if float64(f.Quality.Score) < r.poor.Floor {
		reasons = append(reasons, photo.ReasonNotComparable)
	}
	f.Quality.Reasons = reasons
	return f
}

// weighted is what is compared with templates for a photo's probe.
func (r rules) weighted(probe face.Template) weighted {
	if r.poor == nil {
		return weighted{probe, 1}
	}
	unit, length := calibration.Weighted(probe, r.poor.Weight)
	return weighted{unit, length}
}

// weighted is a probe of length one, and how long it is to count.
type weighted struct {
	vector face.Template
	length float64
}

// likeness is what the cosine of the vector with a template means, in [-1, 1].
func (w weighted) likeness(cosine float64) float64 {
	return max(-1, min(1, float64(cosine*w.length)))
}

// cosine is that of the vector at which the likeness is reached, or the nearest
// that there is.
func (w weighted) cosine(likeness float64) float64 {
	if likeness <= -1 { // all have it
		return -1
	}
	return max(-1, min(1, likeness/w.length))
}
