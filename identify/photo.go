package identify

import (
	"cmp"
	"context"
	"fmt"

	"oneton/photo"
	"oneton/store"
)

// Detect finds the faces of a photo and judges them; nothing is stored.
func (s *Service) Detect(ctx context.Context, req DetectRequest) (Detection, error) {
	start := s.cfg.Now()
	if err := validateDetail("detail", req.Detail); err != nil {
		return Detection{}, err
	}
	policy := store.Policy{Liveness: store.GateOff, Detail: req.Detail}
	if req.Liveness {
		policy.Liveness = store.GateReport
	}
	pack := cmp.Or(req.Pack, s.cfg.DefaultPack)
	own, err := s.rulesOf(ctx, pack)
	if err != nil {
		return Detection{}, aboutPack("pack", err)
	}
	r, err := s.embed(ctx, pack, own, policy, req.Photo)
	if err != nil {
		return Detection{}, aboutPhoto("photo", "pack", err)
	}
	return Detection{
		Width: r.Width, Height: r.Height, Rotation: r.Rotation, Faces: r.Faces, LeftOut: r.LeftOut,
		Timings: Timings{Timings: r.Timings, Total: s.cfg.Now().Sub(start)},
	}, nil
}

// Portrait is the face of a photo that must show one person, for a caller that
// keeps nothing of it here. Of a photo that cannot be used the error is about the
// argument. An empty pack is the default one.
func (s *Service) Portrait(ctx context.Context, pack, argument string, content []byte) (photo.Face, error) {
	pack = cmp.Or(pack, s.cfg.DefaultPack)
	own, err := s.rulesOf(ctx, pack)
	if err != nil {
		return photo.Face{}, aboutPack("pack", err)
	}
	policy := store.Policy{Quality: store.GateReport, Liveness: store.GateOff, Detail: store.DetailFast}
	f, _, err := s.subject(ctx, pack, own, policy, content)
	return f, aboutPhoto(argument, "pack", err)
}

// embed does what the policy needs, and no more. Faces are judged by the rules.
func (s *Service) embed(ctx context.Context, pack string, own rules, policy store.Policy, content []byte) (photo.Result, error) {
	var checks []photo.Check
	if policy.Liveness == store.GateReport || policy.Liveness == store.GateEnforce {
		checks = append(checks, photo.CheckLiveness)
	}
	if policy.Detail == store.DetailFull {
		checks = append(checks, photo.CheckSmall)
	}
	r, err := s.embedder.Embed(ctx, pack, content, checks...)
	if err != nil {
		return photo.Result{}, fmt.Errorf("embed photo: %w", err)
	}
	for i, f := range r.Faces {
		r.Faces[i] = own.judge(f)
	}
	s.seen(pack, r.Faces)
	return r, nil
}

// subject embeds a photo that must show one person and returns their face,
// gated by policy.
func (s *Service) subject(ctx context.Context, pack string, own rules, policy store.Policy, content []byte) (photo.Face, photo.Result, error) {
	r, err := s.embed(ctx, pack, own, policy, content)
	if err != nil {
		return photo.Face{}, r, err
	}
	i, err := Subject(r)
	if err != nil {
		return photo.Face{}, r, err
	}
	f := r.Faces[i]
	return f, r, gate(policy, f)
}

// gate refuses a face that the policy does not let through.
func gate(policy store.Policy, f photo.Face) error {
	if f.Quality.InterEye < photo.MinInterEye {
		return fmt.Errorf("%w: %.0f pixels between the eyes, at least %d are needed", ErrFaceTooSmall, f.Quality.InterEye, photo.MinInterEye)
	}
	if policy.Quality == store.GateEnforce && len(f.Quality.Reasons) > 0 {
		return &QualityError{Reasons: f.Quality.Reasons}
	}
	if policy.Liveness == store.GateEnforce {
		return gateLiveness(f.Liveness)
	}
	return nil
}

// keepable refuses a face that cannot be compared: whoever sends a photo as
// poor would be taken for this one's person. Only a gallery that says so keeps
// such a face.
func keepable(policy store.Policy, f photo.Face) error {
	if policy.Quality != store.GateOff && !f.Comparable() {
		return &QualityError{Reasons: f.Quality.Reasons}
	}
	return nil
}

// allKeepable is keepable of the faces of photos.
func allKeepable(policy store.Policy, shots []shot) error {
	for i, shot := range shots {
		if err := keepable(policy, shot.face); err != nil {
			return about(photoArgument(i, len(shots)), err)
		}
	}
	return nil
}

// gateLiveness lets only real faces through: if unknown ones passed, a face
// held so near that the check cannot see around it would pass, too.
func gateLiveness(l *photo.Liveness) error {
	switch {
	case l == nil:
		return &LivenessError{Reason: photo.ReasonNoModel}
	case l.Verdict == photo.Spoof:
		return ErrSpoof
	case l.Verdict != photo.Real:
		return &LivenessError{Reason: l.Reason}
	}
	return nil
}

// add sums the timings of several photos.
func add(a, b photo.Timings) photo.Timings {
	return photo.Timings{
		Queue: a.Queue + b.Queue, Decode: a.Decode + b.Decode, Detect: a.Detect + b.Detect,
		Refine: a.Refine + b.Refine, Align: a.Align + b.Align, Recognise: a.Recognise + b.Recognise, Assess: a.Assess + b.Assess, Liveness: a.Liveness + b.Liveness,
	}
}
