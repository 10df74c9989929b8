package identify

import (
	"context"

	"oneton/photo"
)

// Observer is told what the service does and answers, for whoever counts and traces
// it. A pack is one that is loaded.
type Observer interface {
	// Begin begins a stage, whose work has the context; done ends it. Stages are wait,
	// for the index; search; read, of those found; and store, of an enrolment.
	Begin(ctx context.Context, stage string) (_ context.Context, done func(err error))
	// Seen tells of a face in a photo: good, poor for some reason, or not_comparable.
	Seen(pack, quality string)
	// Searched tells of a face's answer.
	Searched(pack string, answer Outcome)
	// Looked tells of a face searched the best cosine in the gallery, whether or not it
	// reaches the threshold; of large galleries only now and then.
	Looked(pack string, best, threshold float64)
	// Verified tells of a comparison's answer.
	Verified(pack string, match bool)
}

// nobody is an Observer that nobody asked for.
type nobody struct{}

// Begin implements Observer.
func (nobody) Begin(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// Seen implements Observer.
func (nobody) Seen(string, string) {}

// Searched implements Observer.
func (nobody) Searched(string, Outcome) {}

// Looked implements Observer.
func (nobody) Looked(string, float64, float64) {}

// Verified implements Observer.
func (nobody) Verified(string, bool) {}

const (
	// alwaysLooked is up to how many faces the best of a gallery is told each time: a
	// search that need not leave out those below the threshold then takes 0.05 ms longer
	// (bench/results/search-100k.json), of some 30 for the photo. Of larger galleries it
	// is told once in lookedEvery times.
	alwaysLooked = 30_000
	lookedEvery  = 16
)

// looks tells whether the best cosine in a gallery of so many faces is to be told.
func (s *Service) looks(faces int) bool {
	return s.observed && (faces <= alwaysLooked || s.searches.Add(1)%lookedEvery == 0)
}

// seen tells of the faces of a photo.
func (s *Service) seen(pack string, faces []photo.Face) {
	for _, f := range faces {
		switch {
		case !f.Comparable():
			s.observer.Seen(pack, "not_comparable")
		case len(f.Quality.Reasons) > 0:
			s.observer.Seen(pack, "poor")
		default:
			s.observer.Seen(pack, "good")
		}
	}
}

// told tells of an answer.
func (s *Service) told(pack string, a Answer) {
	for _, p := range a.Probes {
		s.observer.Searched(pack, p.Outcome)
		if p.best != nil {
			s.observer.Looked(pack, *p.best, p.Threshold)
		}
	}
}
