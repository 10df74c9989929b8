package main

import (
	"context"
	"encoding/base64"
	"maps"
	"math"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"oneton/face"
	"oneton/identitytoken/token"
)

// besideBytes is what lies before the template's coordinates below a token's seal.
const besideBytes = 19

type unlinkabilityCommand struct {
	tokenFlags
	Pairs int `help:"Pairs of tokens of one person, and as many of two people." default:"200000"`
	Bins  int `help:"Bins of the densities of the scores." default:"50"`
}

type unlinkabilityParams struct {
	tokenFlags
	Pairs int `json:"pairs"`
	Bins  int `json:"bins"`
}

// unlinkabilityResult follows ISO/IEC 30136 and Gomez-Barrero and others, "General
// framework to evaluate unlinkability in biometric template protection systems"
// (2018).
type unlinkabilityResult struct {
	People int `json:"people"`
	Photos int `json:"photos"`
	// Linking says for each score of two tokens how far it tells whether they are
	// of one person; Chance is what as many scores of two people against others of
	// two people show, which no score can fall below.
	Linking []linking `json:"linking"`
	// Matching compares tokens under the right keys with templates.
	Matching matching `json:"matching"`
	// Several is what tokens of several photos do.
	Several fused `json:"several_photos"`
}

type linking struct {
	// Sees is what the attacker compares, and Score how.
	Sees   string  `json:"sees"`
	Score  string  `json:"score"`
	D      float64 `json:"d_sys"`
	Chance float64 `json:"chance"`
}

type matching struct {
	Mated    int `json:"mated"`
	NonMated int `json:"non_mated"`
	// EER are equal-error rates, by what was compared.
	Plain    float64 `json:"eer_templates"`
	Token    float64 `json:"eer_tokens"`
	Secret   float64 `json:"eer_tokens_with_secret"`
	Rotated  float64 `json:"eer_tokens_rotated_ten_times"`
	Greatest float64 `json:"greatest_difference"`
	// Rates are misses and false matches at each accuracy.
	Rates []matchingAt `json:"rates"`
}

type matchingAt struct {
	Accuracy  int     `json:"accuracy"`
	FMR       float64 `json:"wanted_fmr"`
	PlainFMR  float64 `json:"fmr_templates"`
	TokenFMR  float64 `json:"fmr_tokens"`
	PlainFNMR float64 `json:"fnmr_templates"`
	TokenFNMR float64 `json:"fnmr_tokens"`
}

// Run measures.
func (c *unlinkabilityCommand) Run(ctx context.Context) error {
	s, err := c.load(ctx)
	if err != nil {
		return err
	}
	r := unlinkabilityResult{People: len(s.people), Photos: len(s.photos)}
	if r.Linking, err = s.link(c.Pairs, c.Bins); err != nil {
		return err
	}
	if r.Matching, err = s.match(); err != nil {
		return err
	}
	if r.Several, err = s.fuse(); err != nil {
		return err
	}
	return save(c.Out, "unlinkability", unlinkabilityParams{c.params(), c.Pairs, c.Bins}, r)
}

// sealed is what lies below a token's seal, as who has the seal key alone sees it:
// by the description of a token, and not by the code that makes them.
func sealed(keys token.Keys, text string) (beside []byte, v []float64, err error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "oti_"))
	if err != nil {
		return nil, nil, err
	}
	const before = 1 + 8 + 16 + 8 + 1
	header := before
	for range 2 {
		header += 1 + int(b[header])
	}
	associated := slices.Clone(b[:header])
	for _, bound := range []string{keys.Tenant, ""} {
		associated = append(append(associated, 0, 0, 0, byte(len(bound))), bound...)
	}
	aead, err := chacha20poly1305.NewX(keys.Versions[0].Seal)
	if err != nil {
		return nil, nil, err
	}
	nonce := b[header : header+chacha20poly1305.NonceSizeX]
	plain, err := aead.Open(nil, nonce, b[header+chacha20poly1305.NonceSizeX:], associated)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range plain[besideBytes:] {
		v = append(v, float64(int8(x)))
	}
	return plain[:besideBytes], v, nil
}

// view is what an attacker sees of one token.
type view struct {
	beside []byte
	v      []float64
}

// scores are ways to compare what is seen of two tokens.
var scores = map[string]func(a, b view) float64{
	"cosine":                         func(a, b view) float64 { return cosineOf(a.v, b.v) },
	"absolute cosine":                func(a, b view) float64 { return math.Abs(cosineOf(a.v, b.v)) },
	"cosine of the sorted values":    func(a, b view) float64 { return cosineOf(sorted(a.v, false), sorted(b.v, false)) },
	"cosine of the sorted sizes":     func(a, b view) float64 { return cosineOf(sorted(a.v, true), sorted(b.v, true)) },
	"difference of the mean sizes":   func(a, b view) float64 { return -math.Abs(meanSize(a.v) - meanSize(b.v)) },
	"bits alike beside the template": func(a, b view) float64 { return alike(a.beside, b.beside) },
}

func cosineOf(a, b []float64) float64 {
	var dot, aa, bb float64
	for i, x := range a {
		dot += float64(x * b[i])
		aa += float64(x * x)
		bb += float64(b[i] * b[i])
	}
	return dot / math.Sqrt(float64(aa*bb))
}

func sorted(v []float64, sizes bool) []float64 {
	v = slices.Clone(v)
	if sizes {
		for i, x := range v {
			v[i] = math.Abs(x)
		}
	}
	slices.Sort(v)
	return v
}

// meanSize is the mean distance from 0, in lengths of the vector.
func meanSize(v []float64) float64 {
	var sum, square float64
	for _, x := range v {
		sum += math.Abs(x)
		square += float64(x * x)
	}
	return sum / math.Sqrt(square)
}

// alike counts bits, with what draws apart equal counts.
func alike(a, b []byte) float64 {
	n := 0.0
	for i := range a {
		for bit := range 8 {
			if (a[i]^b[i])>>bit&1 == 0 {
				n++
			}
		}
	}
	return n
}

// link compares tokens of one person, half of them of one photo, with tokens of two
// people, as who has opened the seals sees them, and for contrast as who has the
// transform key, too, and as templates are. Half of the pairs are of two
// installations.
func (s *tokenSet) link(pairs, bins int) (all []linking, err error) {
	people := s.several()
	others, err := s.newKeys("other")
	if err != nil {
		return nil, err
	}
	see := map[string]func(keys token.Keys, photo int) (view, error){
		"template": func(_ token.Keys, photo int) (view, error) { return view{v: floats(s.faces[photo].Template)}, nil },
		"seal opened": func(keys token.Keys, photo int) (v view, err error) {
			text, err := s.token(keys, photo, nil)
			if err == nil {
				v.beside, v.v, err = sealed(keys, text)
			}
			return v, err
		},
		"seal opened, with secrets": func(keys token.Keys, photo int) (v view, err error) {
			text, err := s.token(keys, photo, s.bytes(32))
			if err == nil {
				v.beside, v.v, err = sealed(keys, text)
			}
			return v, err
		},
		"seal and transform key":               s.turnedBack(false),
		"seal and transform key, with secrets": s.turnedBack(true),
	}
	for _, sees := range slices.Sorted(maps.Keys(see)) {
		mated, apart := map[string][]float64{}, map[string][]float64{}
		for i := range pairs {
			keys := [2]token.Keys{s.keys, s.keys}
			if i%4 < 2 {
				keys[1] = others
			}
			of := people[s.random.IntN(len(people))]
			a, b := of[s.random.IntN(len(of))], of[s.random.IntN(len(of))]
			if i%2 == 0 {
				b = a
			}
			x, y := s.strangers(people)
			// Twice as many of two people, half of which are compared with the rest for
			// what chance alone shows.
			for _, pair := range []struct {
				photos [2]int
				scores map[string][]float64
			}{{[2]int{a, b}, mated}, {[2]int{x, y}, apart}, {[2]int{a, y}, apart}} {
				var views [2]view
				for side, photo := range pair.photos {
					if views[side], err = see[sees](keys[side], photo); err != nil {
						return nil, err
					}
				}
				for name, score := range scores {
					if views[0].beside != nil || !strings.HasPrefix(name, "bits") {
						pair.scores[name] = append(pair.scores[name], score(views[0], views[1]))
					}
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(mated)) {
			half := len(apart[name]) / 2
			all = append(all, linking{
				Sees: sees, Score: name,
				D:      unlinkable(mated[name], apart[name], bins),
				Chance: unlinkable(apart[name][:half], apart[name][half:], bins),
			})
		}
	}
	return all, nil
}

// turnedBack is what the holder of all keys sees, who has no secret.
func (s *tokenSet) turnedBack(secrets bool) func(keys token.Keys, photo int) (view, error) {
	return func(keys token.Keys, photo int) (view, error) {
		var stretched []byte
		if secrets {
			stretched = s.bytes(32)
		}
		text, err := s.token(keys, photo, stretched)
		if err != nil {
			return view{}, err
		}
		o, err := keys.Open(text, "")
		if err != nil {
			return view{}, err
		}
		kept, err := o.Kept(nil)
		return view{v: floats(kept.Template)}, err
	}
}

// strangers are photos of two people.
func (s *tokenSet) strangers(people [][]int) (a, b int) {
	p := s.random.IntN(len(people))
	q := (p + 1 + s.random.IntN(len(people)-1)) % len(people)
	return people[p][s.random.IntN(len(people[p]))], people[q][s.random.IntN(len(people[q]))]
}

// unlinkable is D↔sys of scores: the mean, over tokens of one person, of 2·p - 1,
// where p is the probability that tokens of that score are of one person, when as
// many are as are not; 0 where that is less than even. Densities are by bins that
// hold as many scores each.
func unlinkable(mated, apart []float64, bins int) float64 {
	both := slices.Concat(mated, apart)
	slices.Sort(both)
	var edges []float64
	for b := 1; b < bins; b++ {
		if edge := both[b*len(both)/bins]; len(edges) == 0 || edge > edges[len(edges)-1] {
			edges = append(edges, edge)
		}
	}
	density := func(values []float64) []float64 {
		d := make([]float64, len(edges)+1)
		for _, v := range values {
			b, on := slices.BinarySearch(edges, v)
			if on {
				b++
			}
			d[b] += 1 / float64(len(values))
		}
		return d
	}
	m, a := density(mated), density(apart)
	var d float64
	for b := range m {
		if m[b] > a[b] {
			d += float64(m[b] * (m[b] - a[b]) / (m[b] + a[b]))
		}
	}
	return d
}

func floats(t face.Template) []float64 {
	v := make([]float64, len(t))
	for i, x := range t {
		v[i] = float64(x)
	}
	return v
}

// match compares probes with templates and with tokens of them.
func (s *tokenSet) match() (m matching, err error) {
	const mates, strangers, rotations = 20, 60, 10
	people := s.several()
	kinds := []string{"plain", "token", "secret", "rotated"}
	mated, apart := map[string][]float64{}, map[string][]float64{}
	for _, of := range people {
		for n, enrolled := range of {
			if n == mates {
				break
			}
			stretched := s.bytes(32)
			tokens := map[string]*token.Opened{}
			if tokens["token"], err = s.opened(enrolled, nil); err != nil {
				return m, err
			}
			if tokens["secret"], err = s.opened(enrolled, stretched); err != nil {
				return m, err
			}
			o := tokens["token"]
			for range rotations {
				c := o.Claims
				c.ID[0]++
				text, err := s.keys.Again(o, c, "")
				if err == nil {
					o, err = s.keys.Open(text, "")
				}
				if err != nil {
					return m, err
				}
			}
			tokens["rotated"] = o
			compare := func(probe int, to map[string][]float64) error {
				p := s.Probe(s.faces[probe].Template)
				for _, kind := range kinds {
					var cosine float64
					var err error
					switch kind {
					case "plain":
						cosine, err = p.Cosine(s.faces[enrolled].Template)
					case "secret":
						cosine, _, err = tokens[kind].Compare(p, stretched)
					default:
						cosine, _, err = tokens[kind].Compare(p, nil)
					}
					if err != nil {
						return err
					}
					to[kind] = append(to[kind], cosine)
				}
				return nil
			}
			for i := n + 1; i < min(len(of), mates); i++ {
				if err := compare(of[i], mated); err != nil {
					return m, err
				}
			}
			for range strangers {
				if _, other := s.strangers(people); s.identity[s.photos[other].person] != s.identity[s.photos[enrolled].person] {
					if err := compare(other, apart); err != nil {
						return m, err
					}
				}
			}
		}
	}
	m = matching{Mated: len(mated["plain"]), NonMated: len(apart["plain"])}
	for kind, rate := range map[string]*float64{"plain": &m.Plain, "token": &m.Token, "secret": &m.Secret, "rotated": &m.Rotated} {
		*rate = equalError(mated[kind], apart[kind])
	}
	for _, rate := range []float64{m.Token, m.Secret, m.Rotated} {
		m.Greatest = max(m.Greatest, math.Abs(rate-m.Plain))
	}
	for i, fmr := range token.Accuracies {
		at := s.Calibration.Threshold(fmr)
		m.Rates = append(m.Rates, matchingAt{
			Accuracy: i + 1, FMR: fmr,
			PlainFMR: 1 - below(apart["plain"], at), TokenFMR: 1 - below(apart["token"], at),
			PlainFNMR: below(mated["plain"], at), TokenFNMR: below(mated["token"], at),
		})
	}
	return m, nil
}

// below is the share of the values below one.
func below(values []float64, at float64) float64 {
	n := 0
	for _, v := range values {
		if v < at {
			n++
		}
	}
	return float64(n) / float64(len(values))
}

// equalError is the rate at which misses and false matches are as many.
func equalError(mated, apart []float64) float64 {
	m, a := slices.Sorted(slices.Values(mated)), slices.Sorted(slices.Values(apart))
	j := 0
	for i, at := range m {
		for j < len(a) && a[j] < at {
			j++
		}
		if miss, wrong := float64(i)/float64(len(m)), float64(len(a)-j)/float64(len(a)); miss >= wrong {
			return (miss + wrong) / 2
		}
	}
	return 1
}
