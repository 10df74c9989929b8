package gallery

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"

	"oneton/archive"
)

// Writer writes the archive of a gallery. It holds a block of people and no more.
type Writer struct {
	archive *archive.Writer
	totals  Totals
	blocks  int
	// The block that is being filled.
	lines, templates []byte
	photos           []archive.Member
	size             int
}

// NewWriter begins an archive.
func NewWriter(w io.Writer, m Manifest) (*Writer, error) {
	m.Format, m.Version, m.Made = Format, Version, m.Made.UTC()
	g := &Writer{archive: archive.NewWriter(w, m.Made), totals: Totals{LeftOut: []LeftOut{}}}
	return g, g.addJSON(manifestName, m)
}

func (w *Writer) addJSON(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return w.archive.Add(name, append(b, '\n'))
}

// Add adds a person. Faces of one person may be added in parts, each with all that is
// told of the person.
func (w *Writer) Add(s Subject) error {
	if s.Metadata == nil {
		s.Metadata = map[string]string{}
	}
	faces := s.Faces
	s.Before = slices.Clip(s.Before)
	for begun := false; !begun || len(faces) > 0; begun = true {
		n := 0
		s.Faces = []Face{}
		for n < len(faces) && (n == 0 || w.size < block) {
			f := faces[n]
			f.Dimension = len(f.Template)
			if len(f.Content) > 0 {
				f.Photo = path.Join(w.folder(), photosFolder, fmt.Sprintf("%06d", len(w.photos)+1))
				w.photos = append(w.photos, archive.Member{Name: f.Photo, Content: f.Content})
				w.totals.Photos++
			}
			w.templates = append(w.templates, f.Template.Bytes()...)
			w.size += len(f.Content) + 4*f.Dimension
			s.Faces = append(s.Faces, f)
			n++
		}
		faces = faces[n:]
		line, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("write subject: %w", err)
		}
		for _, f := range s.Faces {
			s.Before = append(s.Before, f.ID)
		}
		w.lines = append(append(w.lines, line...), '\n')
		w.size += len(line)
		w.totals.Subjects++
		w.totals.Faces += n
		if w.size >= block {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// LeaveOut notes a face that is not added.
func (w *Writer) LeaveOut(l LeftOut) { w.totals.LeftOut = append(w.totals.LeftOut, l) }

func (w *Writer) folder() string { return fmt.Sprintf("%06d", w.blocks+1) }

func (w *Writer) flush() error {
	if len(w.lines) == 0 {
		return nil
	}
	folder := w.folder()
	members := append([]archive.Member{{Name: path.Join(folder, subjectsName), Content: w.lines}, {Name: path.Join(folder, templates), Content: w.templates}}, w.photos...)
	for _, m := range members {
		if err := w.archive.Add(m.Name, m.Content); err != nil {
			return err
		}
	}
	w.blocks++
	w.lines, w.templates, w.photos, w.size = w.lines[:0], w.templates[:0], nil, 0
	return nil
}

// Close writes what is left and the end, without which an archive is not whole.
func (w *Writer) Close() (Totals, error) {
	if err := w.flush(); err != nil {
		return w.totals, err
	}
	if err := w.addJSON(totalsName, w.totals); err != nil {
		return w.totals, err
	}
	return w.totals, w.archive.Close()
}
