package exact

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"oneton/search"
)

// savedRows is what a shelf knows beside its set, column by column.
type savedRows struct {
	// Tags are the keys and values in use.
	Tags []savedTag
	// Subjects are the people; LabelCounts and RowCounts say how many of
	// Labels, which are places in Tags, and of the rows are each one's.
	Subjects    []string
	LabelCounts []uint32
	RowCounts   []uint32
	Labels      []uint32
	// IDs, Faces and Templates are the rows: the id, 16 bytes of the face's
	// and the template's hash.
	IDs       []uint32
	Faces     []byte
	Templates []uint64
}

type savedTag struct{ Key, Value string }

const faceBytes = len(uuid.UUID{})

// save writes the shelf to its directory as the given generation.
func (s *shelf) save(generation string) error {
	if err := writeFile(s.rowsPath(generation), s.saved()); err != nil {
		return fmt.Errorf("save rows: %w", err)
	}
	// From here on the set names the new generation.
	if err := s.set.Save([]byte(generation)); err != nil {
		return err
	}
	old, err := filepath.Glob(s.rowsPath("*"))
	if err != nil {
		return fmt.Errorf("list saved rows: %w", err)
	}
	for _, path := range old {
		if path != s.rowsPath(generation) {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("remove old rows: %w", err)
			}
		}
	}
	return nil
}

func (s *shelf) rowsPath(generation string) string {
	return filepath.Join(s.dir, "rows-"+generation)
}

func (s *shelf) saved() *savedRows {
	var out savedRows
	places := make(map[*label]uint32, len(s.labels.all))
	for _, l := range s.labels.all {
		places[l] = uint32(len(out.Tags))
		out.Tags = append(out.Tags, savedTag{l.tag.key, l.tag.value})
	}
	for _, p := range s.people {
		out.Subjects = append(out.Subjects, p.id)
		out.LabelCounts = append(out.LabelCounts, uint32(len(p.labels)))
		out.RowCounts = append(out.RowCounts, uint32(len(p.rows)))
		for _, l := range p.labels {
			out.Labels = append(out.Labels, places[l])
		}
		for _, id := range p.rows {
			r, _ := s.rows.at(id)
			out.IDs = append(out.IDs, id)
			out.Faces = append(out.Faces, r.face[:]...)
			out.Templates = append(out.Templates, r.template)
		}
	}
	return &out
}

// openShelf returns the shelf that save left in the directory.
func openShelf(cfg Config, dir string, dimension int) (*shelf, error) {
	s := emptyShelf(dir, dimension)
	var err error
	if s.set, err = search.Open(s.setConfig(cfg)); err != nil {
		return nil, err
	}
	var in savedRows
	err = readFile(s.rowsPath(string(s.set.Note())), &in)
	if err == nil {
		err = s.restore(&in)
	}
	if err != nil {
		_ = s.set.Close()
		return nil, fmt.Errorf("open saved rows: %w", err)
	}
	return s, nil
}

func (s *shelf) restore(in *savedRows) error {
	rows := len(in.IDs)
	if len(in.Faces) != rows*faceBytes || len(in.Templates) != rows || rows != s.set.Len() ||
		len(in.LabelCounts) != len(in.Subjects) || len(in.RowCounts) != len(in.Subjects) {
		return errDamaged
	}
	at, tagged := 0, 0
	edit := s.rows.edit()
	s.people = make(people, len(in.Subjects))
	s.faces = make(map[uuid.UUID]uint32, rows)
	inUse := make([]*label, len(in.Tags))
	for i, t := range in.Tags {
		inUse[i] = s.labels.label(tag{t.Key, t.Value})
	}
	for i, subject := range in.Subjects {
		p := s.people.named(subject)
		if rows-at < int(in.RowCounts[i]) || len(in.Labels)-tagged < int(in.LabelCounts[i]) {
			return errDamaged
		}
		p.rows = slices.Clone(in.IDs[at:][:in.RowCounts[i]])
		p.labels = make([]*label, 0, in.LabelCounts[i])
		for range in.LabelCounts[i] {
			if int(in.Labels[tagged]) >= len(in.Tags) {
				return errDamaged
			}
			p.labels = append(p.labels, inUse[in.Labels[tagged]])
			tagged++
		}
		for range in.RowCounts[i] {
			id, face := in.IDs[at], uuid.UUID(in.Faces[at*faceBytes:][:faceBytes])
			edit.put(id, row{face, p, in.Templates[at]})
			s.faces[face] = id
			s.labels.add(p.labels, id)
			at++
		}
	}
	if len(s.people) != len(in.Subjects) || at != rows || tagged != len(in.Labels) || edit.count != rows || len(s.faces) != rows {
		return errDamaged
	}
	s.rows = edit.rows
	s.labels.publish()
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeFile makes path hold v and a checksum, durably and all or nothing.
func writeFile(path string, v any) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	sum := crc32.Checksum(b.Bytes(), castagnoli)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(binary.LittleEndian.AppendUint32(b.Bytes(), sum))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// readFile reads what writeFile wrote into v.
func readFile(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	body := b[:max(0, len(b)-crc32.Size)]
	if len(b) < crc32.Size || binary.LittleEndian.Uint32(b[len(body):]) != crc32.Checksum(body, castagnoli) {
		return errDamaged
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(v); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// syncDir makes the directory's entries durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
