package identify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"oneton/index"
	"oneton/photo"
	"oneton/store"
)

// errChanging means that each of maxLooks searches met a change.
var errChanging = fmt.Errorf("%w: in each of %d searches it named a face that the store has not", index.ErrUnavailable, maxLooks)

// comparison is of the people of one gallery with those of another, or of the same.
type comparison struct {
	*Service

	from, in store.Gallery
	space    store.Space
	own      rules
}

func (s *Service) comparison(ctx context.Context, by store.Actor, from, in string) (c comparison, err error) {
	c.Service = s
	if c.from, err = s.Gallery(ctx, by, from); err != nil {
		return c, err
	}
	c.in = c.from
	if in != "" && in != from {
		if c.in, err = s.Gallery(ctx, by, in); err != nil {
			return c, about("in", err)
		}
		if c.in.Pack != c.from.Pack {
			return c, invalid("in", "is a gallery of another model pack, and faces of two packs do not compare")
		}
	}
	if c.space, err = s.Space(ctx, c.from.Pack); err == nil {
		c.own, err = s.rules(ctx, c.from.Pack, c.space.Name())
	}
	return c, aboutPack(KindGallery, err)
}

// within tells whether a gallery is compared with itself.
func (c comparison) within() bool { return c.in.ID == c.from.ID }

func (c comparison) caughtUp(ctx context.Context, position uint64) error {
	if position > 0 {
		position = max(position, c.space.Since)
	}
	return c.Service.caughtUp(ctx, c.in, position)
}

// enrolled is a subject with the faces that are searched.
type enrolled struct {
	id     store.SubjectID
	faces  []store.Face
	probes []probe
	// leftOut is how many more faces there are, and cut whether any of them could be compared.
	leftOut int
	cut     bool
}

// searched are the faces that were, and may be.
func (e enrolled) searched() []store.FaceID {
	var ids []store.FaceID
	for i, f := range e.faces {
		if !e.probes[i].refused {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// subject reads a subject, and at most so many of the faces, or that one of them.
// Where none can be compared, one is there that is refused.
func (c comparison) subject(ctx context.Context, id store.SubjectID, only store.FaceID, most int) (e enrolled, err error) {
	e.id = id
	all, err := c.store.Faces(ctx, c.from.ID, id)
	if err != nil {
		return e, fmt.Errorf("read faces: %w", subjectError(c.from, id, err))
	}
	all = slices.DeleteFunc(all, func(f store.Face) bool { return !f.AsideAt.IsZero() || only != "" && f.ID != only })
	if len(all) == 0 {
		return e, fmt.Errorf("compare a subject: %w", NotOfSubject(c.from.Name, id, KindFace, string(only)))
	}
	readable := slices.DeleteFunc(slices.Clone(all), func(f store.Face) bool { return f.Template == nil || f.Pack != c.space.Name() })
	if len(readable) == 0 {
		return e, fmt.Errorf("compare a subject whose faces are all damaged: %w", store.ErrDamaged)
	}
	e.faces = slices.DeleteFunc(slices.Clone(readable), func(f store.Face) bool { return !c.comparable(f) })
	slices.SortStableFunc(e.faces, func(a, b store.Face) int { return cmp.Compare(b.Quality.Score, a.Quality.Score) })
	e.cut = len(e.faces) > most
	e.faces = e.faces[:min(most, len(e.faces))]
	e.leftOut = len(all) - len(e.faces)
	refused := len(e.faces) == 0
	if refused {
		e.faces = readable[:1]
	}
	for _, f := range e.faces {
		t, err := c.embedder.Probe(c.from.Pack, f.Template)
		if err != nil {
			return e, fmt.Errorf("search face %s: %w", f.ID, aboutPack(KindGallery, err))
		}
		e.probes = append(e.probes, probe{weighted: c.own.weighted(t), photos: 1, refused: refused})
	}
	return e, nil
}

// comparable tells whether a stored face can be told apart from others at all.
func (c comparison) comparable(f store.Face) bool {
	return c.own.judge(photo.Face{Quality: f.Quality}).Comparable()
}

// likes is who is like a subject, by the faces that are nearest.
type likes struct {
	look

	people map[store.FaceID]store.Subject
	// of are the subject's own faces that are nearest.
	of map[store.SubjectID]store.FaceID
}

// like searches a subject's faces. It is false where somebody changed meanwhile.
func (c comparison) like(ctx context.Context, e enrolled, how SearchRequest) (l likes, all bool, err error) {
	how.K = max(how.K, 2)
	if c.within() {
		how.K++ // the subject itself
	}
	looks, err := c.look(ctx, c.in, c.space.Name(), c.own.Table, e.probes, how)
	if err != nil {
		return l, false, err
	}
	// Faces may have begun to move while they were searched.
	if err := c.still(ctx, c.space); err != nil {
		return l, false, err
	}
	l.look, l.of = looks[0], make(map[store.SubjectID]store.FaceID)
	l.Position, l.Hits = asOf(looks), nil
	best := make(map[store.SubjectID]index.Hit)
	for i, one := range looks {
		if one.Faces > l.Faces {
			l.Faces, l.threshold = one.Faces, one.threshold
		}
		for _, h := range one.Hits {
			if c.within() && h.Subject == e.id {
				continue
			}
			if have, ok := best[h.Subject]; !ok || h.Cosine > have.Cosine {
				best[h.Subject], l.of[h.Subject] = h, e.faces[i].ID
			}
		}
	}
	for _, h := range best {
		if h.Cosine >= l.threshold { // of the largest that the gallery was
			l.Hits = append(l.Hits, h)
		}
	}
	slices.SortFunc(l.Hits, func(a, b index.Hit) int {
		return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Face, b.Face))
	})
	faces := facesOf([]look{l.look})
	if c.within() && len(faces) > 0 {
		for _, f := range e.faces {
			faces = append(faces, f.ID)
		}
	}
	if l.people, err = c.Service.people(ctx, c.in, faces); err != nil {
		return l, false, err
	}
	return l, c.unmoved(e, l.people, len(l.Hits) > 0) && current([]look{l.look}, l.people, how.Filter), nil
}

// unmoved tells whether the subject still has the faces that were searched.
func (c comparison) unmoved(e enrolled, people map[store.FaceID]store.Subject, found bool) bool {
	return !c.within() || !found || !slices.ContainsFunc(e.faces, func(f store.Face) bool { return people[f.ID].ID != e.id })
}

// nearest are the two faces, of a subject and of another one, that are most alike of
// those that can be compared.
func (c comparison) nearest(e enrolled, others []store.Face) (of, other store.FaceID, likeness float64, err error) {
	likeness = -1
	for _, o := range others {
		if o.Template == nil || o.Pack != c.space.Name() || !o.AsideAt.IsZero() || !c.comparable(o) {
			continue
		}
		for i, p := range e.probes {
			cosine, err := p.vector.Cosine(o.Template)
			if err != nil {
				return "", "", 0, fmt.Errorf("compare with face %s: %w", o.ID, err)
			}
			if cosine = p.likeness(cosine); !p.refused && (other == "" || cosine > likeness) {
				of, other, likeness = e.faces[i].ID, o.ID, cosine
			}
		}
	}
	return of, other, likeness, nil
}
