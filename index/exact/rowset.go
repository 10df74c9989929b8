package exact

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// fewRows is how many rows a set lists before it becomes a bitmap. Most values
// of metadata are those of one person, and a bitmap of one row takes a
// kilobyte.
const fewRows = 64

// rowSet is a set of rows.
type rowSet struct {
	// few are in order; many, unless nil, is in their place.
	few  []uint32
	many *roaring.Bitmap
}

func (s *rowSet) clone() *rowSet {
	if s.many != nil {
		return &rowSet{many: s.many.Clone()}
	}
	return &rowSet{few: slices.Clone(s.few)}
}

func (s *rowSet) add(id uint32) {
	if s.many == nil {
		at, there := slices.BinarySearch(s.few, id)
		if there {
			return
		}
		if len(s.few) < fewRows {
			s.few = slices.Insert(s.few, at, id)
			return
		}
		s.many, s.few = roaring.BitmapOf(s.few...), nil
	}
	s.many.Add(id)
}

func (s *rowSet) remove(id uint32) {
	if s.many == nil {
		if at, there := slices.BinarySearch(s.few, id); there {
			s.few = slices.Delete(s.few, at, at+1)
		}
		return
	}
	s.many.Remove(id)
	if s.many.GetCardinality() <= fewRows/2 {
		s.few, s.many = s.many.ToArray(), nil
	}
}

func (s *rowSet) empty() bool { return s.many == nil && len(s.few) == 0 }

// addTo adds the rows to a bitmap.
func (s *rowSet) addTo(all *roaring.Bitmap) {
	if s.many != nil {
		all.Or(s.many)
	} else {
		all.AddMany(s.few)
	}
}
