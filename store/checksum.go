package store

import (
	"hash/crc32"
	"strconv"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumBits is the size of a checksum; a gallery has two in one number.
const sumBits = 32

// Unsound is what a row has instead of its checksum that was damaged when it was
// made: it never fits.
func Unsound(checksum int64) int64 { return checksum ^ 1 }

// Checksum is kept beside a face's template: the CRC-32C (RFC 3720, section
// 12.1) of what the face is found by and of the template's bytes. It tells
// every change of up to three bits, and a template that came to another row.
func Checksum(id FaceID, gallery GalleryID, subject SubjectID, pack string, template []byte) int64 {
	return int64(sum(template, string(id), string(gallery), string(subject), pack))
}

// DetailsChecksum is of what else a face's row says: its JSON as stored, when it was
// enrolled, on which its end depends, and when it was set aside. That of a face which
// was not is the one from before any could be.
func DetailsChecksum(f Face, box, landmarks, quality []byte) int64 {
	texts := []string{string(f.ID), written(f.CreatedAt), canonical(box), canonical(landmarks), canonical(quality)}
	if !f.AsideAt.IsZero() {
		texts = append(texts, written(f.AsideAt))
	}
	return int64(sum(nil, texts...))
}

// GalleryChecksum is of what a gallery is found by, in the upper half, and of its
// policy, in the lower.
func GalleryChecksum(g Gallery, policy []byte) int64 {
	return int64(sum(nil, string(g.ID), string(g.Tenant), g.Name, g.Pack, written(g.CreatedAt)))<<sumBits | int64(sum(nil, string(g.ID), canonical(policy)))
}

// KeyChecksum is of all that a key's row says. That of a key without an end is the
// one from before there were any.
func KeyChecksum(k Key, scopes []byte) int64 {
	texts := []string{string(k.ID), string(k.Tenant), k.Name, canonical(scopes), written(k.CreatedAt), written(k.RevokedAt)}
	if !k.EndsAt.IsZero() {
		texts = append(texts, written(k.EndsAt))
	}
	if k.MadeBy != "" {
		texts = append(texts, string(k.MadeBy))
	}
	return int64(sum(k.MAC, texts...))
}

// CalibrationChecksum is of a pack's calibration.
func CalibrationChecksum(pack string, definition []byte) int64 {
	return int64(sum(nil, pack, canonical(definition)))
}

// sum is of texts, none of which has a NUL, and of bytes after them.
func sum(bytes []byte, texts ...string) uint32 {
	const usual = 256
	named := make([]byte, 0, usual)
	for _, s := range texts {
		named = append(append(named, s...), 0)
	}
	return crc32.Update(crc32.Checksum(named, castagnoli), castagnoli, bytes)
}

// written is a time as every engine keeps it, in microseconds.
func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}
