package identify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"oneton/face"
	"oneton/photo"
	"oneton/store"
)

// shot is one face of one photo.
type shot struct {
	face photo.Face
	// media is the photo's media type.
	media string
}

// probe is what is searched: one shot, or several of one person.
type probe struct {
	face photo.Face
	// weighted is compared with the templates of a gallery.
	weighted
	// photos is how many it is made of.
	photos int
	// refused says that the face may not or cannot be compared: it matches
	// nobody.
	refused bool
}

// shots are the faces of req's photos: one a photo, or all of one photo but
// those left out.
func (s *Service) shots(ctx context.Context, g store.Gallery, own rules, req SearchRequest) (shots []shot, leftOut int, timings photo.Timings, err error) {
	if req.AllFaces {
		r, err := s.embed(ctx, g.Pack, own, g.Policy, req.Photos[0])
		if err == nil && len(r.Faces) == 0 {
			err = ErrNoFace
		}
		for _, f := range r.Faces {
			shots = append(shots, shot{f, r.MediaType})
		}
		return shots, r.LeftOut, r.Timings, aboutPhoto("photo", KindGallery, err)
	}
	shots, timings, err = s.portraits(ctx, g, own, req.Photos, req.Seen)
	return shots, 0, timings, err
}

// photoArgument names photo i of n.
func photoArgument(i, n int) string {
	if n == 1 {
		return "photo"
	}
	return fmt.Sprintf("photo[%d]", i)
}

// portraits reads photos that must show one person each.
func (s *Service) portraits(ctx context.Context, g store.Gallery, own rules, photos [][]byte, seen Portraits) (shots []shot, timings photo.Timings, err error) {
	if s.suffices(g, photos, seen) {
		shots, err = again(g.Policy, own, photos, seen.Faces)
		return shots, timings, err
	}
	for i, content := range photos {
		f, r, err := s.subject(ctx, g.Pack, own, g.Policy, content)
		if err != nil {
			return nil, timings, aboutPhoto(photoArgument(i, len(photos)), KindGallery, err)
		}
		shots = append(shots, shot{f, r.MediaType})
		timings = add(timings, r.Timings)
	}
	return shots, timings, nil
}

// suffices tells whether nothing is to be asked of photos beyond the faces seen.
func (s *Service) suffices(g store.Gallery, photos [][]byte, seen Portraits) bool {
	return len(seen.Faces) > 0 && len(seen.Faces) == len(photos) && cmp.Or(seen.Pack, s.cfg.DefaultPack) == g.Pack &&
		g.Policy.Liveness == store.GateOff && g.Policy.Detail != store.DetailFull
}

// again are the shots of photos whose faces were seen, gated by policy.
func again(policy store.Policy, own rules, photos [][]byte, faces []photo.Face) (shots []shot, err error) {
	for i, f := range faces {
		f = own.judge(f)
		media, err := photo.MediaType(photos[i])
		if err == nil {
			err = gate(policy, f)
		}
		if err != nil {
			return nil, about(photoArgument(i, len(photos)), err)
		}
		shots = append(shots, shot{f, media})
	}
	return shots, nil
}

// probesOf makes a probe of each face, or one of several photos: the mean of
// unit probes, scaled to length one. Measured on LFW it halves the misses of
// one photo, and best keeps the FPIR when each photo counts as a comparison of
// its own (docs/thresholds.md). The mean's doubt is that of its photos, so that
// one of poor photos is as far from strangers' as each of them. Photos that
// cannot be compared are left out of it.
func probesOf(own rules, policy store.Policy, shots []shot, req SearchRequest) ([]probe, error) {
	if !req.AllFaces {
		p, err := meanOf(own, shots)
		return []probe{p}, err
	}
	probes := make([]probe, len(shots))
	for i, s := range shots {
		probes[i] = probe{
			face: s.face, weighted: own.weighted(s.face.Probe), photos: 1,
			refused: gate(policy, s.face) != nil || !s.face.Comparable(),
		}
	}
	return probes, nil
}

// meanOf is the probe of one person's photos.
func meanOf(own rules, shots []shot) (probe, error) {
	first := shots[0].face
	shots = slices.DeleteFunc(slices.Clone(shots), func(s shot) bool { return !s.face.Comparable() })
	switch len(shots) {
	case 0:
		return probe{face: first, weighted: own.weighted(first.Probe), photos: 1, refused: true}, nil
	case 1:
		return probe{face: shots[0].face, weighted: own.weighted(shots[0].face.Probe), photos: 1}, nil
	}
	sum := make([]float32, len(shots[0].face.Probe))
	for _, s := range shots {
		for i, x := range s.face.Probe {
			sum[i] += x
		}
	}
	mean, err := face.NewTemplate(sum)
	if err != nil {
		return probe{}, fmt.Errorf("average templates: %w", err)
	}
	return probe{face: shots[0].face, weighted: own.weighted(mean), photos: len(shots)}, nil
}
