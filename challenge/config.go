package challenge

import (
	"slices"
	"strings"

	"oneton/facesession"
	"oneton/setting"
)

// Config says what is asked of somebody before a camera.
type Config struct {
	// Steps is how many steps are drawn after the first, which is to look into the
	// camera.
	Steps int
	// Kinds are those they are drawn from.
	Kinds []string
	// Passive says what the passive check's verdict decides: see its values.
	Passive string
}

// What the passive check decides. With Report its verdict is told in results
// that tell of liveness, and decides nothing; with Enforce a step passes only when its best frame is judged real.
const (
	Report  = "report"
	Enforce = "enforce"
)

// mostSteps is more than anybody will do.
const mostSteps = 6

// kinds are all that can be drawn.
var kinds = []string{
	string(facesession.TurnLeft), string(facesession.TurnRight), string(facesession.Blink), string(facesession.Smile),
}

// DefaultConfig draws two of all kinds.
func DefaultConfig() Config {
	return Config{Steps: 2, Kinds: slices.Clone(kinds), Passive: Report}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	known := len(c.Kinds) > 0
	for i, k := range c.Kinds {
		known = known && slices.Contains(kinds, k) && !slices.Contains(c.Kinds[:i], k)
	}
	return []setting.Setting{
		{
			Key: "challenge.steps", Value: &c.Steps, Means: "steps of an attempt at a face session, drawn at random, after the first, which is to look into the camera",
			Want: "1 to 6, and 1 where there is one kind", OK: c.Steps >= 1 && c.Steps <= mostSteps && (c.Steps == 1 || len(c.Kinds) > 1),
		},
		{
			Key: "challenge.kinds", Value: &c.Kinds, Means: "kinds of steps that are drawn from",
			Want: "some of " + strings.Join(kinds, ", ") + ", each once", OK: known,
		},
		{
			Key: "challenge.passive", Value: &c.Passive,
			Means: "what the passive check decides in face sessions: with `report` nothing, and results that tell of liveness have it, with `enforce` a step passes only when its best frame is judged `real`",
			Want:  "report or enforce", OK: c.Passive == Report || c.Passive == Enforce,
		},
	}
}
