package pack

import (
	"errors"
	"fmt"
)

// validateTrust checks what follows the quality of photos.
func (m *Manifest) validateTrust() error {
	if q := m.Quality; q != nil {
		if err := q.validate(m.listed, m.joinedDimension()); err != nil {
			return fmt.Errorf("quality.%w", err)
		}
	}
	if t := m.Transform; t != nil {
		if err := firstBroken([]rule{
			{m.listed(t.File), "file", "listed under files"},
			{t.Dimension >= 1 && t.Dimension <= m.joinedDimension(), "dimension", fmt.Sprintf("1 to %d, the dimensions of all recognisers together", m.joinedDimension())},
		}); err != nil {
			return fmt.Errorf("transform.%w", err)
		}
	}
	if m.Trust != nil {
		if m.Quality == nil {
			return errors.New("trust: needs quality, whose score it follows")
		}
		if err := m.Trust.validate(); err != nil {
			return fmt.Errorf("trust.%w", err)
		}
	}
	for i, e := range m.Converts {
		if err := m.validateEarlier(i, e); err != nil {
			return fmt.Errorf("converts[%d].%w", i, err)
		}
	}
	return nil
}

func (t *Trust) validate() error {
	const points = 1000
	if err := firstBroken([]rule{
		{t.Floor >= 0 && t.Floor <= 1, "floor", "0 to 1"},
		{len(t.Doubt) >= 1 && len(t.Doubt) <= points, "doubt", fmt.Sprintf("1 to %d points", points)},
	}); err != nil {
		return err
	}
	for i, p := range t.Doubt {
		if err := firstBroken([]rule{
			{p.Quality >= 0 && p.Quality <= 1, "quality", "0 to 1"},
			{p.Doubt > -1 && p.Doubt < 1, "doubt", "between -1 and 1"},
			{i == 0 || p.Quality > t.Doubt[max(0, i-1)].Quality, "quality", "above that of the point before"},
			{i == 0 || p.Doubt <= t.Doubt[max(0, i-1)].Doubt, "doubt", "at most that of the point before"},
		}); err != nil {
			return fmt.Errorf("doubt[%d].%w", i, err)
		}
	}
	return nil
}
