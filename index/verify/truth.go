package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// Truth is what a log comes to. It needs about 150 bytes of memory for each
// face.
type Truth struct {
	// Position is the log's up to which it was read.
	Position uint64
	Faces    map[uuid.UUID]Face
	// Numbers are the galleries' numbers of faces.
	Numbers map[index.Scope]int
	// Damaged are the changes that the log's store cannot read whole.
	Damaged []changelog.Change
	// labelled are the hashes of the metadata that were changed, as read last.
	labelled map[subjectKey]uint64
}

// Face is a live face.
type Face struct {
	Scope   index.Scope
	Content Content
}

// Content is what a face holds, as hashes.
type Content struct {
	About    About
	Template uint64
}

// About is what an index knows of a face beside its template, as hashes.
type About struct{ Subject, Metadata uint64 }

// ContentOf hashes what a face holds; equal contents have equal hashes.
func ContentOf(subject store.SubjectID, metadata map[string]string, template face.Template) Content {
	return Content{AboutOf(subject, metadata), xxhash.Sum64(template.Bytes())}
}

// AboutOf hashes what an index knows of a face beside its template.
func AboutOf(subject store.SubjectID, metadata map[string]string) About {
	h := xxhash.New()
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		_, _ = fmt.Fprintf(h, " %q %q", k, metadata[k])
	}
	return About{xxhash.Sum64String(string(subject)), h.Sum64()}
}

// Read reads the whole log.
func Read(ctx context.Context, log changelog.Log) (*Truth, error) {
	w := &Truth{Faces: make(map[uuid.UUID]Face), Numbers: make(map[index.Scope]int), labelled: make(map[subjectKey]uint64)}
	var err error
	w.Position, err = read(ctx, log, 0, w.apply)
	// A subject's faces share its metadata: those that were read last.
	for id, f := range w.Faces {
		if m, ok := w.labelled[f.subject()]; ok {
			f.Content.About.Metadata = m
			w.Faces[id] = f
		}
	}
	w.labelled = nil
	return w, err
}

type subjectKey struct {
	tenant  store.TenantID
	gallery store.GalleryID
	subject uint64
}

func (f Face) subject() subjectKey {
	return subjectKey{f.Scope.Tenant, f.Scope.Gallery, f.Content.About.Subject}
}

func (w *Truth) apply(c changelog.Change) {
	if c.Damage != nil {
		w.Damaged = append(w.Damaged, c)
	}
	if c.Lost() {
		return
	}
	scope := index.Scope{Tenant: c.Tenant, Gallery: c.Gallery, Pack: c.Pack}
	if c.Kind == changelog.DropGallery {
		for id, f := range w.Faces {
			if f.Scope.Tenant == c.Tenant && f.Scope.Gallery == c.Gallery {
				w.remove(id)
			}
		}
		return
	}
	if c.Kind == changelog.PutMetadata {
		about := AboutOf(c.Subject, c.Metadata)
		w.labelled[subjectKey{c.Tenant, c.Gallery, about.Subject}] = about.Metadata
		return
	}
	id, err := uuid.Parse(string(c.Face))
	if err != nil {
		c.Damage = err
		w.Damaged = append(w.Damaged, c)
		return
	}
	w.remove(id)
	if c.Kind == changelog.PutFace {
		f := Face{scope, ContentOf(c.Subject, c.Metadata, c.Template)}
		if _, ok := w.labelled[f.subject()]; ok {
			w.labelled[f.subject()] = f.Content.About.Metadata
		}
		w.Faces[id] = f
		w.Numbers[scope]++
	}
}

func (w *Truth) remove(id uuid.UUID) {
	if f, ok := w.Faces[id]; ok {
		delete(w.Faces, id)
		w.Numbers[f.Scope]--
	}
}
