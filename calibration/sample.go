package calibration

import (
	"fmt"
	"sort"
)

const (
	// bins is the number of equal bins in which the cosines from -1 to 1 are
	// counted: 0.0005 of cosine each.
	bins = 4000
	// groups is the number of groups of people that are left out one at a
	// time to learn how far a rate would move with other people.
	groups = 10
	// keptPairs is how many of the most alike pairs of different people are
	// remembered by name.
	keptPairs = 50
)

// Pair is two faces of a sample, by their places in it.
type Pair struct {
	A      int     `json:"a"`
	B      int     `json:"b"`
	Cosine float64 `json:"cosine"`
}

// Sample holds the cosines of every pair of a set of faces whose people are
// known. A pair counts 1/(photos of the one · photos of the other), so that
// every two people weigh the same however many photos they have, and the mated
// pairs of a person weigh 1 together.
type Sample struct {
	// People, Impostors and Mates are the number of people, of pairs of faces
	// of different people, and of pairs of faces of one person.
	People, Impostors, Mates int
	// Alike are the most alike pairs of different people, most alike first.
	Alike []Pair

	impostor [groups][groups]histogram // by the groups of the two people, first ≤ second
	mated    [groups]histogram
}

// histogram is the weight in each bin; nil is empty.
type histogram []float64

func (h *histogram) add(cosine, weight float64) {
	if *h == nil {
		*h = make(histogram, bins)
	}
	(*h)[bin(cosine)] += weight
}

// bin is the bin of a cosine: bin b holds [edge(b), edge(b+1)).
func bin(cosine float64) int {
	return max(0, min(bins-1, int((cosine+1)*(bins/2))))
}

// edge is the lower end of a bin.
func edge(b int) float64 {
	return float64(2*float64(b)/bins) - 1
}

// Collect compares every two faces of a set. people names the person of each
// face, and cosine compares two faces by their places. It is ErrSample when
// there are fewer than two people.
func Collect(people []string, cosine func(i, j int) float64) (*Sample, error) {
	number := make(map[string]int)
	photos := []float64{}
	person := make([]int, len(people))
	for i, name := range people {
		p, known := number[name]
		if !known {
			p = len(photos)
			number[name] = p
			photos = append(photos, 0)
		}
		person[i] = p
		photos[p]++
	}
	s := &Sample{People: len(photos)}
	if s.People < 2 {
		return nil, fmt.Errorf("%w: %d people, need at least 2", ErrSample, s.People)
	}
	for i, p := range person {
		for j, q := range person[:i] {
			c := cosine(i, j)
			if p == q {
				s.Mates++
				s.mated[p%groups].add(c, 2/(photos[p]*(photos[p]-1)))
				continue
			}
			s.Impostors++
			a, b := p%groups, q%groups
			s.impostor[min(a, b)][max(a, b)].add(c, 1/(photos[p]*photos[q]))
			s.remember(Pair{A: j, B: i, Cosine: c})
		}
	}
	return s, nil
}

// remember keeps the pair when it is among the most alike.
func (s *Sample) remember(p Pair) {
	if len(s.Alike) == keptPairs && p.Cosine <= s.Alike[keptPairs-1].Cosine {
		return
	}
	at := sort.Search(len(s.Alike), func(i int) bool { return s.Alike[i].Cosine < p.Cosine })
	s.Alike = append(s.Alike, Pair{})
	copy(s.Alike[at+1:], s.Alike[at:])
	s.Alike[at] = p
	s.Alike = s.Alike[:min(len(s.Alike), keptPairs)]
}

// impostors are the summed pairs of different people whose groups are both
// kept.
func (s *Sample) impostors(keep func(group int) bool) curve {
	sum := make(histogram, bins)
	for a := range groups {
		for b := a; b < groups; b++ {
			if keep(a) && keep(b) {
				sum.merge(s.impostor[a][b])
			}
		}
	}
	return newCurve(sum)
}

// mates are the summed pairs of one person, of the groups kept.
func (s *Sample) mates(keep func(group int) bool) curve {
	sum := make(histogram, bins)
	for g := range groups {
		if keep(g) {
			sum.merge(s.mated[g])
		}
	}
	return newCurve(sum)
}

func (h histogram) merge(other histogram) {
	for i, w := range other {
		h[i] += w
	}
}

// curve is a histogram summed from the top: above[b] is the weight of the
// cosines at or above edge(b), and above[0] all of it.
type curve struct {
	above []float64
}

func newCurve(h histogram) curve {
	above := make([]float64, bins+1)
	for b := bins - 1; b >= 0; b-- {
		above[b] = above[b+1] + h[b]
	}
	return curve{above}
}

// total is the weight of all cosines.
func (c curve) total() float64 { return c.above[0] }

// rate is the share at or above a cosine, linear within a bin.
func (c curve) rate(cosine float64) float64 {
	b := bin(cosine)
	share := max(0, min(1, (cosine-edge(b))/(2.0/bins)))
	return (c.above[b] + float64(share*(c.above[b+1]-c.above[b]))) / c.total()
}

// cosine is where the share at or above it is the rate, linear within a bin.
func (c curve) cosine(rate float64) float64 {
	want := float64(rate * c.total())
	b := sort.Search(bins, func(b int) bool { return c.above[b+1] <= want })
	high, low := c.above[b], c.above[b+1]
	if high <= low {
		return edge(b)
	}
	return edge(b) + float64((high-want)/(high-low)*(2.0/bins))
}
