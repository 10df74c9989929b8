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
		if err := m.Trust.Validate(); err != nil {
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
