package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"oneton/embed/embedtest/composite"
	"oneton/identify"
	"oneton/photo"
)

// scene is a photo of which it is known who the subject is.
type scene struct {
	kind  string
	photo *image.RGBA
	// truth are the faces; subject is one of them, or none where two or more
	// are the subject as much as each other.
	truth   []composite.Truth
	subject int
}

const nobody = -1

// director puts faces into photos. The subject's face, where there is one, is
// as wide as 1.
type director struct {
	rng           *rand.Rand
	heads         []composite.Head
	width, height float64
	// unit is the subject's width in pixels.
	unit   float64
	placed []composite.Placement
}

// head is another person than those before.
func (d *director) head() composite.Head {
	for {
		h := d.heads[d.rng.IntN(len(d.heads))]
		taken := false
		for _, p := range d.placed {
			taken = taken || p.Head.Name == h.Name
		}
		if !taken {
			return h
		}
	}
}

func (d *director) between(low, high float64) float64 { return low + (high-low)*d.rng.Float64() }

// put places a head at shares of the photo's width and height, kept within it.
func (d *director) put(h composite.Head, x, y, width float64) {
	w := width * d.unit
	in := func(v, side, half float64) float64 { return min(max(v*side, half), side-half) }
	d.placed = append(d.placed, composite.Placement{
		Head: h, X: in(x, d.width, 0.6*w), Y: in(y, d.height, 0.75*w), Width: w, Tilt: d.between(-8, 8),
	})
}

// aside is a place beside the subject at x, a gap of widths away, on the side
// with more room.
func (d *director) aside(x, gap float64) float64 {
	step := gap * d.unit / d.width
	if x > 0.5 {
		step = -step
	}
	return x + step
}

// offMiddle is a place in the left or right third, so that there is room for
// something large at the other side.
func (d *director) offMiddle() float64 {
	x := d.between(0.2, 0.35)
	if d.rng.IntN(2) == 0 {
		return 1 - x
	}
	return x
}

// staging is one kind of photo: it places the heads and says who is the
// subject, by the order of placement; heads before are farther behind.
type staging struct {
	kind string
	// share is the subject's least and largest width as a share of the photo's.
	low, high float64
	place     func(d *director) (subject int)
}

var stagings = []staging{
	{"alone in the middle", 0.15, 0.5, func(d *director) int {
		d.put(d.head(), d.between(0.4, 0.6), d.between(0.3, 0.6), 1)
		return 0
	}},
	{"alone at the edge", 0.1, 0.3, func(d *director) int {
		d.put(d.head(), d.between(0, 1), d.between(0.2, 0.8), 1)
		return 0
	}},
	{"a bystander behind", 0.2, 0.35, func(d *director) int {
		x := d.between(0.35, 0.65)
		d.put(d.head(), d.aside(x, d.between(1.2, 2)), d.between(0.25, 0.6), d.between(0.3, 0.6))
		d.put(d.head(), x, d.between(0.35, 0.6), 1)
		return 1
	}},
	{"a bystander behind, the subject off the middle", 0.2, 0.3, func(d *director) int {
		x := d.offMiddle()
		d.put(d.head(), d.between(0.45, 0.55), d.between(0.25, 0.6), d.between(0.25, 0.5))
		d.put(d.head(), x, d.between(0.35, 0.6), 1)
		return 1
	}},
	{"bystanders behind", 0.2, 0.3, func(d *director) int {
		n := 3 + d.rng.IntN(5)
		for i := range n {
			d.put(d.head(), (float64(i)+d.between(0.3, 0.7))/float64(n), d.between(0.1, 0.25), d.between(0.2, 0.4))
		}
		d.put(d.head(), d.between(0.35, 0.65), d.between(0.6, 0.75), 1)
		return n
	}},
	{"somebody out of focus behind", 0.18, 0.3, func(d *director) int {
		x := d.between(0.3, 0.7)
		d.put(d.head().Blurred(d.between(0.03, 0.1)), d.aside(x, d.between(1.3, 1.8)), d.between(0.3, 0.6), d.between(0.6, 1.1))
		d.put(d.head(), x, d.between(0.35, 0.6), 1)
		return 1
	}},
	{"a portrait on the wall", 0.2, 0.35, func(d *director) int {
		x := d.between(0.35, 0.65)
		d.put(d.head().Print(color.RGBA{110, 120, 140, 255}), d.aside(x, d.between(1.6, 2.2)), d.between(0.2, 0.5), d.between(0.3, 0.6))
		d.put(d.head(), x, d.between(0.4, 0.6), 1)
		return 1
	}},
	{"an identity card beside the face", 0.22, 0.4, func(d *director) int {
		x := d.between(0.35, 0.65)
		h := d.head()
		d.put(h, x, d.between(0.3, 0.4), 1)
		d.put(h.Card(), d.aside(x, d.between(0.9, 1.4)), d.between(0.8, 0.95), d.between(0.1, 0.22))
		return 0
	}},
	{"a larger poster out of focus", 0.12, 0.18, func(d *director) int {
		x := d.offMiddle()
		size := d.between(1.1, 1.7)
		d.put(d.head().Print(color.RGBA{90, 90, 100, 255}).Blurred(d.between(0.03, 0.1)), d.aside(x, 0.9+0.8*size), d.between(0.3, 0.6), size)
		d.put(d.head(), x, d.between(0.4, 0.6), 1)
		return 1
	}},
	{"two people side by side", 0.15, 0.3, func(d *director) int {
		gap := d.between(0.7, 1)
		d.put(d.head(), 0.5-gap*d.unit/d.width, d.between(0.35, 0.6), 1)
		d.put(d.head(), 0.5+gap*d.unit/d.width, d.between(0.35, 0.6), d.between(0.85, 1.18))
		return nobody
	}},
	{"a child on the arm", 0.15, 0.3, func(d *director) int {
		x := d.between(0.4, 0.6)
		d.put(d.head(), x, d.between(0.35, 0.5), 1)
		d.put(d.head(), d.aside(x, d.between(1, 1.3)), d.between(0.45, 0.7), d.between(0.7, 0.9))
		return nobody
	}},
	{"a group selfie", 0.18, 0.3, func(d *director) int {
		n := 2 + d.rng.IntN(4)
		arm := d.between(1.4, 1.8)
		for i := range n {
			d.put(d.head(), 0.12+0.6*(float64(i)+d.between(0.3, 0.7))/float64(n), d.between(0.25, 0.5), d.between(0.9, 1.1)/arm)
		}
		d.put(d.head(), d.between(0.85, 1), d.between(0.5, 0.75), 1)
		return nobody
	}},
	{"a group", 0.08, 0.14, func(d *director) int {
		n := 4 + d.rng.IntN(6)
		for i := range n {
			d.put(d.head(), (float64(i%5)+d.between(0.3, 0.7))/float64(min(n, 5)), 0.3+0.35*float64(i/5)+d.between(0, 0.1), d.between(0.8, 1.25))
		}
		return nobody
	}},
	{"a print as large as the face", 0.12, 0.18, func(d *director) int {
		x := d.offMiddle()
		d.put(d.head(), x, d.between(0.35, 0.6), 1)
		d.put(d.head().Print(color.RGBA{140, 130, 120, 255}), d.aside(x, d.between(1.7, 2.2)), d.between(0.35, 0.65), d.between(0.95, 1.2))
		return nobody
	}},
	{"the subject out of focus before a sharp bystander", 0.3, 0.45, func(d *director) int {
		x := d.between(0.35, 0.65)
		d.put(d.head(), d.aside(x, d.between(1.1, 1.5)), d.between(0.2, 0.5), d.between(0.2, 0.45))
		d.put(d.head().Blurred(d.between(0.02, 0.06)), x, d.between(0.4, 0.6), 1)
		return 1
	}},
}

// direct makes a photo of a kind.
func (b *composites) direct(kind staging, heads []composite.Head, n int, seed uint64) scene {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	size := []image.Point{{640, 480}, {800, 600}, {720, 900}, {960, 720}}[n%4]
	d := &director{rng: rng, heads: heads, width: float64(size.X), height: float64(size.Y)}
	d.unit = d.between(kind.low, kind.high) * d.width
	subject := kind.place(d)
	photo := b.ground(rng.IntN(1<<16), size.X, size.Y)
	return scene{kind.kind, photo, composite.Paste(photo, d.placed...), subject}
}

// shownScene is a scene as the product sees it, and which of the faces found is
// the subject's.
type shownScene struct {
	kind    string
	result  photo.Result
	subject int
}

// lost is a subject whose face was not found.
const lost = -2

// scenes makes and embeds photos of every kind, so many of each.
func (b *composites) scenes(ctx context.Context, ofEach int, seed uint64) ([]shownScene, error) {
	shown := make([]shownScene, len(stagings)*ofEach)
	err := each(ctx, len(shown), func(ctx context.Context, i int) error {
		kind := i % len(stagings)
		s := b.direct(stagings[kind], b.heads, i/len(stagings), seed+uint64(kind))
		data, err := composite.JPEG(s.photo)
		if err != nil {
			return err
		}
		r, err := b.e.Embed(ctx, b.pack, data)
		if err != nil {
			return fmt.Errorf("%s: %w", s.kind, err)
		}
		shown[i] = shownScene{s.kind, r, nobody}
		if s.subject != nobody {
			shown[i].subject = slices.IndexFunc(r.Faces, func(f photo.Face) bool { return s.truth[s.subject].Shows(asItCame(f, r).Box) })
			if shown[i].subject < 0 {
				shown[i].subject = lost
			}
		}
		name := strings.ReplaceAll("subject-"+s.kind, " ", "_")
		if judge(shown[i], identify.Subject) == wrong {
			return b.keepPhoto(s.photo, fmt.Sprintf("%s-%d", name, i))
		}
		return nil
	})
	return shown, err
}

// verdict is what a rule's answer is worth.
type verdict int

const (
	right verdict = iota
	// refused is a photo with a subject whom the rule does not name.
	refused
	// wrong is somebody else, or anybody where nobody is the subject.
	wrong
)

// judge holds a rule against the truth. Naming a face that cannot be compared
// is refusing, since nothing is done with it.
func judge(s shownScene, rule func(photo.Result) (int, error)) verdict {
	i, err := rule(s.result)
	named := err == nil
	switch {
	case s.subject == nobody && errors.Is(err, identify.ErrSeveralFaces), named && i == s.subject:
		return right
	case !named, s.subject != nobody && !s.result.Faces[i].Comparable():
		return refused
	}
	return wrong
}

// twiceTheArea is the rule to compare with: the largest box, if it is twice as
// large as the next.
func twiceTheArea(r photo.Result) (int, error) {
	switch {
	case len(r.Faces) == 0:
		return 0, identify.ErrNoFace
	case len(r.Faces) > 1 && r.Faces[0].Box.Area() < 2*r.Faces[1].Box.Area():
		return 0, identify.ErrSeveralFaces
	}
	return 0, nil
}

// subjectResult is who is taken for the subject in photos of which it is known.
type subjectResult struct {
	Kinds []subjectKind `json:"kinds"`
	// Fitted are the weights of size, middle, quality and confidence that other
	// photos of these kinds give by maximum likelihood, all but the size's
	// together below the logarithm of the odds at which a face is the subject.
	Fitted [4]float64 `json:"fitted_weights"`
	// FittedOn counts the photos with several faces that they come from.
	FittedOn int `json:"fitted_on_photos"`
}

type subjectKind struct {
	Kind   string `json:"kind"`
	Photos int    `json:"photos"`
	// Subject says whether there is one.
	Subject bool          `json:"subject"`
	Rule    subjectCounts `json:"prominence"`
	Area    subjectCounts `json:"twice_the_area"`
}

type subjectCounts struct {
	Right   int `json:"right"`
	Refused int `json:"refused"`
	Wrong   int `json:"wrong"`
}

func (c *subjectCounts) count(v verdict) {
	switch v {
	case right:
		c.Right++
	case refused:
		c.Refused++
	case wrong:
		c.Wrong++
	}
}

// subjects fits on some photos and counts on others.
func (b *composites) subjects(ctx context.Context, ofEach int) (*subjectResult, error) {
	const fitSeed, seed = 1, 1001
	learnt, err := b.scenes(ctx, ofEach, fitSeed)
	if err != nil {
		return nil, err
	}
	shown, err := b.scenes(ctx, ofEach, seed)
	if err != nil {
		return nil, err
	}
	r := &subjectResult{}
	r.Fitted, r.FittedOn = fitProminence(learnt, math.Log(4))
	for _, staging := range stagings {
		k := subjectKind{Kind: staging.kind}
		for _, s := range shown {
			if s.kind != staging.kind {
				continue
			}
			k.Photos++
			k.Subject = k.Subject || s.subject != nobody
			k.Rule.count(judge(s, identify.Subject))
			k.Area.count(judge(s, twiceTheArea))
		}
		r.Kinds = append(r.Kinds, k)
	}
	return r, nil
}

// choice is a photo to fit on: the terms of the faces that can be compared, and
// the probability of each to be the subject; the same where nobody is.
type choice struct {
	terms  [][4]float64
	chance []float64
}

// fitProminence fits the conditional logit that package identify documents. The
// weights are not negative, and all but the first together at most the bound.
func fitProminence(scenes []shownScene, bound float64) (weights [4]float64, photos int) {
	var choices []choice
	for _, s := range scenes {
		var c choice
		subject := false
		for i, f := range s.result.Faces {
			if !f.Comparable() || f.Quality.InterEye < photo.MinInterEye {
				continue
			}
			p := identify.ProminenceOf(f, s.result.Width, s.result.Height)
			c.terms = append(c.terms, [4]float64{p.Size, p.Middle, p.Quality, p.Confidence})
			c.chance = append(c.chance, 0)
			if i == s.subject {
				c.chance[len(c.chance)-1], subject = 1, true
			}
		}
		if s.subject == nobody {
			for i := range c.chance {
				c.chance[i] = 1 / float64(len(c.chance))
			}
		}
		if len(c.terms) > 1 && (subject || s.subject == nobody) {
			choices = append(choices, c)
		}
	}
	// Steps along each axis, halved when none helps, are enough for four
	// weights of a convex function.
	weights = [4]float64{1, bound / 6, bound / 6, bound / 6}
	best := surprise(choices, weights)
	for step := 0.5; step > 1e-4; {
		moved := false
		for i := range weights {
			for j := range weights {
				for _, by := range []float64{step, -step} {
					// From one weight to another, or, of the same one, alone.
					to := weights
					if to[i] += by; i != j {
						to[j] -= by
					}
					if slices.Min(to[:]) < 0 || to[1]+to[2]+to[3] > bound {
						continue
					}
					if v := surprise(choices, to); v < best {
						best, weights, moved = v, to, true
					}
				}
			}
		}
		if !moved {
			step /= 2
		}
	}
	return weights, len(choices)
}

// surprise is the negative log-likelihood.
func surprise(choices []choice, weights [4]float64) float64 {
	sum := 0.0
	for _, c := range choices {
		scores, all := make([]float64, len(c.terms)), 0.0
		for i, terms := range c.terms {
			for k, w := range weights {
				scores[i] += w * terms[k]
			}
			all += math.Exp(scores[i])
		}
		for i, p := range c.chance {
			sum += p * (math.Log(all) - scores[i])
		}
	}
	return sum
}
