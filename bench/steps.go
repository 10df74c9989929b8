package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"oneton/calibration"
	"oneton/challenge"
	"oneton/clip"
	"oneton/facesession"
	"oneton/gesture"
	"oneton/gesture/gesturetest"
	"oneton/picture"
	"oneton/setup"
)

type stepsCommand struct {
	People  int     `help:"Faces of the demo's photos that are filmed as stills; 0 is all." default:"0"`
	Seconds float64 `help:"Length of a film of a still." default:"2.4"`
	Out     string  `help:"Folder of the results." default:"bench/results" json:"-"`
}

type stepsParams struct {
	People    int     `json:"people"`
	Seconds   float64 `json:"seconds"`
	Rate      int     `json:"pictures_a_second"`
	Simulated string  `json:"simulated"`
	Real      string  `json:"real"`
}

// stepsRate is how many pictures a second films have here; pages send 10, and 15 for a
// blink.
const stepsRate = 10

// stepKinds are those that a film is tried for.
var stepKinds = []facesession.StepKind{facesession.Look, facesession.TurnLeft, facesession.TurnRight, facesession.Blink, facesession.Smile}

// turnSeen is what a film shows of a turn, as gesture.Film.Most has it, to the side to
// which it is larger.
type turnSeen struct {
	Degrees float64 `json:"degrees"`
	Relief  float64 `json:"relief"`
}

// stepsResult is what came of the films of one way to show a still.
type stepsResult struct {
	Shown  string                                          `json:"shown"`
	Films  int                                             `json:"films"`
	Passed map[facesession.StepKind]calibration.Proportion `json:"passed"`
	Turns  []turnSeen                                      `json:"turns"`
}

// realSteps is a piece of a clip of somebody, with what they do in it.
type realSteps struct {
	Clip   string                          `json:"clip"`
	From   float64                         `json:"from"`
	To     float64                         `json:"to"`
	Person string                          `json:"person"`
	Does   []facesession.StepKind          `json:"does"`
	Missed map[facesession.StepKind]string `json:"missing"`
	Turn   turnSeen                        `json:"turn"`
	// Screen says that it was shown on a screen, too, as a program draws one, and Replayed
	// which steps pass then.
	Screen   bool                   `json:"screen,omitempty"`
	Replayed []facesession.StepKind `json:"replayed,omitempty"`
}

// shares of one left out: the thresholds that the others set, and what they come to.
type leftOut struct {
	Person  string                 `json:"person"`
	Degrees float64                `json:"degrees"`
	Relief  float64                `json:"relief"`
	Turns   int                    `json:"turns"`
	Passed  int                    `json:"turns_passed"`
	Stills  calibration.Proportion `json:"stills_passed"`
}

type stepsResults struct {
	Stills []stepsResult `json:"stills"`
	Real   []realSteps   `json:"real"`
	// Done and Others are how often people pass for what they do, and for what they do not.
	Done   map[facesession.StepKind]calibration.Proportion `json:"done"`
	Others map[facesession.StepKind]calibration.Proportion `json:"not_done"`
	// Own and Strangers are how often a film's person matches the photo of themselves and
	// of each of the others, at the level that a session asks for.
	Own       calibration.Proportion `json:"own_photo"`
	Strangers calibration.Proportion `json:"strangers_photo"`
	LeftOut   []leftOut              `json:"left_out"`
}

// raising are the ways to show a still that have a nose: they pass, as the guide says,
// and set no threshold.
var raising = map[string]bool{
	"folded along the nose and turned": true, "turned as a head by a program": true, "nose moved aside by a warp": true,
}

// Run tries steps with films of stills and of people.
func (c *stepsCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos, setup.GroupPhotos, setup.Liveness, setup.Gestures, setup.Clips)
	if err != nil {
		return err
	}
	clips, err := openClipsLab(paths)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clips.close()) }()
	lab := stepsLab{clips, paths.Clips}
	people, err := lab.people(ctx, paths.Photos)
	if err != nil {
		return err
	}
	if c.People > 0 {
		people = people[:min(c.People, len(people))]
	}
	params := stepsParams{
		People: len(people), Seconds: c.Seconds, Rate: stepsRate,
		Simulated: "The films of stills and the replays are made by a program: nothing was printed, shown on a screen or recorded.",
		Real:      "Pieces of clips of five people, of whom two turn their heads; what they do was said by looking at the pictures, not blindly.",
	}
	var results stepsResults
	if err := lab.real(ctx, &results); err != nil {
		return err
	}
	for _, a := range slices.Concat(gesturetest.TurnAttacks(), []gesturetest.Attack{gesturetest.Head(gesturetest.Swing(35))}, gesturetest.Animated(), gesturetest.Attacks()) {
		r, err := lab.stills(ctx, a, people, c.Seconds)
		if err != nil {
			return err
		}
		fmt.Printf("%+v\n", r)
		results.Stills = append(results.Stills, r)
		results.LeftOut = leaveOut(results)
		if _, err := write(c.Out, "steps", params, results); err != nil {
			return err
		}
	}
	return save(c.Out, "steps", params, results)
}

type stepsLab struct {
	*clipsLab
	folder string
}

// watch is the film of JPEGs, and why none of its steps is looked at, if so.
func (l stepsLab) watch(ctx context.Context, jpegs [][]byte) (gesture.Film, string, error) {
	var pictures iter.Seq2[clip.Frame, error] = func(yield func(clip.Frame, error) bool) {
		for i, j := range jpegs {
			p, err := picture.Decode(ctx, j, picture.DefaultLimits())
			if !yield(clip.Frame{At: time.Duration(i) * time.Second / stepsRate, Picture: p}, err) || err != nil {
				return
			}
		}
	}
	film, err := l.judge.Watch(ctx, pictures)
	reason, err := refusal(err)
	return film, reason, err
}

// missing is why a film does not show each kind; empty where it does.
func (l stepsLab) missing(ctx context.Context, jpegs [][]byte) (map[facesession.StepKind]string, turnSeen, error) {
	film, refused, err := l.watch(ctx, jpegs)
	if err != nil {
		return nil, turnSeen{}, err
	}
	all := map[facesession.StepKind]string{}
	for _, kind := range stepKinds {
		if all[kind] = refused; refused == "" {
			all[kind] = challenge.Missing(film, kind)
		}
	}
	var seen turnSeen
	for _, side := range []gesture.Side{gesture.Left, gesture.Right} {
		if d, r := film.Most(side); d > seen.Degrees {
			seen = turnSeen{math.Round(10*d) / 10, math.Round(1000*r) / 1000}
		}
	}
	return all, seen, nil
}

// stills tries the steps with films of each person's still. Who has one photo is shown
// mirrored as another.
func (l stepsLab) stills(ctx context.Context, a gesturetest.Attack, people []gesturetest.Still, seconds float64) (stepsResult, error) {
	r := stepsResult{Shown: a.Name, Films: len(people), Passed: map[facesession.StepKind]calibration.Proportion{}}
	passed := map[facesession.StepKind]int{}
	for i, p := range people {
		other := people[(i+1)%len(people)]
		if a.Needs == 2 {
			other = mirrored(p)
		}
		missing, seen, err := l.missing(ctx, a.Pictures(seconds, stepsRate, p, other))
		if err != nil {
			return r, err
		}
		r.Turns = append(r.Turns, seen)
		for kind, reason := range missing {
			if reason == "" {
				passed[kind]++
			}
		}
	}
	n := float64(r.Films)
	for _, kind := range stepKinds {
		r.Passed[kind] = calibration.NewProportion(float64(passed[kind])/n, n)
	}
	return r, nil
}
