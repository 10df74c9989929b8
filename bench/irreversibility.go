package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/token"
)

// matchLevel is the accuracy at which what an attack brings forth is to match
// another photo of the person.
const matchLevel = 3

type irreversibilityCommand struct {
	tokenFlags
	Victims int `help:"People whose tokens are attacked, of those that the packs know nothing of." default:"300"`
	Tokens  int `help:"Tokens of one photo that an attacker of many has." default:"32"`
	Guesses int `help:"Secrets, or keys, that an attacker tries." default:"1000"`
}

type irreversibilityParams struct {
	tokenFlags
	Victims int `json:"victims"`
	Tokens  int `json:"tokens"`
	Guesses int `json:"guesses"`
}

// irreversibilityResult is what attacks on tokens bring forth. The attacker has
// templates of many other people and knows everything of how tokens are made.
type irreversibilityResult struct {
	Victims  int `json:"victims"`
	Attacker int `json:"attackers_faces"`
	// Level is the accuracy, and FMR its rate.
	Level int     `json:"level"`
	FMR   float64 `json:"fmr"`
	// Attacks are by what the attacker has.
	Attacks []inversion `json:"attacks"`
	// Guessing says how well a right secret is told from wrong ones without the
	// face, by who has the keys.
	Guessing guessing `json:"guessing_secrets"`
}

type inversion struct {
	Has    string `json:"has"`
	Secret bool   `json:"token_has_secret"`
	Attack string `json:"attack"`
	// Success is how often the template that comes forth matches another photo of
	// the person at the level.
	Success calibration.Proportion `json:"success"`
	// Cosine is the mean cosine to the template in the token.
	Cosine float64 `json:"mean_cosine_to_template"`
}

type guessing struct {
	Guesses int `json:"guesses"`
	// First is how often the right one looks most like a face of all, and Rank its
	// median place among them.
	First calibration.Proportion `json:"right_one_first"`
	Rank  float64                `json:"median_rank"`
	// Exceeds is the mean share of wrong ones that look less like a face, and Bits
	// what a guess's look tells: the mean logarithm, to 2, of how much likelier it
	// is to be right.
	Exceeds float64 `json:"area_under_curve"`
	Bits    float64 `json:"bits"`
}

// Run attacks.
func (c *irreversibilityCommand) Run(ctx context.Context) error {
	s, err := c.load(ctx)
	if err != nil {
		return err
	}
	a, err := newAttacker(s, c.Victims, c.Tokens, c.Guesses)
	if err != nil {
		return err
	}
	r := irreversibilityResult{Victims: len(a.victims), Attacker: len(a.faces), Level: matchLevel, FMR: token.Accuracies[matchLevel-1]}
	for _, attack := range a.attacks() {
		x := inversion{Has: attack.has, Secret: attack.secret, Attack: attack.name}
		n := 0
		for _, v := range a.victims {
			t, err := attack.do(v)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", attack.has, attack.name, err)
			}
			cosine, err := t.Cosine(s.faces[v.photo].Template)
			if err != nil {
				return err
			}
			x.Cosine += cosine / float64(len(a.victims))
			if s.matches(t, v.other, matchLevel) {
				n++
			}
		}
		x.Success = proportion(n, len(a.victims))
		r.Attacks = append(r.Attacks, x)
		fmt.Printf("%-42s secret %-5v %-60s %5.1f %%\n", x.Has, x.Secret, x.Attack, 100*x.Success.Share)
	}
	if r.Guessing, err = a.guess(); err != nil {
		return err
	}
	return save(c.Out, "irreversibility", irreversibilityParams{c.params(), c.Victims, c.Tokens, c.Guesses}, r)
}

// victim is a person, a photo of which there are tokens, and another.
type victim struct{ photo, other int }

// attacker has templates of other people, what he learns of them, and tokens of
// theirs that he has made himself.
type attacker struct {
	*tokenSet
	victims         []victim
	faces           []int
	tokens, guesses int
	looks           *look
	// linear maps what lies below the seals of his own tokens to their templates,
	// as well as any matrix does.
	linear *mat.Dense
}

func newAttacker(s *tokenSet, victims, tokens, guesses int) (*attacker, error) {
	a := &attacker{tokenSet: s, tokens: tokens, guesses: guesses}
	for _, of := range s.several() {
		if keptOut(s.people[s.identity[s.photos[of[0]].person]]) && len(a.victims) < victims {
			i := s.random.IntN(len(of))
			a.victims = append(a.victims, victim{of[i], of[(i+1+s.random.IntN(len(of)-1))%len(of)]})
		}
	}
	for i, f := range s.faces {
		if f.Template != nil && !keptOut(s.people[s.identity[s.photos[i].person]]) {
			a.faces = append(a.faces, i)
		}
	}
	var err error
	if a.looks, err = newLook(s, a.faces); err != nil {
		return nil, err
	}
	return a, a.learn()
}

// learn fits the linear map, with as much ridge as the data have noise.
func (a *attacker) learn() error {
	n := a.TemplateDimension()
	seen, are := mat.NewDense(len(a.faces), n, nil), mat.NewDense(len(a.faces), n, nil)
	for row, i := range a.faces {
		v, err := a.seen(i, nil)
		if err != nil {
			return err
		}
		seen.SetRow(row, v)
		are.SetRow(row, floats(a.tokenSet.faces[i].Template))
	}
	var gram, right mat.Dense
	gram.Mul(seen.T(), seen)
	for i := range n {
		gram.Set(i, i, gram.At(i, i)+1)
	}
	right.Mul(seen.T(), are)
	a.linear = new(mat.Dense)
	return a.linear.Solve(&gram, &right)
}

// seen is what lies below the seal of a new token of the photo, at length one.
func (a *attacker) seen(photo int, stretched []byte) ([]float64, error) {
	text, err := a.token(a.keys, photo, stretched)
	if err != nil {
		return nil, err
	}
	_, v, err := sealed(a.keys, text)
	if err != nil {
		return nil, err
	}
	length := math.Sqrt(dotOf(v, v))
	for i := range v {
		v[i] /= length
	}
	return v, nil
}

func dotOf(a, b []float64) float64 {
	var dot float64
	for i, x := range a {
		dot += float64(x * b[i])
	}
	return dot
}

func templateOf(v []float64) (face.Template, error) {
	t := make([]float32, len(v))
	for i, x := range v {
		t[i] = float32(x)
	}
	return face.NewTemplate(t)
}

type way struct {
	has    string
	secret bool
	name   string
	do     func(v victim) (face.Template, error)
}

const (
	hasNothing   = "no token"
	hasSeal      = "seal key"
	hasSecret    = "seal key and user's secret"
	hasTransform = "seal key and transform key"
	hasAll       = "seal key, transform key, user's secret"
)

// attacks are by what the attacker has. What needs the seal opened is nothing
// without the seal key.
func (a *attacker) attacks() (all []way) {
	all = []way{
		{hasNothing, false, "a face of another person", func(victim) (face.Template, error) {
			return a.tokenSet.faces[a.faces[a.random.IntN(len(a.faces))]].Template, nil
		}},
		{hasNothing, false, "the face that most others are like", func(victim) (face.Template, error) { return a.looks.wolf, nil }},
	}
	for _, secret := range []bool{false, true} {
		all = append(all,
			way{hasSeal, secret, "what the seal held, as a template", func(v victim) (face.Template, error) { return a.mean(v, secret, 1) }},
			way{hasSeal, secret, "mean of many tokens of one photo", func(v victim) (face.Template, error) { return a.mean(v, secret, a.tokens) }},
			way{hasSeal, secret, "first principal component of many tokens of one photo", func(v victim) (face.Template, error) { return a.component(v, secret) }},
			way{hasSeal, secret, "linear map, by least squares on tokens of one's own", func(v victim) (face.Template, error) { return a.mapped(v, secret) }},
			way{hasSeal, secret, "the face whose token is most alike in sorted sizes", func(v victim) (face.Template, error) { return a.preimage(v, secret) }},
			way{hasSeal, secret, "solver for the cosine under guessed keys, the likeliest face", func(v victim) (face.Template, error) { return a.guessed(v, secret) }},
		)
	}
	all = append(all,
		way{hasSecret, true, "what the seal held, turned back by the secret's rotation alone", a.secretAlone},
	)
	for _, secret := range []bool{false, true} {
		all = append(all,
			way{hasTransform, secret, "rotation undone", func(v victim) (face.Template, error) { return a.undone(v, secret, false) }},
			way{hasTransform, secret, "solver for the cosine", func(v victim) (face.Template, error) { return a.solved(v, secret, false) }},
		)
	}
	return append(all,
		way{hasTransform, true, "guesses of the secret, none of them right, the likeliest face", func(v victim) (face.Template, error) { return a.dictionary(v, false) }},
		way{hasTransform, true, "guesses of the secret, one of them right, the likeliest face", func(v victim) (face.Template, error) { return a.dictionary(v, true) }},
		way{hasAll, true, "rotations undone", func(v victim) (face.Template, error) { return a.undone(v, true, true) }},
		way{hasAll, true, "solver for the cosine", func(v victim) (face.Template, error) { return a.solved(v, true, true) }},
	)
}

var errNoComponents = errors.New("the singular value decomposition failed")

func (a *attacker) secretOf(has bool) []byte {
	if has {
		return a.bytes(32)
	}
	return nil
}

func (a *attacker) mean(v victim, secret bool, tokens int) (face.Template, error) {
	sum := make([]float64, a.TemplateDimension())
	for range tokens {
		seen, err := a.seen(v.photo, a.secretOf(secret))
		if err != nil {
			return nil, err
		}
		for i, x := range seen {
			sum[i] += x
		}
	}
	return templateOf(sum)
}

// component is that of the tokens' vectors about 0; of the two directions, the one
// more like a face.
func (a *attacker) component(v victim, secret bool) (face.Template, error) {
	n := a.TemplateDimension()
	rows := mat.NewDense(a.tokens, n, nil)
	for i := range a.tokens {
		seen, err := a.seen(v.photo, a.secretOf(secret))
		if err != nil {
			return nil, err
		}
		rows.SetRow(i, seen)
	}
	var svd mat.SVD
	if !svd.Factorize(rows, mat.SVDThin) {
		return nil, errNoComponents
	}
	var right mat.Dense
	svd.VTo(&right)
	first := mat.Col(nil, 0, &right)
	other := make([]float64, n)
	for i, x := range first {
		other[i] = -x
	}
	if a.looks.likely(other) > a.looks.likely(first) {
		first = other
	}
	return templateOf(first)
}

func (a *attacker) mapped(v victim, secret bool) (face.Template, error) {
	seen, err := a.seen(v.photo, a.secretOf(secret))
	if err != nil {
		return nil, err
	}
	var t mat.VecDense
	t.MulVec(a.linear.T(), mat.NewVecDense(len(seen), seen))
	return templateOf(t.RawVector().Data)
}

// preimage looks through the attacker's faces, with a token of each.
func (a *attacker) preimage(v victim, secret bool) (face.Template, error) {
	seen, err := a.seen(v.photo, a.secretOf(secret))
	if err != nil {
		return nil, err
	}
	const tried = 500
	sizes, best, nearest := sorted(seen, true), math.Inf(-1), a.faces[0]
	for range tried {
		i := a.faces[a.random.IntN(len(a.faces))]
		other, err := a.seen(i, nil)
		if err != nil {
			return nil, err
		}
		if c := dotOf(sizes, sorted(other, true)); c > best {
			best, nearest = c, i
		}
	}
	return a.tokenSet.faces[nearest].Template, nil
}

// guessed solves for the cosine under keys that are guessed, and takes what looks
// most like a face.
func (a *attacker) guessed(v victim, secret bool) (face.Template, error) {
	text, err := a.token(a.keys, v.photo, a.secretOf(secret))
	if err != nil {
		return nil, err
	}
	var best face.Template
	most := math.Inf(-1)
	for range a.guesses {
		keys := a.keys
		keys.Versions = []token.Version{{ID: a.keys.Versions[0].ID, Seal: a.keys.Versions[0].Seal, Transform: a.bytes(32)}}
		o, err := keys.Open(text, "")
		if err != nil {
			return nil, err
		}
		// For an orthogonal map the solver's answer is what turning back gives; see
		// solved.
		kept, err := o.Kept(nil)
		if err != nil {
			return nil, err
		}
		if l := a.looks.likely(floats(kept.Template)); l > most {
			most, best = l, kept.Template
		}
	}
	return best, nil
}

// secretAlone undoes the secret's rotation, which lies below one that is not known.
func (a *attacker) secretAlone(v victim) (face.Template, error) {
	stretched := a.bytes(32)
	text, err := a.token(a.keys, v.photo, stretched)
	if err != nil {
		return nil, err
	}
	keys := a.keys
	keys.Versions = []token.Version{{ID: a.keys.Versions[0].ID, Seal: a.keys.Versions[0].Seal, Transform: a.bytes(32)}}
	o, err := keys.Open(text, "")
	if err != nil {
		return nil, err
	}
	kept, err := o.Kept(stretched)
	return kept.Template, err
}

func (a *attacker) undone(v victim, secret, known bool) (face.Template, error) {
	stretched := a.secretOf(secret)
	o, err := a.opened(v.photo, stretched)
	if err != nil {
		return nil, err
	}
	if !known {
		stretched = nil
	}
	kept, err := o.Kept(stretched)
	return kept.Template, err
}

// solved looks for the template whose cosine with the token is greatest, and sees
// the cosine alone: by gradient ascent on the sphere from a random start, with
// differences for slopes.
func (a *attacker) solved(v victim, secret, known bool) (face.Template, error) {
	stretched := a.secretOf(secret)
	o, err := a.opened(v.photo, stretched)
	if err != nil {
		return nil, err
	}
	if !known {
		stretched = nil
	}
	n := a.TemplateDimension()
	at := make([]float64, n)
	for i := range at {
		at[i] = a.random.NormFloat64()
	}
	const steps, difference = 3, 0.1
	for range steps {
		t, err := templateOf(at)
		if err != nil {
			return nil, err
		}
		here, _, err := o.Compare(t, stretched)
		if err != nil {
			return nil, err
		}
		slope := make([]float64, n)
		for i := range n {
			moved := floats(t)
			moved[i] += difference
			length := math.Sqrt(dotOf(moved, moved))
			m, err := templateOf(moved)
			if err != nil {
				return nil, err
			}
			there, _, err := o.Compare(m, stretched)
			if err != nil {
				return nil, err
			}
			slope[i] = (there*length - here) / difference
		}
		// The cosine is linear in the probe, so its slope is where it is greatest.
		at = slope
	}
	return templateOf(at)
}

// dictionary tries secrets, and takes what looks most like a face.
func (a *attacker) dictionary(v victim, right bool) (face.Template, error) {
	stretched := a.bytes(32)
	o, err := a.opened(v.photo, stretched)
	if err != nil {
		return nil, err
	}
	best, most := face.Template(nil), math.Inf(-1)
	for i := range a.guesses {
		guess := a.bytes(32)
		if right && i == 0 {
			guess = stretched
		}
		kept, err := o.Kept(guess)
		if err != nil {
			return nil, err
		}
		if l := a.looks.kept(kept); l > most {
			most, best = l, kept.Template
		}
	}
	return best, nil
}

// guess ranks the right secret among wrong ones.
func (a *attacker) guess() (g guessing, err error) {
	g.Guesses = a.guesses
	var ranks []float64
	first := 0
	for _, v := range a.victims {
		stretched := a.bytes(32)
		o, err := a.opened(v.photo, stretched)
		if err != nil {
			return g, err
		}
		kept, err := o.Kept(stretched)
		if err != nil {
			return g, err
		}
		is, above := a.looks.kept(kept), 0
		var wrong []float64
		for range a.guesses {
			other, err := o.Kept(a.bytes(32))
			if err != nil {
				return g, err
			}
			l := a.looks.kept(other)
			wrong = append(wrong, l)
			if l >= is {
				above++
			}
		}
		ranks = append(ranks, float64(1+above))
		if above == 0 {
			first++
		}
		g.Exceeds += (1 - float64(above)/float64(len(wrong))) / float64(len(a.victims))
		// Wrong ones' likelihood ratio has mean 1, which calibrates the right one's.
		most := slices.Max(wrong)
		var mean float64
		for _, l := range wrong {
			mean += math.Exp(l-most) / float64(len(wrong))
		}
		g.Bits += (is - most - math.Log(mean)) / math.Ln2 / float64(len(a.victims))
	}
	g.First, g.Rank = proportion(first, len(a.victims)), median(ranks)
	return g, nil
}

// look says how much a vector looks like a face's template: the density of the
// attacker's faces, as a normal distribution of their mean and covariance, and of
// the score beside them.
type look struct {
	mean      []float64
	precision mat.SymDense
	scores    []float64
	wolf      face.Template
}

const scoreBins = 16

func newLook(s *tokenSet, faces []int) (*look, error) {
	n := s.TemplateDimension()
	l := &look{mean: make([]float64, n), scores: make([]float64, scoreBins)}
	for _, i := range faces {
		for j, x := range s.faces[i].Template {
			l.mean[j] += float64(x) / float64(len(faces))
		}
		l.scores[scoreBin(s.faces[i].Score)] += 1 / float64(len(faces))
	}
	covariance := mat.NewSymDense(n, nil)
	for _, i := range faces {
		v := floats(s.faces[i].Template)
		for j := range v {
			v[j] -= l.mean[j]
		}
		covariance.SymRankOne(covariance, 1/float64(len(faces)), mat.NewVecDense(n, v))
	}
	// What a byte a coordinate rounds away, at least, is not told.
	for i := range n {
		covariance.SetSym(i, i, covariance.At(i, i)+1e-5)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(covariance) {
		return nil, mat.Condition(math.Inf(1))
	}
	if err := cholesky.InverseTo(&l.precision); err != nil {
		return nil, err
	}
	const sample = 400
	best := -1.0
	for range sample {
		i := faces[s.random.IntN(len(faces))]
		matches := 0.0
		for range sample {
			if s.matches(s.faces[i].Template, faces[s.random.IntN(len(faces))], 1) {
				matches++
			}
		}
		if matches > best {
			best, l.wolf = matches, s.faces[i].Template
		}
	}
	return l, nil
}

func scoreBin(score float32) int { return min(scoreBins-1, int(score*scoreBins)) }

// likely is the logarithm of the density, but for a constant.
func (l *look) likely(v []float64) float64 {
	off := make([]float64, len(v))
	for i, x := range v {
		off[i] = x - l.mean[i]
	}
	o := mat.NewVecDense(len(off), off)
	return -mat.Inner(o, &l.precision, o) / 2
}

// kept adds what the score tells, which of a wrong secret is any.
func (l *look) kept(k token.Kept) float64 {
	return l.likely(floats(k.Template)) + math.Log(max(l.scores[scoreBin(k.Score)], 1e-4)*scoreBins)
}
