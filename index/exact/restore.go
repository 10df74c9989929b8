package exact

// restoring is a shelf that is being made of what was saved.
type restoring struct {
	*shelf
	edit *rowEdit
}

func (s *shelf) restore() *restoring { return &restoring{s, s.rows.Load().edit()} }

// put adds a row; false means that it, or its face, is there already.
func (s *restoring) put(id uint32, r row) bool {
	if _, there := s.edit.at(id); there {
		return false
	}
	if _, there := s.faces[r.face]; there {
		return false
	}
	s.edit.put(id, r)
	s.faces[r.face] = id
	r.person.rows = append(r.person.rows, id)
	return true
}

// finish shows what was put. It returns errDamaged unless the set has as many
// rows.
func (s *restoring) finish() error {
	if s.edit.count != s.set.Len() {
		return errDamaged
	}
	for name, p := range s.people {
		if len(p.rows) == 0 {
			delete(s.people, name)
		}
		for _, id := range p.rows {
			s.labels.add(p.labels(), id)
		}
	}
	s.shelf.rows.Store(&s.edit.rows)
	s.labels.publish()
	return nil
}
