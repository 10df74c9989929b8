package identify

import (
	"context"
	"fmt"
	"slices"

	"oneton/store"
)

// defaultFMR is the false-match rate of a verification that asks for none:
// the usual operating point of unattended onboarding.
const defaultFMR = 1e-4

// Verify compares a photo with another photo, or with an enrolled subject by
// the nearest of its faces. Comparing with n faces is n chances of a false
// match, so the threshold is then that of FMR/n. Faces whose template is
// damaged are not compared. A photo that cannot be compared matches nobody: the
// cosine is then the least there is, and the probe's or the reference's quality
// says why.
func (s *Service) Verify(ctx context.Context, by store.Actor, req VerifyRequest) (Verification, error) {
	start := s.cfg.Now()
	switch {
	case (len(req.Reference) == 0) == (req.Subject == ""):
		return Verification{}, invalid("reference", "or a subject is needed, and not both")
	case req.Subject != "" && req.Gallery == "":
		return Verification{}, invalid("gallery", "is needed with a subject")
	case req.FMR < 0 || req.FMR >= 1:
		return Verification{}, invalid("fmr", "must lie between 0 and 1")
	}
	if req.FMR == 0 {
		req.FMR = defaultFMR
	}
	if err := validateDetail("detail", req.Detail); err != nil {
		return Verification{}, err
	}
	pack, policy, chosen := req.Pack, store.Policy{Detail: req.Detail}, "pack"
	if pack == "" {
		pack = s.cfg.DefaultPack
	}
	var enrolled []store.Face
	var (
		space store.Space
		own   rules
		err   error
	)
	if req.Gallery != "" {
		g, err := s.detailed(ctx, by, req.Gallery, req.Detail)
		if err != nil {
			return Verification{}, err
		}
		pack, policy, chosen = g.Pack, g.Policy, KindGallery
		if req.Subject != "" {
			if space, err = s.Space(ctx, pack); err != nil {
				return Verification{}, aboutPack(chosen, err)
			}
			if _, enrolled, err = s.Subject(ctx, by, req.Gallery, req.Subject); err != nil {
				return Verification{}, err
			}
			enrolled = slices.DeleteFunc(enrolled, func(f store.Face) bool { return !f.AsideAt.IsZero() })
			if len(enrolled) == 0 {
				return Verification{}, fmt.Errorf("compare with subject: %w", NotOfSubject(req.Gallery, req.Subject, KindFace, ""))
			}
			// Faces may have begun to move while they were read.
			if err := s.still(ctx, space); err != nil {
				return Verification{}, aboutPack(chosen, err)
			}
			enrolled = slices.DeleteFunc(enrolled, func(f store.Face) bool { return f.Template == nil || f.Pack != space.Name() })
			if len(enrolled) == 0 {
				return Verification{}, fmt.Errorf("compare with a subject whose faces are all damaged: %w", store.ErrDamaged)
			}
		}
	}
	if req.Subject == "" { // two photos are compared wherever stored faces are
		own, err = s.rulesOf(ctx, pack)
	} else {
		own, err = s.rules(ctx, pack, space.Name())
	}
	if err != nil {
		return Verification{}, aboutPack(chosen, err)
	}
	probe, r, err := s.subject(ctx, pack, own, policy, req.Photo)
	if err != nil {
		return Verification{}, fmt.Errorf("read photo: %w", about("photo", err))
	}
	v := Verification{Probe: probe, Cosine: -1, Timings: Timings{Timings: r.Timings}}
	if enrolled == nil {
		ref, r, err := s.subject(ctx, pack, own, policy, req.Reference)
		if err != nil {
			return Verification{}, fmt.Errorf("read reference: %w", about("reference", err))
		}
		v.Reference = &ref
		v.Timings.Timings = add(v.Timings.Timings, r.Timings)
		enrolled = []store.Face{{Template: ref.Template}}
	}
	both := probe.Comparable() && (v.Reference == nil || v.Reference.Comparable())
	if both {
		if v.Face, v.Cosine, err = nearest(own.weighted(probe.Probe), enrolled); err != nil {
			return Verification{}, err
		}
	}
	rate := req.FMR / float64(len(enrolled))
	v.Threshold, v.Extrapolated = own.Threshold(rate), own.Extrapolated(rate)
	v.Match = both && v.Cosine >= v.Threshold
	v.Score = own.Score(v.Cosine)
	v.FMR = own.FMR(v.Cosine)
	v.Timings.Total = s.cfg.Now().Sub(start)
	s.observer.Verified(pack, v.Match)
	return v, nil
}

// nearest is the id and cosine of the enrolled face most like the probe.
func nearest(probe weighted, enrolled []store.Face) (id store.FaceID, cosine float64, err error) {
	cosine = -1
	for _, f := range enrolled {
		c, err := probe.vector.Cosine(f.Template)
		if err != nil {
			return "", 0, fmt.Errorf("compare with face %s: %w", f.ID, err)
		}
		if c = probe.likeness(c); c >= cosine {
			id, cosine = f.ID, c
		}
	}
	return id, cosine, nil
}
