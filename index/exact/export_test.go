package exact

import (
	"context"

	"oneton/index"
)

// Sizes counts what the scope's shelf remembers.
func (x *Index) Sizes(scope index.Scope) (rows, people, labels int) {
	x.unchanged(scope, func(s *shelf) {
		rows, people, labels = s.rows.Load().count, len(s.people), len(s.labels.all)
	})
	return rows, people, labels
}

// SaveInBundles makes shelves whose vectors take so many bytes at most go to
// bundles of some such size.
func (x *Index) SaveInBundles(small, bundle int) { x.cfg.sizes = sizes{small, bundle} }

// SaveShelf does the part of a Save that is the scope's shelf.
func (x *Index) SaveShelf(scope index.Scope) (err error) {
	x.unchanged(scope, func(s *shelf) {
		if !x.cfg.sizes.holds(s) {
			err = s.save(context.Background())
		}
	})
	return err
}

// OnStaged has f called whenever an Apply has done its work on the scope's
// gallery and searches do not see it yet.
func (x *Index) OnStaged(scope index.Scope, f func()) {
	x.gallery(galleryKey{scope.Tenant, scope.Gallery}).staged = f
}
