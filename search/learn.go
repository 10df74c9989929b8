package search

import "gonum.org/v1/gonum/mat"

// sealed are the view's parts that take no more rows. The caller holds mu.
func (s *Set) sealed(v *view) []part {
	parts := v.parts
	if n := len(parts); n > 0 && parts[n-1].segment == s.tail {
		parts = parts[:n-1]
	}
	return parts
}

// unlearned tells whether the set should learn a basis of a view's rows. The
// caller holds mu.
func (s *Set) unlearned(v *view) bool {
	return s.cfg.Dimension <= basisDimension && s.basis.Load() == nil && live(s.sealed(v)) >= s.learnAt
}

func live(parts []part) int {
	rows := 0
	for _, p := range parts {
		rows += p.rows - p.dead
	}
	return rows
}

// learn gives the set a basis learned from parts, if there is one of use. That
// takes a processor for a second at 512 dimensions, once, at whatever pace. The
// caller holds work.
func (s *Set) learn(parts []part, pace *Pace) error {
	rows := live(parts)
	every := max(1, rows/s.rule.sample)
	moments := mat.NewSymDense(s.cfg.Dimension, nil)
	x := mat.NewVecDense(s.cfg.Dimension, nil)
	buffer := make([]float32, s.cfg.Dimension+1)
	at := 0
	err := eachLive(parts, func(p *part, row int) error {
		if at++; at%every > 0 {
			return nil
		}
		v, err := p.vector(row, buffer, func() {})
		if err != nil {
			return err
		}
		for i, c := range v {
			x.SetVec(i, float64(c))
		}
		moments.SymRankOne(moments, 1, x)
		pace.Rest()
		return nil
	})
	var b *basis
	if err == nil {
		b = newBasis(moments, s.rule)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learnAt = s.rule.relearn * rows
	s.basis.Store(b)
	return err
}
