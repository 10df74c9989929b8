package challenge

import (
	"crypto/rand"
	"encoding/binary"
	"slices"

	"oneton/facesession"
)

// Plan is to look into the camera, and then steps that are drawn so that nobody can
// foresee them, no two alike one behind the other. It is empty where no step can be
// checked.
func (c *Checks) Plan() []facesession.StepKind {
	if c.judge.Ready() != nil {
		return nil
	}
	plan := []facesession.StepKind{facesession.Look}
	for range c.cfg.Steps {
		left := slices.DeleteFunc(slices.Clone(c.cfg.Kinds), func(k string) bool { return facesession.StepKind(k) == plan[len(plan)-1] })
		plan = append(plan, facesession.StepKind(left[draw(len(left))]))
	}
	return plan
}

// draw is a number below n, each as likely as the others.
func draw(n int) int {
	bound := uint64(n)
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // it does not fail, and ends the program if it would
		v := binary.LittleEndian.Uint64(b[:])
		if v >= -bound%bound { // as many of each are left
			return int(v % bound)
		}
	}
}
