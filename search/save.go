package search

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

const savedName = "set"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type saved struct {
	Dimension int
	Rows      []Row
	Next      uint64
	Note      []byte
}

// Save makes the set as it is now durable in its directory, with a note of
// the caller's, such as the position of the log that the rows speak of. The
// save before stays valid until this one is whole. Without a directory it
// returns ErrMemory.
func (s *Set) Save(note []byte) error {
	if s.cfg.Dir == "" {
		return ErrMemory
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	if v == nil {
		return ErrClosed
	}
	out := saved{Dimension: s.cfg.Dimension, Next: v.next, Note: note}
	for _, r := range v.rows {
		if !v.dead.Has(r.ID) {
			out.Rows = append(out.Rows, r)
		}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(out); err != nil {
		return fmt.Errorf("encode set: %w", err)
	}
	sum := crc32.Checksum(b.Bytes(), castagnoli)
	path := filepath.Join(s.cfg.Dir, savedName)
	if err := os.WriteFile(path+".new", binary.LittleEndian.AppendUint32(b.Bytes(), sum), 0o600); err != nil {
		return fmt.Errorf("write set: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("replace saved set: %w", err)
	}
	s.note = bytes.Clone(note)
	return nil
}

// Open returns the set that Save left in cfg.Dir: ErrNotSaved when there is
// none, ErrDamaged when it cannot be trusted.
func Open(cfg Config) (*Set, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(cfg.Dir, savedName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotSaved
	}
	if err != nil {
		return nil, fmt.Errorf("read saved set: %w", err)
	}
	if len(b) < 4 || crc32.Checksum(b[:len(b)-4], castagnoli) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return nil, ErrDamaged
	}
	var in saved
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&in); err != nil || in.Dimension != cfg.Dimension {
		return nil, fmt.Errorf("decode saved set of dimension %d: %w", in.Dimension, ErrDamaged)
	}
	s := &Set{cfg: cfg, note: in.Note}
	s.view.Store(&view{rows: in.Rows, live: len(in.Rows), next: in.Next})
	return s, nil
}

// Note is the note of the last Save, in this process or before it.
func (s *Set) Note() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.note)
}
