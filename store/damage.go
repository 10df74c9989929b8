package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"oneton/face"
)

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

// Place is a face's box as a store keeps it: with the turn that it counts in,
// which rows from before there were turns do not have.
type Place struct {
	face.Box
	Rotation int `json:"rotation,omitempty"`
}

// PlaceOf is the face's.
func PlaceOf(f Face) Place { return Place{Box: f.Box, Rotation: f.Rotation} }

// ReadRow is f with its template and its columns of JSON as a store keeps them.
func ReadRow(f Face, template []byte, checksum *int64, box, landmarks, quality []byte, details *int64) Face {
	var err error
	if f.Template, err = ReadTemplate(f, template, checksum); err != nil {
		note(&f.Damage, "template")
	}
	return ReadDetails(f, box, landmarks, quality, details)
}

// ReadDetails is f with its box, landmarks and quality as a store keeps them;
// what does not have its checksum, as which the time of enrolment counts too, is
// not to be relied on.
func ReadDetails(f Face, box, landmarks, quality []byte, details *int64) Face {
	sound := f.Damage
	var place Place
	ReadColumn("box", box, &place, &f.Damage)
	f.Box, f.Rotation = place.Box, place.Rotation
	ReadColumn("landmarks", landmarks, &f.Landmarks, &f.Damage)
	ReadColumn("quality", quality, &f.Quality, &f.Damage)
	if f.Damage == sound && details != nil && *details != DetailsChecksum(f, box, landmarks, quality) {
		note(&f.Damage, "details")
	}
	return f
}

// ReadPolicy is g with its policy as a store keeps it. A policy that can be read
// but does not have its checksum is there, and is not to be relied on; of a
// gallery whose ids do not have theirs, nothing is.
func ReadPolicy(g Gallery, policy []byte, checksum *int64) Gallery {
	ReadColumn(DamagedPolicy, policy, &g.Policy, &g.Damage)
	if checksum == nil {
		return g
	}
	switch want := GalleryChecksum(g, policy); {
	case *checksum>>sumBits != want>>sumBits:
		g.Damage = DamagedGallery
	case *checksum != want && g.Damage == "":
		g.Damage = DamagedPolicy
	}
	return g
}

// MendPolicy is what of g stays damaged under its new policy, which is ErrInvalid
// when it cannot be kept. What a gallery is found by cannot be mended so:
// ErrDamaged.
func MendPolicy(g Gallery) (damage string, err error) {
	if g.Damage == DamagedGallery {
		return g.Damage, fmt.Errorf("%w: the ids of the gallery", ErrDamaged)
	}
	return "", CheckPolicy(g.Policy)
}

// ReadKey is k with its scopes as a store keeps them. One that does not have its
// checksum has no scopes.
func ReadKey(k Key, scopes []byte, checksum *int64) Key {
	ReadColumn("scopes", scopes, &k.Scopes, &k.Damage)
	if k.Damage == "" && checksum != nil && *checksum != KeyChecksum(k, scopes) {
		k.Scopes, k.Damage = nil, DamagedKey
	}
	return k
}

// ReadSubject is s with its metadata as a store keeps them.
func ReadSubject(s Subject, metadata []byte, checksum *int64) Subject {
	var err error
	if s.Metadata, err = ReadMetadata(s.Gallery, s.ID, metadata, checksum); err != nil {
		note(&s.Damage, "metadata")
	}
	return s
}

// Calibration is an owner's table of a pack, as JSON.
type Calibration struct {
	Pack       string
	Definition []byte
	Damage     string
}

// ReadCalibration is c unless it does not have its checksum.
func ReadCalibration(c Calibration, checksum *int64) Calibration {
	if checksum != nil && *checksum != CalibrationChecksum(c.Pack, c.Definition) {
		c.Damage = DamagedCalibration
	}
	return c
}

// Check is ErrDamaged when the definition is not as it was put.
func (c Calibration) Check() error {
	if c.Damage != "" {
		return fmt.Errorf("%w: the calibration of pack %q does not have its checksum; put it again, or delete it", ErrDamaged, c.Pack)
	}
	return nil
}

// DamagedGalleries are those that are not as they were written.
func DamagedGalleries(galleries []Gallery) (damaged []Damaged) {
	for _, g := range galleries {
		if g.Damage != "" {
			damaged = append(damaged, Damaged{g.Damage, g.Tenant, g.Name})
		}
	}
	return damaged
}

// Check is ErrDamaged when the photo does not have its SHA-256.
func (p Photo) Check(sum []byte) error {
	if got := sha256.Sum256(p.Bytes); !bytes.Equal(got[:], sum) {
		return fmt.Errorf("%w: the photo does not have its SHA-256", ErrDamaged)
	}
	return nil
}
