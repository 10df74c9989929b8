package store

import (
	"fmt"

	"github.com/google/uuid"
)

// Person names a subject of any gallery.
type Person struct {
	Gallery GalleryID
	Subject SubjectID
}

// Reassignment says which faces of one person become another's.
type Reassignment struct {
	From, To Person
	// Faces are those that go; empty is all, and then From goes, too.
	Faces []FaceID
	// Create makes To, which must not be there; else it must be.
	Create bool
	// DropPhotos removes the faces' kept photos.
	DropPhotos bool
}

// Check is ErrInvalid when the faces would stay where they are.
func (r Reassignment) Check() error {
	if r.From == r.To {
		return fmt.Errorf("%w: the faces are the person's already", ErrInvalid)
	}
	return nil
}

// CheckSubject is as CheckTenant, for a subject that is made with create set and
// otherwise added to.
func CheckSubject(s Subject, create bool) error { return checkSubject(s, create) }

// Reassigned is a face's row as its new owner has it.
type Reassigned struct {
	ID FaceID
	// Checksum and Details are the row's new checksums. What is damaged stays so.
	Checksum, Details int64
}

// MovedFace is the id of a face that is moved to the gallery. In another gallery a face
// is another face: it gets an id of its own, so that the views of both galleries
// follow each by itself, and who adds the photo to the first gallery again finds
// its id free. The id follows from the old one, so that a move that is done again, in a
// database of before it, gives the face the same.
func MovedFace(id FaceID, to GalleryID) (FaceID, error) {
	was, err := uuid.Parse(string(id))
	if err != nil {
		return "", fmt.Errorf("read face id: %w", err)
	}
	return FaceID(uuid.NewSHA1(was, []byte(to)).String()), nil
}

// Face is what becomes of f's row, which has the columns.
func (r Reassignment) Face(f Face, template []byte, checksum *int64, box, landmarks, quality []byte, details *int64) (is Reassigned, err error) {
	is.ID = f.ID
	if r.From.Gallery != r.To.Gallery {
		if is.ID, err = MovedFace(f.ID, r.To.Gallery); err != nil {
			return is, err
		}
	}
	_, damage := ReadTemplate(f, template, checksum)
	unsound := ReadDetails(f, box, landmarks, quality, details).Damage != ""
	f.ID = is.ID
	is.Checksum = Checksum(f.ID, r.To.Gallery, r.To.Subject, f.Pack, template)
	is.Details = DetailsChecksum(f, box, landmarks, quality)
	if damage != nil {
		is.Checksum = Unsound(is.Checksum)
	}
	if unsound {
		is.Details = Unsound(is.Details)
	}
	return is, nil
}

// CheckSettled is ErrSpace while faces of one of the galleries' packs, whose spaces these
// are, are brought to another: who brings them there must find them where they were.
func CheckSettled(spaces []Space) error {
	for _, s := range spaces {
		if s.Moving {
			return fmt.Errorf("%w: faces of pack %s are being converted", ErrSpace, s.Pack)
		}
	}
	return nil
}
