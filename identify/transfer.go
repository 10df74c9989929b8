package identify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"oneton/audit"
	"oneton/face"
	"oneton/photo"
	"oneton/store"
)

// ErrVersion means that templates are of a version of the gallery's pack, or of
// another pack, that the loaded one knows no way from.
var ErrVersion = errors.New("identify: templates of another version")

// Kept is a person with what a gallery keeps of them.
type Kept struct {
	store.Subject
	// Before are the ids of faces that were told of the person before, of whom this goes
	// on to tell; an export tells all at once.
	Before []store.FaceID
	// Enrolled are the faces, oldest first; each one's Pack is the version of the
	// gallery's pack that its template is of.
	Enrolled []store.Face
	// Photos belong to the faces; nil is none, and one without bytes was not kept.
	Photos []store.Photo
}

// Export tells each of a gallery's people to each, by their ids and as they are when
// it comes to them, with their templates, and with their photos if those are wanted.
// What is deleted before is not in it. Faces that are damaged are told to leftOut.
func (s *Service) Export(ctx context.Context, by store.Actor, gallery string, photos bool, begin func(store.Gallery) error, each func(Kept) error, leftOut func(store.Face)) error {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return err
	}
	space, err := s.store.Space(ctx, g.Pack)
	if err != nil {
		return fmt.Errorf("read space: %w", err)
	}
	if err := s.store.Update(ctx, "export gallery", audit.By(by, audit.GalleryExported, g.Name).Record); err != nil {
		return err
	}
	if err := begin(g); err != nil {
		return err
	}
	const page = 100
	for after := ""; ; {
		subjects, err := s.store.Subjects(ctx, g.ID, store.Page{After: after, Limit: page})
		if err != nil {
			return fmt.Errorf("list subjects: %w", err)
		}
		for _, sub := range subjects {
			k, err := s.kept(ctx, space, sub, photos, leftOut)
			if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
				continue
			}
			if err == nil {
				err = each(k)
			}
			if err != nil {
				return err
			}
		}
		if len(subjects) < page {
			return nil
		}
		after = string(subjects[len(subjects)-1].ID)
	}
}

func (s *Service) kept(ctx context.Context, space store.Space, sub store.Subject, photos bool, leftOut func(store.Face)) (k Kept, err error) {
	k.Subject = sub
	faces, err := s.store.Faces(ctx, sub.Gallery, sub.ID)
	if err != nil {
		return k, fmt.Errorf("read faces: %w", err)
	}
	for _, f := range faces {
		version, ours := space.VersionIn(f.Pack)
		if f.Damage != "" || !ours {
			leftOut(f)
			continue
		}
		f.Pack = version
		var p store.Photo
		if photos && len(f.PhotoSHA256) > 0 {
			p, err = s.store.Photo(ctx, sub.Gallery, f.ID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return k, fmt.Errorf("read photo: %w", err)
			}
		}
		k.Enrolled, k.Photos = append(k.Enrolled, f), append(k.Photos, p)
	}
	return k, nil
}

// Imported is what came of an import.
type Imported struct {
	// Subjects are the people who were added, Faces the faces that were, and Present
	// those that were there already.
	Subjects, Faces, Present int
	// Elsewhere are faces that are another person's of the gallery by now, and stay so.
	Elsewhere []Elsewhere
	// Refused are people who were not added, or not whole, and why.
	Refused []Refusal
	// Position is the one in the change log at which searches see it.
	Position uint64
}

// Elsewhere is a face that somebody was merged with, split from or moved to since the
// archive was made.
type Elsewhere struct {
	// Subject is whose it is in the archive, and Of whose it is in the gallery.
	Subject, Of store.SubjectID
	// Face is its id in the gallery.
	Face store.FaceID
}

// Refusal is of one person.
type Refusal struct {
	Subject store.SubjectID
	Err     error
}

// Import adds people as Export tells them to a gallery of the same pack. Templates of
// another version of it are converted where the loaded one knows how; else it is
// ErrVersion, and nothing of them is added. Done again it adds what is missing: a face
// keeps its id, or gets one that follows from it where another gallery has that. One that
// is another person's of the gallery by now stays so, and whoever has no other, or is not
// there any more, is not made again: what was merged, split or moved since holds. A person whose id is somebody else's
// there, with none of these faces and of those before, is refused with store.ErrExists.
// Photos are kept where the gallery's policy keeps any.
func (s *Service) Import(ctx context.Context, by store.Actor, gallery, pack string, people []Kept) (in Imported, err error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return in, err
	}
	space, err := s.store.Space(ctx, g.Pack)
	if err != nil {
		return in, fmt.Errorf("read space: %w", err)
	}
	if pack != g.Pack {
		return in, fmt.Errorf("%w: they are of pack %.64q, and the gallery is of %q", ErrVersion, pack, g.Pack)
	}
	people = slices.Clone(people)
	for i := range people {
		k := &people[i]
		if k.Enrolled, err = s.convert(space, k.Enrolled); err != nil {
			return in, err
		}
	}
	if err := s.store.Update(ctx, "import into gallery", audit.By(by, audit.GalleryImported, g.Name).Record); err != nil {
		return in, err
	}
	for _, k := range people {
		err := s.addKept(ctx, g, k, &in)
		switch {
		case err == nil:
		case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrExists), errors.Is(err, store.ErrEnding), errors.Is(err, ErrInvalid), errors.Is(err, ErrTooManyFaces), errors.Is(err, photo.ErrUnsupported):
			in.Refused = append(in.Refused, Refusal{k.ID, err})
		default:
			return in, err
		}
	}
	in.Refused = slices.CompactFunc(in.Refused, func(a, b Refusal) bool { return a.Subject == b.Subject }) // parts of one person
	if in.Faces > 0 || in.Subjects > 0 {
		s.committed()
	}
	in.Position, err = s.store.PositionOf(ctx, g.ID)
	return in, err
}

// convert are the faces in the space.
func (s *Service) convert(space store.Space, faces []store.Face) ([]store.Face, error) {
	ways, _ := s.embedder.(Packs)
	faces = slices.Clone(faces)
	for i := range faces {
		f := &faces[i]
		version := f.Pack
		f.Pack = space.Name()
		if space.Of(version) == space.Name() {
			continue
		}
		var convert func(face.Template, face.Quality) (face.Template, face.Quality, error)
		if ways != nil {
			convert = ways.Converter(space.Pack, version)
		}
		if convert == nil {
			return nil, fmt.Errorf("%w: they are of version %.64q of pack %s, and version %s is loaded, which does not convert them", ErrVersion, version, space.Pack, space.Version)
		}
		var err error
		if f.Template, f.Quality, err = convert(f.Template, f.Quality); err != nil {
			return nil, fmt.Errorf("%w: face %.64q of version %.64q cannot be converted: %w", ErrVersion, f.ID, version, err)
		}
	}
	return faces, nil
}

// keptAtOnce is how many faces, with their photos, one transaction adds.
const keptAtOnce = 16

// addKept adds a person, or what is missing of one.
func (s *Service) addKept(ctx context.Context, g store.Gallery, k Kept, in *Imported) error {
	if err := errors.Join(validateName("id", string(k.ID)), validateMetadata(k.Metadata)); err != nil {
		return err
	}
	if len(k.Before)+len(k.Enrolled) > MaxFaces {
		return ErrTooManyFaces
	}
	// Retention would never come to what is of the future.
	now := s.now()
	k.CreatedAt, k.UpdatedAt = earlier(k.CreatedAt, now), earlier(k.UpdatedAt, now)
	sub, err := s.store.Subject(ctx, g.ID, k.ID)
	create := errors.Is(err, store.ErrNotFound)
	if err != nil && !create {
		return err
	}
	var faces []store.Face
	var photos []store.Photo
	whose, err := s.whose(ctx, g.ID, k)
	if err != nil {
		return fmt.Errorf("look for the faces: %w", err)
	}
	present := 0
	var elsewhere []Elsewhere
	for i, f := range k.Enrolled {
		switch id, of := whose(f.ID); of {
		case "":
		case k.ID:
			present++
			continue
		default:
			elsewhere = append(elsewhere, Elsewhere{Subject: k.ID, Of: of, Face: id})
			continue
		}
		p := store.Photo{}
		if i < len(k.Photos) && len(k.Photos[i].Bytes) > 0 && g.Policy.KeepPhotos {
			p = k.Photos[i]
			if p.MediaType, err = photo.MediaType(p.Bytes); err != nil {
				return fmt.Errorf("photo of face %.64q: %w", f.ID, err)
			}
		}
		f.Gallery, f.Subject, f.CreatedAt, f.AsideAt = g.ID, k.ID, earlier(f.CreatedAt, now), earlier(f.AsideAt, now)
		faces, photos = append(faces, f), append(photos, p)
	}
	known := present > 0 || slices.ContainsFunc(k.Before, func(id store.FaceID) bool { _, of := whose(id); return of == k.ID })
	if !create && !known && len(faces) > 0 && sub.Faces > 0 {
		return fmt.Errorf("%w: the id is somebody's of whom the archive has no face", store.ErrExists)
	}
	if !create && sub.Faces+len(faces) > MaxFaces {
		return ErrTooManyFaces
	}
	in.Present += present
	in.Elsewhere = append(in.Elsewhere, elsewhere...)
	taken := len(elsewhere) > 0 || slices.ContainsFunc(k.Before, func(id store.FaceID) bool { _, of := whose(id); return of != "" && of != k.ID })
	if taken && (create || len(faces) == 0) {
		return nil
	}
	k.Subject.Gallery = g.ID
	for ; create || len(faces) > 0; create = false {
		n := min(keptAtOnce, len(faces))
		if err := s.enrolKept(ctx, k.Subject, faces[:n], photos[:n], create); err != nil {
			return err
		}
		if create {
			in.Subjects++
		}
		in.Faces += n
		faces, photos = faces[n:], photos[n:]
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// whose tells of faces that are told of the person, now or before, which id each has in
// the gallery and whose it is there; nobody's are not there.
func (s *Service) whose(ctx context.Context, g store.GalleryID, k Kept) (func(store.FaceID) (store.FaceID, store.SubjectID), error) {
	var all []store.FaceID
	for _, id := range k.Before {
		all = append(all, idsIn(g, k.ID, id)...)
	}
	for _, f := range k.Enrolled {
		all = append(all, idsIn(g, k.ID, f.ID)...)
	}
	have, err := s.store.SubjectsOf(ctx, g, all)
	return func(id store.FaceID) (store.FaceID, store.SubjectID) {
		for _, in := range idsIn(g, k.ID, id) {
			if sub, there := have[in]; there {
				return in, sub.ID
			}
		}
		return "", ""
	}, err
}

// idsIn are the ids that a person's face may have in the gallery: its own, the one that
// an import gave it, and the one that it got when it was moved there.
func idsIn(g store.GalleryID, subject store.SubjectID, id store.FaceID) []store.FaceID {
	ids := []store.FaceID{id, importedID(g, subject, id)}
	if moved, err := store.MovedFace(id, g); err == nil { // of other ids no face is moved
		ids = append(ids, moved)
	}
	return ids
}

// enrolKept adds faces under their own ids, or under others where those are taken.
func (s *Service) enrolKept(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool) error {
	_, err := s.store.Enrol(ctx, sub, faces, photos, create)
	if !errors.Is(err, store.ErrExists) || len(faces) == 0 {
		return err
	}
	others := slices.Clone(faces)
	for i := range others {
		others[i].ID = importedID(sub.Gallery, sub.ID, faces[i].ID)
	}
	_, err = s.store.Enrol(ctx, sub, others, photos, create)
	return err
}

// importedID is the id of an imported face whose own is taken: a UUID of version 8 of
// the SHA-256 of what it is of, as that of a face that is known by its photo.
func importedID(gallery store.GalleryID, subject store.SubjectID, id store.FaceID) store.FaceID {
	whole := sha256.New()
	_, _ = io.WriteString(whole, string(gallery)+"\x00"+string(subject)+"\x00"+string(id)) // which never fails
	var derived uuid.UUID
	copy(derived[:], whole.Sum(nil))
	return asVersion8(derived)
}
