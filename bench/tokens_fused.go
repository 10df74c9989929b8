package main

import (
	"errors"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken"
	"oneton/identitytoken/token"
	"oneton/photo"
)

// fusedPhotos is how many photos the tokens are made of that are compared with those
// of one.
const fusedPhotos = 3

// fused compares tokens of several photos with tokens of one.
type fused struct {
	Photos int `json:"photos"`
	People int `json:"people"`
	// Refused are photos of one person taken for several people's, and Mixed photos
	// of a person and a stranger among them that are not.
	Refused calibration.Proportion `json:"one_person_refused"`
	Mixed   calibration.Proportion `json:"stranger_among_them_passes"`
	Rates   []fusedAt              `json:"rates"`
}

// fusedAt is at one accuracy: misses, and false matches, of tokens of one photo and
// of several; and of several if they counted as one comparison.
type fusedAt struct {
	Accuracy  int                    `json:"accuracy"`
	FMR       float64                `json:"wanted_fmr"`
	OneFNMR   calibration.Proportion `json:"fnmr_one"`
	FNMR      calibration.Proportion `json:"fnmr_several"`
	OneFMR    calibration.Proportion `json:"fmr_one"`
	FalseRate calibration.Proportion `json:"fmr_several"`
	Uncounted calibration.Proportion `json:"fmr_several_counted_as_one"`
}

// portrait is the face of a photo as the service takes it.
func (s *tokenSet) portrait(i int) photo.Face {
	f := s.faces[i]
	return photo.Face{Template: f.Template, Probe: s.Probe(f.Template), Quality: face.Quality{InterEye: alignedSide, Score: f.Score}}
}

// fuse makes templates of several photos of each person that has one more, and
// compares them with the others.
func (s *tokenSet) fuse() (f fused, err error) {
	const probes, strangers, mixtures = 5, 200, 5
	f.Photos = fusedPhotos
	people := s.several()
	type counts struct{ missedOne, missed, falseOne, wrong, uncounted int }
	at := make([]counts, len(token.Accuracies))
	mated, apart, refused, mixed, tried := 0, 0, 0, 0, 0
	for _, of := range people {
		if len(of) <= fusedPhotos {
			continue
		}
		f.People++
		faces := []photo.Face{s.portrait(of[0]), s.portrait(of[1]), s.portrait(of[2])}
		for range mixtures {
			_, other := s.strangers(people)
			if s.identity[s.photos[other].person] == s.identity[s.photos[of[0]].person] {
				continue
			}
			tried++
			_, err := identitytoken.Fuse(&s.Calibration, []photo.Face{faces[0], s.portrait(other), faces[1]})
			if err == nil {
				mixed++
			} else if !errors.Is(err, identitytoken.ErrDifferentPeople) {
				return f, err
			}
		}
		kept, err := identitytoken.Fuse(&s.Calibration, faces)
		if errors.Is(err, identitytoken.ErrDifferentPeople) {
			refused++
			continue
		}
		if err != nil {
			return f, err
		}
		compare := func(probe int, count func(*counts, token.Result, token.Result, token.Result)) error {
			p := s.Probe(s.faces[probe].Template)
			one, err := p.Cosine(faces[0].Template)
			if err != nil {
				return err
			}
			several, err := p.Cosine(kept.Template)
			if err != nil {
				return err
			}
			for a := range at {
				var r [3]token.Result
				for i, c := range []struct {
					cosine float64
					photos int
				}{{one, 1}, {several, kept.Photos}, {several, 1}} {
					if r[i], err = token.Decide(&s.Calibration, c.cosine, c.photos, a+1); err != nil {
						return err
					}
				}
				count(&at[a], r[0], r[1], r[2])
			}
			return nil
		}
		for _, probe := range of[fusedPhotos:min(len(of), fusedPhotos+probes)] {
			mated++
			if err := compare(probe, func(c *counts, one, several, _ token.Result) {
				c.missedOne += oneIf(!one.Match)
				c.missed += oneIf(!several.Match)
			}); err != nil {
				return f, err
			}
		}
		for range strangers {
			_, other := s.strangers(people)
			if s.identity[s.photos[other].person] == s.identity[s.photos[of[0]].person] {
				continue
			}
			apart++
			if err := compare(other, func(c *counts, one, several, uncounted token.Result) {
				c.falseOne += oneIf(one.Match)
				c.wrong += oneIf(several.Match)
				c.uncounted += oneIf(uncounted.Match)
			}); err != nil {
				return f, err
			}
		}
	}
	f.Refused, f.Mixed = proportion(refused, f.People), proportion(mixed, tried)
	for a, c := range at {
		f.Rates = append(f.Rates, fusedAt{
			Accuracy: a + 1, FMR: token.Accuracies[a],
			OneFNMR: proportion(c.missedOne, mated), FNMR: proportion(c.missed, mated),
			OneFMR: proportion(c.falseOne, apart), FalseRate: proportion(c.wrong, apart), Uncounted: proportion(c.uncounted, apart),
		})
	}
	return f, nil
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}
