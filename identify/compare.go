package identify

import (
	"cmp"
	"context"
	"fmt"

	"oneton/photo"
)

// Likeness is how alike two faces are.
type Likeness struct {
	// Comparable is false when one of the faces cannot be told apart from others;
	// then the cosine is -1, as in Verification.
	Comparable bool
	Cosine     float64
	// Score and FMR are the cosine's; see package calibration.
	Score, FMR float64
}

// Compare compares two faces that the pack made, as Verify does their photos. An empty
// pack is the default one.
func (s *Service) Compare(ctx context.Context, pack string, probe, reference photo.Face) (Likeness, error) {
	own, err := s.rulesOf(ctx, cmp.Or(pack, s.cfg.DefaultPack))
	if err != nil {
		return Likeness{}, aboutPack("pack", err)
	}
	l := Likeness{Comparable: own.judge(probe).Comparable() && own.judge(reference).Comparable(), Cosine: -1}
	if l.Comparable {
		w := own.weighted(probe.Probe)
		c, err := w.vector.Cosine(reference.Template)
		if err != nil {
			return Likeness{}, fmt.Errorf("compare faces: %w", err)
		}
		l.Cosine = w.likeness(c)
	}
	l.Score, l.FMR = own.Score(l.Cosine), own.FMR(l.Cosine)
	return l, nil
}
