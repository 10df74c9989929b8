package main

import "crypto/sha256"

// keptOut says that the built-in packs know nothing of the person but in their
// calibration tables: the rule of embed/pack/manifests/photos.py.
func keptOut(name string) bool {
	const parts, known = 5, 3
	return sha256.Sum256([]byte("part " + name))[0]%parts >= known
}

// keepOut leaves only people that are kept out.
func (s *photoSet) keepOut() {
	all := *s
	*s = photoSet{}
	number := map[int]int{}
	for p, name := range all.people {
		if !keptOut(all.people[all.identity[p]]) {
			continue
		}
		n := len(s.people)
		number[p] = n
		var of []int
		for _, i := range all.of[p] {
			of = append(of, len(s.photos))
			s.photos = append(s.photos, portrait{person: n, path: all.photos[i].path})
		}
		s.people, s.of = append(s.people, name), append(s.of, of)
		s.identity = append(s.identity, number[all.identity[p]])
	}
}
