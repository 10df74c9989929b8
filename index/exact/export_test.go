package exact

import "oneton/index"

// Sizes counts what the scope's shelf remembers.
func (x *Index) Sizes(scope index.Scope) (rows, people, labels int) {
	x.look(scope, func(s *shelf) {
		rows, people, labels = len(s.rows), len(s.people.persons), len(s.labels)
	})
	return rows, people, labels
}
