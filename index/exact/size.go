package exact

// Size is what an index holds.
type Size struct {
	// Galleries are those that have faces, and Faces are of all of them and of every
	// template space.
	Galleries, Faces int
	// Hot is the memory that scans read, Cold that of the vectors in memory, and Disk
	// is of those in files.
	Hot, Cold, Disk int64
}

// Size tells what the index holds.
func (x *Index) Size() Size {
	x.mu.RLock()
	galleries := make([]*gallery, 0, len(x.galleries))
	for _, g := range x.galleries {
		galleries = append(galleries, g)
	}
	x.mu.RUnlock()
	var s Size
	for _, g := range galleries {
		faces := s.Faces
		g.mu.RLock()
		for _, shelf := range g.shelves {
			st := shelf.set.Stats()
			s.Faces += st.Rows
			s.Hot, s.Cold, s.Disk = s.Hot+st.Hot, s.Cold+st.Cold, s.Disk+st.Disk
		}
		g.mu.RUnlock()
		if s.Faces > faces {
			s.Galleries++
		}
	}
	return s
}
