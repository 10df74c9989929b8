package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oneton/audit"
	"oneton/store"
)

// MaxEnd is how long a deletion can be put off at most.
const MaxEnd = 30 * 24 * time.Hour

// ErrOtherPack means that a person cannot be moved, since the galleries are of different
// packs, whose templates do not compare.
var ErrOtherPack = errors.New("identify: gallery is of another pack")

// Merge makes all faces of a subject another's, which is there, and the subject is gone.
// The other keeps its metadata, unless metadata is not nil: then it has these.
func (s *Service) Merge(ctx context.Context, by store.Actor, gallery string, id, into store.SubjectID, metadata map[string]string) (store.Subject, uint64, error) {
	if id == into {
		return store.Subject{}, 0, invalid("into", "is the subject itself")
	}
	if err := validateMetadata(metadata); err != nil {
		return store.Subject{}, 0, err
	}
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Subject{}, 0, err
	}
	return s.merge(ctx, by, g, id, into, metadata)
}

// merge does in the same transaction what is also asked for.
func (s *Service) merge(ctx context.Context, by store.Actor, g store.Gallery, id, into store.SubjectID, metadata map[string]string, also ...func(store.Tx) error) (store.Subject, uint64, error) {
	r := store.Reassignment{From: store.Person{Gallery: g.ID, Subject: id}, To: store.Person{Gallery: g.ID, Subject: into}}
	return s.reassign(ctx, by, audit.SubjectMerged, r, g, g, func(_, to store.Subject) (store.Subject, error) {
		if metadata != nil {
			to.Metadata = metadata
		}
		return to, nil
	}, also...)
}

// Split makes some faces of a subject another's, which is made with the metadata when
// create is set, and otherwise is there and keeps its own. The subject stays, also
// without faces.
func (s *Service) Split(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, faces []store.FaceID, into store.SubjectID, create bool, metadata map[string]string) (store.Subject, uint64, error) {
	if err := validateSplit(id, faces, into, create, metadata); err != nil {
		return store.Subject{}, 0, err
	}
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Subject{}, 0, err
	}
	r := store.Reassignment{From: store.Person{Gallery: g.ID, Subject: id}, To: store.Person{Gallery: g.ID, Subject: into}, Faces: faces, Create: create}
	return s.reassign(ctx, by, audit.SubjectSplit, r, g, g, func(_, to store.Subject) (store.Subject, error) {
		if create {
			to.Metadata, to.CreatedAt = metadata, s.now()
		}
		return to, nil
	})
}

func validateSplit(id store.SubjectID, faces []store.FaceID, into store.SubjectID, create bool, metadata map[string]string) error {
	if len(faces) == 0 || len(faces) > MaxFaces {
		return invalid("faces", "are %d, must be 1 to %d", len(faces), MaxFaces)
	}
	sorted := slices.Sorted(slices.Values(faces))
	if len(slices.Compact(sorted)) < len(faces) {
		return invalid("faces", "has a face twice")
	}
	if id == into {
		return invalid("into", "is the subject itself")
	}
	if !create {
		if len(metadata) > 0 {
			return invalid("metadata", "is for a subject that the request makes; create is not set")
		}
		return nil
	}
	if err := validateName("into", string(into)); err != nil {
		return err
	}
	return validateMetadata(metadata)
}

// Move brings a subject with its faces and metadata to another gallery of the tenant and
// of the same pack, under an id that is free there; empty is the same one. The faces get
// new ids. The other gallery's policy holds from then on: photos go unless it keeps any.
func (s *Service) Move(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, to string, as store.SubjectID) (store.Subject, uint64, error) {
	if as == "" {
		as = id
	} else if err := validateName("id", string(as)); err != nil {
		return store.Subject{}, 0, err
	}
	if gallery == to {
		return store.Subject{}, 0, invalid("gallery", "is where the subject is")
	}
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Subject{}, 0, err
	}
	h, err := s.Gallery(ctx, by, to)
	if err != nil {
		return store.Subject{}, 0, err
	}
	if g.Pack != h.Pack {
		return store.Subject{}, 0, about("gallery", fmt.Errorf("%w: %q, and the subject's of %q", ErrOtherPack, h.Pack, g.Pack))
	}
	r := store.Reassignment{
		From: store.Person{Gallery: g.ID, Subject: id}, To: store.Person{Gallery: h.ID, Subject: as}, Create: true, DropPhotos: !h.Policy.KeepPhotos,
	}
	return s.reassign(ctx, by, audit.SubjectMoved, r, g, h, func(from, _ store.Subject) (store.Subject, error) {
		if from.Damage != "" {
			return store.Subject{}, fmt.Errorf("%w: the subject's metadata", store.ErrDamaged)
		}
		return store.Subject{Metadata: from.Metadata, CreatedAt: from.CreatedAt, UpdatedAt: s.now()}, nil
	})
}

// reassign makes a reassignment from gallery g to gallery h true, unless a person is to
// be deleted or would have too many faces.
func (s *Service) reassign(ctx context.Context, by store.Actor, verb audit.Verb, r store.Reassignment, g, h store.Gallery, decide func(from, to store.Subject) (store.Subject, error), also ...func(store.Tx) error) (store.Subject, uint64, error) {
	for _, name := range []string{g.Name, h.Name} {
		if slices.Contains(s.cfg.Fixed, name) {
			return store.Subject{}, 0, invalid("gallery", "is %q, whose people are users of identity checks, which know them by their ids; nobody is merged, split or moved there", name)
		}
	}
	what := g.Name + "/" + string(r.From.Subject) + " " + h.Name + "/" + string(r.To.Subject)
	var ids strings.Builder
	for _, id := range r.Faces {
		ids.WriteString(" " + string(id))
	}
	what += ids.String()
	sub, position, err := s.store.Reassign(ctx, r, func(from, to store.Subject) (store.Subject, error) {
		faces := len(r.Faces)
		if faces == 0 {
			faces = from.Faces
		}
		if err := joinable(from, to, faces); err != nil {
			return store.Subject{}, err
		}
		return decide(from, to)
	}, append([]func(store.Tx) error{audit.By(by, verb, what).Record}, also...)...)
	if err != nil {
		return store.Subject{}, 0, fmt.Errorf("reassign faces: %w", s.unassigned(ctx, r, g, h, err))
	}
	s.committed()
	return sub, position, nil
}

// joinable is the error of a person who is to be deleted, or would have too many faces
// with so many of the other's.
func joinable(from, to store.Subject, faces int) error {
	switch {
	case !from.EndsAt.IsZero() || !to.EndsAt.IsZero():
		return store.ErrEnding
	case to.Faces > 0 && to.Faces+faces > MaxFaces:
		return fmt.Errorf("add %d faces to %d: %w", faces, to.Faces, ErrTooManyFaces)
	}
	return nil
}

// unassigned says what a reassignment did not find, or found.
func (s *Service) unassigned(ctx context.Context, r store.Reassignment, g, h store.Gallery, err error) error {
	if errors.Is(err, store.ErrExists) {
		return subjectError(h, r.To.Subject, err)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	faces, missing := s.store.Faces(ctx, g.ID, r.From.Subject)
	if missing != nil {
		return subjectError(g, r.From.Subject, missing)
	}
	for _, id := range r.Faces {
		if !slices.ContainsFunc(faces, func(f store.Face) bool { return f.ID == id }) {
			return NotOfSubject(g.Name, r.From.Subject, KindFace, string(id))
		}
	}
	if r.Create {
		return galleryError(h.Name, err)
	}
	return subjectError(h, r.To.Subject, err)
}

// EndSubject lets a subject be deleted, as DeleteSubject does, after a while of at most
// MaxEnd, unless KeepSubject comes first. Until then it is there and is found, but faces
// are neither added to it nor taken from it: store.ErrEnding.
func (s *Service) EndSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, after time.Duration) (store.Subject, error) {
	if after <= 0 || after > MaxEnd {
		return store.Subject{}, invalid("seconds", "must be 1 to %d, which is 30 days", int(MaxEnd/time.Second))
	}
	return s.end(ctx, audit.By(by, audit.SubjectEnding, gallery+"/"+string(id)+" "+after.String()), gallery, id, after)
}

// KeepSubject takes back that a subject is to be deleted.
func (s *Service) KeepSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (store.Subject, error) {
	return s.end(ctx, audit.By(by, audit.SubjectKept, gallery+"/"+string(id)), gallery, id, 0)
}

func (s *Service) end(ctx context.Context, d audit.Deed, gallery string, id store.SubjectID, after time.Duration) (store.Subject, error) {
	g, err := s.Gallery(ctx, store.Actor{Tenant: d.Tenant}, gallery)
	if err != nil {
		return store.Subject{}, err
	}
	sub, err := s.store.EndSubject(ctx, g.ID, id, after, d.Record)
	if err != nil {
		return store.Subject{}, fmt.Errorf("end subject: %w", subjectError(g, id, err))
	}
	return sub, nil
}

// DeleteEndedSubjects is DeleteEnded of the service's store.
func (s *Service) DeleteEndedSubjects(ctx context.Context) (deleted int, err error) {
	deleted, err = DeleteEnded(ctx, s.store)
	if deleted > 0 {
		s.committed()
	}
	return deleted, err
}

// Endings are where it is kept who is to be deleted; see Store.
type Endings interface {
	EndedSubjects(ctx context.Context, after store.Ended, limit int) ([]store.Ended, error)
	DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (uint64, error)
}

// DeleteEnded deletes the subjects, of every tenant, whose end has come, and returns how
// many. Who cannot be deleted holds up nobody else and is tried again by the next call;
// the error is that of the first of them.
func DeleteEnded(ctx context.Context, from Endings) (deleted int, err error) {
	const some = 64
	var failed error
	for after := (store.Ended{}); ; {
		ended, err := from.EndedSubjects(ctx, after, some)
		if err != nil || len(ended) == 0 {
			return deleted, cmp.Or(failed, err)
		}
		after = ended[len(ended)-1]
		for _, e := range ended {
			deed := audit.By(store.Actor{Tenant: e.Tenant}, audit.SubjectDeleted, e.Name+"/"+string(e.Subject))
			err := audit.Removing(deed, func(also ...func(store.Tx) error) error {
				_, err := from.DeleteEndedSubject(ctx, e, also...)
				return err
			})
			switch {
			case err == nil:
				deleted++
			case errors.Is(err, store.ErrNotFound): // taken back, or deleted by another process
			case failed == nil:
				failed = fmt.Errorf("delete ended subject: %w", err)
			}
			if ctx.Err() != nil {
				return deleted, cmp.Or(failed, ctx.Err())
			}
		}
	}
}
