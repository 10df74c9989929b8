package gallery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"strings"

	"oneton/archive"
	"oneton/face"
)

// Reader reads the archive of a gallery, which may be anybody's. It holds a block of
// people and no more.
type Reader struct {
	Manifest Manifest
	archive  *archive.Reader
	blocks   int
	totals   Totals
}

// NewReader reads what an archive says of itself.
func NewReader(r io.Reader) (*Reader, error) {
	g := &Reader{archive: archive.NewReader(r, largest)}
	m, err := g.archive.Next()
	if errors.Is(err, io.EOF) || err == nil && m.Name != manifestName {
		return nil, fmt.Errorf("%w: it does not begin with %s", ErrFormat, manifestName)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(m.Content, &g.Manifest); err != nil || g.Manifest.Format != Format {
		return nil, fmt.Errorf("%w: its %s says something else", ErrFormat, manifestName)
	}
	if g.Manifest.Version != Version {
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows %d", ErrFormat, g.Manifest.Version, Version)
	}
	return g, nil
}

// Next are the people of the next block, or io.EOF once everything was read and found
// to be whole. Any other error is the last one, and names the member and the line.
func (r *Reader) Next() ([]Subject, error) {
	m, err := r.archive.Next()
	if errors.Is(err, io.EOF) { // without totals
		return nil, fmt.Errorf("%w: it has no %s", archive.ErrDamaged, totalsName)
	}
	if err != nil {
		return nil, err
	}
	if m.Name == totalsName {
		return nil, r.end(m.Content)
	}
	r.blocks++
	folder := fmt.Sprintf("%06d", r.blocks)
	if want := path.Join(folder, subjectsName); m.Name != want {
		return nil, fmt.Errorf("%w: there is %.128q where %s is to be", archive.ErrDamaged, m.Name, want)
	}
	subjects, err := r.read(m)
	if err != nil {
		return nil, err
	}
	return subjects, r.fill(folder, subjects, len(m.Content))
}

// read reads the lines of a block.
func (r *Reader) read(m archive.Member) (subjects []Subject, err error) {
	line := 0
	for text := range strings.Lines(string(m.Content)) {
		line++
		var s Subject
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		err := d.Decode(&s)
		if err == nil && d.More() {
			err = errors.New("more than one value")
		}
		for _, f := range s.Faces {
			if err == nil && (f.Dimension < 1 || f.Dimension > mostDimensions) {
				err = fmt.Errorf("face %.64q is of dimension %d", f.ID, f.Dimension)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s, line %d: %w", archive.ErrDamaged, m.Name, line, err)
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// mostDimensions is more than any template has.
const mostDimensions = 1 << 14

// fill reads templates and photos of a block's people.
func (r *Reader) fill(folder string, subjects []Subject, size int) error {
	name := path.Join(folder, templates)
	m, err := r.member(name, &size)
	if err != nil {
		return err
	}
	numbers, err := face.TemplateFromBytes(m)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", archive.ErrDamaged, name, err)
	}
	for _, s := range subjects {
		r.totals.Subjects++
		for i := range s.Faces {
			f := &s.Faces[i]
			if f.Dimension > len(numbers) {
				return fmt.Errorf("%w: %s ends before the template of face %.64q of subject %.128q", archive.ErrDamaged, name, f.ID, s.ID)
			}
			f.Template, numbers = numbers[:f.Dimension:f.Dimension], numbers[f.Dimension:]
			r.totals.Faces++
			if f.Photo == "" {
				continue
			}
			if f.Content, err = r.member(f.Photo, &size); err != nil {
				return fmt.Errorf("photo of face %.64q of subject %.128q: %w", f.ID, s.ID, err)
			}
			r.totals.Photos++
		}
	}
	if len(numbers) > 0 {
		return fmt.Errorf("%w: %s has %d numbers more than its faces have", archive.ErrDamaged, name, len(numbers))
	}
	return nil
}

// member is the content of the next member, which is to have the name.
func (r *Reader) member(name string, size *int) ([]byte, error) {
	m, err := r.archive.Next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %.128q is missing", archive.ErrDamaged, name)
	}
	if err != nil {
		return nil, err
	}
	if m.Name != name {
		return nil, fmt.Errorf("%w: there is %.128q where %.128q is to be", archive.ErrDamaged, m.Name, name)
	}
	if *size += len(m.Content); *size > largest {
		return nil, fmt.Errorf("%w: the block of %.128q has more than %d bytes", archive.ErrDamaged, name, largest)
	}
	return m.Content, nil
}

// end is io.EOF when the archive holds what it says.
func (r *Reader) end(totals []byte) error {
	var t Totals
	if err := json.Unmarshal(totals, &t); err != nil {
		return fmt.Errorf("%w: %s: %w", archive.ErrDamaged, totalsName, err)
	}
	r.totals.LeftOut = t.LeftOut
	if !reflect.DeepEqual(t, r.totals) {
		return fmt.Errorf("%w: %d subjects, %d faces and %d photos, and %s says %d, %d and %d", archive.ErrDamaged,
			r.totals.Subjects, r.totals.Faces, r.totals.Photos, totalsName, t.Subjects, t.Faces, t.Photos)
	}
	m, err := r.archive.Next()
	if err == nil {
		return fmt.Errorf("%w: %.128q follows %s", archive.ErrDamaged, m.Name, totalsName)
	}
	return err
}

// Totals are what was read up to now.
func (r *Reader) Totals() Totals { return r.totals }
