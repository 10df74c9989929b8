package exact

import (
	"github.com/google/uuid"

	"oneton/index"
)

// Sizes counts what the scope's shelf remembers.
func (x *Index) Sizes(scope index.Scope) (rows, people, labels int) {
	x.look(scope, func(_ *gallery, s *shelf) {
		rows, people, labels = len(s.rows), len(s.people.persons), len(s.labels)
	})
	return rows, people, labels
}

// SaveShelf does the part of a Save that is the scope's shelf.
func (x *Index) SaveShelf(scope index.Scope) (err error) {
	x.look(scope, func(_ *gallery, s *shelf) { err = s.save(uuid.NewString()) })
	return err
}
