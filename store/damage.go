package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"oneton/face"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is kept beside a face's template: the CRC-32C (RFC 3720, section
// 12.1) of what the face is found by and of the template's bytes. It tells
// every change of up to three bits, and a template that came to another row.
func Checksum(id, gallery, subject, pack string, template []byte) int64 {
	const usual = 256
	named := make([]byte, 0, usual)
	for _, s := range [...]string{id, gallery, subject, pack} {
		named = append(append(named, s...), 0)
	}
	return int64(crc32.Update(crc32.Checksum(named, castagnoli), castagnoli, template))
}

// ReadTemplate decodes the template of f's row, which has the checksum. It is
// ErrDamaged when they do not belong together. A row from before there were
// checksums has none; it is damaged when no index could hold it.
func ReadTemplate(f Face, template []byte, checksum *int64) (face.Template, error) {
	if checksum != nil && *checksum != Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template) {
		return nil, fmt.Errorf("%w: the template does not have its checksum", ErrDamaged)
	}
	t, err := face.TemplateFromBytes(template)
	if err == nil && checksum == nil {
		f.Template = t
		err = checkVector(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return t, nil
}

// ReadColumn decodes the JSON of the named column into v. What cannot be
// decoded leaves v zero and is noted in damage, so that the rest of its row can
// be used.
func ReadColumn[T any](name string, text []byte, v *T, damage *string) {
	if err := json.Unmarshal(text, v); err != nil {
		var zero T
		*v = zero
		note(damage, name)
	}
}

// note adds a column to those that are damaged.
func note(damage *string, column string) {
	if *damage != "" {
		*damage += ", "
	}
	*damage += column
}

// ReadRow is f with its template and its columns of JSON as a store keeps them.
func ReadRow(f Face, template []byte, checksum *int64, box, landmarks, quality []byte) Face {
	var err error
	if f.Template, err = ReadTemplate(f, template, checksum); err != nil {
		note(&f.Damage, "template")
	}
	ReadColumn("box", box, &f.Box, &f.Damage)
	ReadColumn("landmarks", landmarks, &f.Landmarks, &f.Damage)
	ReadColumn("quality", quality, &f.Quality, &f.Damage)
	return f
}

// Check is ErrDamaged when the photo does not have its SHA-256.
func (p Photo) Check(sum []byte) error {
	if got := sha256.Sum256(p.Bytes); !bytes.Equal(got[:], sum) {
		return fmt.Errorf("%w: the photo does not have its SHA-256", ErrDamaged)
	}
	return nil
}
