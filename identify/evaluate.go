package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"oneton/calibration"
	"oneton/face"
	"oneton/index"
	"oneton/photo"
	"oneton/store"
)

const (
	// MaxEvaluated is the most faces that an evaluation searches, and defaultEvaluated
	// how many where nobody says.
	MaxEvaluated     = 100_000
	defaultEvaluated = 2000
	// keptPairs is how many pairs of people, and keptUnlike how many faces, it names.
	keptPairs, keptUnlike = 100, 100
	// suspectPairs is how many pairs of strangers the calibration expects at most to be
	// so alike where a pair is more likely one person under two names.
	suspectPairs = 0.1
)

// evaluatedRates are the rates that are compared with what is measured.
var evaluatedRates = []float64{0.001, 0.003, 0.01, 0.03, 0.1, 0.3}

// EvaluationRequest asks what a gallery's answers are worth.
type EvaluationRequest struct {
	Gallery string
	// Faces is the most faces to search; 0 is 2,000. People are drawn at random where
	// the gallery has more.
	Faces int
	// Progress is told how many faces were searched, of how many at most. Its error
	// ends the evaluation.
	Progress func(done, of int) error
}

// Evaluation is what a gallery's own faces say of its answers. Each face that was
// searched stood for a person who is not enrolled: those of its own person did not
// count.
type Evaluation struct {
	At time.Time
	// Gallery is the internal id.
	Gallery store.GalleryID
	Pack    string
	// Enrolled is how many faces the gallery had, and People how many people.
	Enrolled, People int
	// Searched is how many faces were searched, of SearchedPeople.
	Searched, SearchedPeople int
	// Policy is of the policy's rate, and Rates are of others.
	Policy EvaluatedRate
	Rates  []EvaluatedRate
	// Suspects is how many of the people may be enrolled twice.
	Suspects int
	// Mates is how many faces were compared with others of their person, and Missed
	// which share did not reach the threshold; nil where nobody has two.
	Mates  int
	Missed *calibration.Proportion
	// Alike are different people who look most alike, and Unlike faces that no other
	// face of their person is like.
	Alike  []Alike
	Unlike []Unlike
}

// EvaluatedRate compares a promised rate with what was measured.
type EvaluatedRate struct {
	// FPIR is promised at the Threshold.
	FPIR      float64
	Threshold float64
	// Found is how many people were answered with somebody else, and Measured which
	// share; Distinct leaves out those who may be enrolled twice.
	Found              int
	Measured, Distinct calibration.Proportion
}

// FaceOf is a face and whose it is.
type FaceOf struct {
	Subject store.SubjectID
	Face    store.FaceID
}

// Alike are two people's faces that look alike.
type Alike struct {
	A, B          FaceOf
	Cosine, Score float64
	// Expected is how many pairs so alike chance is expected to make among all that
	// were compared; Suspect says that it is so few that the two are more likely one
	// person.
	Expected float64
	Suspect  bool
}

// Unlike is a face that its person's others are not like.
type Unlike struct {
	FaceOf

	// Own is the cosine with the nearest of the person's Others.
	Own    float64
	Others int
	// Nearest is somebody else's face, and Other its cosine; empty where there is none.
	Nearest FaceOf
	Other   float64
}

// Evaluate measures what a gallery's answers are worth by its own faces.
func (s *Service) Evaluate(ctx context.Context, by store.Actor, req EvaluationRequest) (Evaluation, error) {
	if req.Faces < 0 || req.Faces > MaxEvaluated {
		return Evaluation{}, invalid("faces", "must be 1 to %d", MaxEvaluated)
	}
	g, err := s.Gallery(ctx, by, req.Gallery)
	if err != nil {
		return Evaluation{}, err
	}
	space, err := s.Space(ctx, g.Pack)
	if err != nil {
		return Evaluation{}, aboutPack(KindGallery, err)
	}
	own, err := s.rules(ctx, g.Pack, space.Name())
	if err != nil {
		return Evaluation{}, aboutPack(KindGallery, err)
	}
	if err := s.caughtUp(ctx, g, 0); err != nil {
		return Evaluation{}, err
	}
	most := cmp.Or(req.Faces, defaultEvaluated)
	people, total, err := s.drawn(ctx, g, most)
	if err != nil {
		return Evaluation{}, err
	}
	e := evaluating{Service: s, gallery: g, space: space.Name(), rules: own, alike: map[[2]store.SubjectID]Alike{}}
	for _, id := range people {
		if e.searched == most {
			break
		}
		if err := e.person(ctx, id, most, req.Progress); err != nil {
			return Evaluation{}, err
		}
	}
	if err := s.still(ctx, space); err != nil {
		return Evaluation{}, err
	}
	found := e.evaluation()
	found.At, found.People = s.now(), total
	return found, nil
}

// drawn are at most so many people of the gallery, at random and in no order, and how
// many there are.
func (s *Service) drawn(ctx context.Context, g store.Gallery, most int) (people []store.SubjectID, total int, err error) {
	const page = 1000
	for after := ""; ; {
		subjects, err := s.store.Subjects(ctx, g.ID, store.Page{After: after, Limit: page})
		if err != nil {
			return nil, 0, fmt.Errorf("list subjects: %w", err)
		}
		for _, sub := range subjects {
			after = string(sub.ID)
			if sub.Faces == 0 {
				continue
			}
			// Each is kept as likely as any before (Vitter, "Random sampling with a
			// reservoir", 1985).
			if total++; len(people) < most {
				people = append(people, sub.ID)
			} else if i := rand.N(total); i < most {
				people[i] = sub.ID
			}
		}
		if len(subjects) < page {
			rand.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
			return people, total, nil
		}
	}
}

// evaluating is an evaluation as it is made.
type evaluating struct {
	*Service
	rules

	gallery  store.Gallery
	space    string
	enrolled int
	searched int
	// nearest is of each person the cosine of the nearest other one, as a face of
	// theirs drawn at random has it.
	nearest []nearestOther
	mates   []float64
	alike   map[[2]store.SubjectID]Alike
	unlike  []Unlike
}

type nearestOther struct {
	cosine float64
	// comparisons is how many faces of others there were.
	comparisons int
}

// person searches the faces of one, and compares them with each other.
func (e *evaluating) person(ctx context.Context, id store.SubjectID, most int, progress func(done, of int) error) error {
	faces, err := e.store.Faces(ctx, e.gallery.ID, id)
	if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
		return nil
	}
	if err != nil {
		return fmt.Errorf("read faces: %w", err)
	}
	faces = slices.DeleteFunc(faces, func(f store.Face) bool {
		return f.Template == nil || f.Pack != e.space || !f.AsideAt.IsZero() || !e.judge(photo.Face{Quality: f.Quality}).Comparable()
	})
	rand.Shuffle(len(faces), func(i, j int) { faces[i], faces[j] = faces[j], faces[i] })
	for i, f := range faces {
		if e.searched == most {
			return nil
		}
		begun := time.Now()
		if err := e.face(ctx, faces, f, i == 0); err != nil {
			return err
		}
		e.searched++
		if progress != nil {
			if err := progress(e.searched, most); err != nil {
				return err
			}
		}
		// Searches of others come first: it rests as long as it works.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(begun)):
		}
	}
	return nil
}

// face searches one of a person's faces.
func (e *evaluating) face(ctx context.Context, of []store.Face, f store.Face, first bool) error {
	probe, err := e.embedder.Probe(e.gallery.Pack, f.Template)
	if err != nil {
		return fmt.Errorf("compare face %s: %w", f.ID, err)
	}
	w := e.weighted(probe)
	other, enrolled, err := e.other(ctx, f, w)
	if err != nil {
		return err
	}
	e.enrolled = max(e.enrolled, enrolled)
	if first {
		near := nearestOther{cosine: -1, comparisons: max(0, enrolled-len(of))}
		if other != nil {
			near.cosine = other.Cosine
		}
		e.nearest = append(e.nearest, near)
	}
	if other != nil {
		pair := pairOf(f.Subject, other.Subject)
		if was, there := e.alike[pair]; !there || other.Cosine > was.Cosine {
			e.alike[pair] = Alike{A: FaceOf{f.Subject, f.ID}, B: FaceOf{other.Subject, other.Face}, Cosine: other.Cosine}
		}
		e.forget()
	}
	return e.own(of, f, w, other)
}

// other is the nearest face of somebody else, nil where there is none.
func (e *evaluating) other(ctx context.Context, f store.Face, w weighted) (*index.Hit, int, error) {
	r, err := e.index.Search(ctx, index.Query{
		Scope: index.Scope{Tenant: e.gallery.Tenant, Gallery: e.gallery.ID, Pack: e.space}, Probe: w.vector, K: 2, Threshold: -1,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search index: %w", err)
	}
	for _, h := range r.Hits {
		if h.Subject != f.Subject {
			h.Cosine = w.likeness(h.Cosine)
			return &h, r.Faces, nil
		}
	}
	return nil, r.Faces, nil
}

// own compares a face with the others of its person.
func (e *evaluating) own(of []store.Face, f store.Face, w weighted, other *index.Hit) error {
	if len(of) < 2 {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(of), func(o store.Face) bool { return o.ID == f.ID })
	_, best, err := nearest(w, others)
	if err != nil && !errors.Is(err, face.ErrDimension) {
		return err
	}
	e.mates = append(e.mates, best)
	u := Unlike{FaceOf: FaceOf{f.Subject, f.ID}, Own: best, Others: len(others), Other: -1}
	if other != nil {
		u.Nearest, u.Other = FaceOf{other.Subject, other.Face}, other.Cosine
	}
	e.unlike = append(e.unlike, u)
	return nil
}

func pairOf(a, b store.SubjectID) [2]store.SubjectID {
	return [2]store.SubjectID{min(a, b), max(a, b)}
}

// forget keeps the memory bounded.
func (e *evaluating) forget() {
	const slack = 10
	if len(e.alike) > slack*keptPairs {
		kept := e.pairs()
		clear(e.alike)
		for _, a := range kept {
			e.alike[pairOf(a.A.Subject, a.B.Subject)] = a
		}
	}
}

// pairs are those most alike, the most alike first.
func (e *evaluating) pairs() []Alike {
	var all []Alike
	for _, a := range e.alike {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Alike) int {
		return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.A.Face, b.A.Face))
	})
	return all[:min(len(all), keptPairs)]
}

// evaluation is what came of it.
func (e *evaluating) evaluation() Evaluation {
	v := Evaluation{
		Gallery: e.gallery.ID, Pack: e.gallery.Pack, Enrolled: e.enrolled,
		Searched: e.searched, SearchedPeople: len(e.nearest), Mates: len(e.mates), Alike: e.pairs(),
	}
	for i, a := range v.Alike {
		a.Score, a.Expected = e.Score(a.Cosine), e.expected(a.Cosine)
		a.Suspect = a.Expected < suspectPairs
		v.Alike[i] = a
	}
	for _, n := range e.nearest {
		if e.expected(n.cosine) < suspectPairs {
			v.Suspects++
		}
	}
	v.Policy = e.rate(e.gallery.Policy.FPIR)
	for _, fpir := range evaluatedRates {
		v.Rates = append(v.Rates, e.rate(fpir))
	}
	if len(e.mates) > 0 {
		missed := 0
		for _, c := range e.mates {
			if c < v.Policy.Threshold {
				missed++
			}
		}
		p := calibration.Exactly(missed, len(e.mates))
		v.Missed = &p
	}
	v.Unlike = e.unlikeOthers(v.Policy.Threshold)
	return v
}

// expected is how many of the pairs that were compared chance makes so alike.
func (e *evaluating) expected(cosine float64) float64 {
	return float64(e.searched) * float64(e.enrolled) * e.FMR(cosine)
}

// rate compares a promised rate with the people whom others were found for, each in a
// gallery without their own faces.
func (e *evaluating) rate(fpir float64) EvaluatedRate {
	r := EvaluatedRate{FPIR: fpir, Threshold: e.Identification(fpir, e.enrolled)}
	found, distinct, people := 0, 0, 0
	for _, n := range e.nearest {
		reached := n.comparisons > 0 && n.cosine >= e.Identification(fpir, n.comparisons)
		if reached {
			found++
		}
		if e.expected(n.cosine) < suspectPairs {
			continue
		}
		people++
		if reached {
			distinct++
		}
	}
	r.Found, r.Measured, r.Distinct = found, calibration.Exactly(found, len(e.nearest)), calibration.Exactly(distinct, people)
	return r
}

// unlikeOthers are the faces that a search would not find their person by, or that are
// nearer to somebody else: the least like first.
func (e *evaluating) unlikeOthers(threshold float64) []Unlike {
	all := slices.DeleteFunc(e.unlike, func(u Unlike) bool { return u.Own >= threshold && u.Own >= u.Other })
	slices.SortFunc(all, func(a, b Unlike) int { return cmp.Or(cmp.Compare(a.Own, b.Own), cmp.Compare(a.Face, b.Face)) })
	return all[:min(len(all), keptUnlike)]
}
