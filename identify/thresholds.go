package identify

import (
	"cmp"
	"context"
	"fmt"

	"oneton/calibration"
	"oneton/index"
	"oneton/store"
)

// MaxFacesAsked is the largest gallery that thresholds are told of.
const MaxFacesAsked = 1_000_000_000

// sizesUpTo is the size up to which thresholds are told at least.
const sizesUpTo = 10_000_000

// ThresholdsRequest asks what a gallery's answers are worth.
type ThresholdsRequest struct {
	Gallery string
	// FPIR replaces the policy's rate when above 0, and Faces the number of enrolled
	// faces.
	FPIR  float64
	Faces int
}

// Thresholds are what the pack's calibration, or the owner's, expects of a gallery.
type Thresholds struct {
	Pack string
	// Own says that the owner's calibration is followed.
	Own bool
	// Enrolled is how many faces the gallery has.
	Enrolled int
	// At is what is expected at the rate and the size asked for; Sizes keep that rate,
	// and Rates that size.
	At           calibration.Point
	Sizes, Rates []calibration.Point
	// Source and Measured are the table's.
	Source   string
	Measured float64
}

// Thresholds tells, by arithmetic alone, how a gallery's threshold follows from the
// wanted rate and the number of faces, and how many known people it is expected to
// miss.
func (s *Service) Thresholds(ctx context.Context, by store.Actor, req ThresholdsRequest) (Thresholds, error) {
	switch {
	case req.FPIR < 0 || req.FPIR >= 1:
		return Thresholds{}, invalid("fpir", "must lie between 0 and 1")
	case req.Faces < 0 || req.Faces > MaxFacesAsked:
		return Thresholds{}, invalid("faces", "must be 1 to %d", MaxFacesAsked)
	}
	g, err := s.Gallery(ctx, by, req.Gallery)
	if err != nil {
		return Thresholds{}, err
	}
	own, err := s.rulesOf(ctx, g.Pack)
	if err != nil {
		return Thresholds{}, aboutPack(KindGallery, err)
	}
	packs, err := s.embedder.Calibration(g.Pack)
	if err != nil {
		return Thresholds{}, aboutPack(KindGallery, err)
	}
	space, _, err := s.spaceOf(ctx, g.Pack)
	if err != nil {
		return Thresholds{}, aboutPack(KindGallery, err)
	}
	t := Thresholds{Pack: g.Pack, Own: own.Source != packs.Source, Source: own.Source, Measured: own.Measured}
	if t.Enrolled, err = s.index.Faces(ctx, index.Scope{Tenant: g.Tenant, Gallery: g.ID, Pack: space.Name()}); err != nil {
		return Thresholds{}, fmt.Errorf("count faces: %w", err)
	}
	fpir, faces := cmp.Or(req.FPIR, g.Policy.FPIR), cmp.Or(req.Faces, t.Enrolled, 1)
	t.At, t.Rates = own.AtRate(fpir, faces), own.Rates(faces)
	t.Sizes = own.Sizes(fpir, max(sizesUpTo, faces))
	return t, nil
}
