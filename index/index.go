// Package index holds the nouns of search: a view of the change log that
// answers who is near a probe. index/exact scans in process and index/qdrant
// asks a cluster; indextest is the one conformance suite both pass.
package index

import (
	"oneton/face"
	"oneton/store"
)

// Scope is the gallery that a search stays in. No query can leave it.
type Scope struct {
	Tenant  store.TenantID
	Gallery store.GalleryID
	// Pack names the template space, a version of a pack: templates compare only
	// within it.
	Pack string
}

// Query asks for the subjects nearest to a probe.
type Query struct {
	Scope Scope
	// Probe is compared with the templates by the dot product: a face's probe,
	// and not its template, where the two differ.
	Probe face.Template
	// K is the most subjects to return, at least 1.
	K int
	// Threshold leaves out subjects whose best cosine is below it; -1 keeps
	// all.
	Threshold float64
	// ThresholdFor, unless nil, gives the threshold instead: that of a gallery
	// of so many faces. It is asked about the Result's Faces.
	ThresholdFor func(faces int) float64
	// Filter keeps subjects whose metadata has, for every key named, one of
	// the values listed. An empty filter keeps all.
	Filter map[string][]string
}

// Hit is one subject, by the face of it that is nearest to the probe.
type Hit struct {
	Subject store.SubjectID
	Face    store.FaceID
	// Cosine is of the stored f32 template and the probe, in float64, in [-1, 1].
	Cosine float64
}

// Result is the answer to a query as of one moment of the view: Hits, Faces and
// Position tell of the same.
type Result struct {
	// Hits are distinct subjects, highest cosine first, ties by face id.
	Hits []Hit
	// Faces is how many faces the gallery holds in the space of the query's
	// pack, before any filter: each is one more chance of a false match.
	Faces int
	// Position is the change-log position that the answer speaks of.
	Position uint64
	// Work is what was gone over to find them.
	Work Work
}

// Work is what a search went over. It tells nothing of whom it found.
type Work struct {
	// Rows is how many faces the search went over, Bytes what is read for all of
	// them at most, and Rescored how many were then compared as they are stored, in
	// float64. Bytes is 0 where the index does not know.
	Rows     int
	Bytes    int64
	Rescored int
	// Proof is why nobody nearer was left out.
	Proof Proof
}

// Proof is why a search's hits are the nearest there are.
type Proof string

const (
	// ProofBounds is that each face that was not rescored was ruled out by a bound of
	// its codes, and each that was kept within its own.
	ProofBounds Proof = "bounds"
	// ProofAll is that all templates were compared.
	ProofAll Proof = "all"
	// ProofRecall is none: faces were found by a graph, which may miss some, as a
	// measurement of its recall tells.
	ProofRecall Proof = "recall"
)

// And is the work of two searches, as sure as the less sure one.
func (w Work) And(o Work) Work {
	sum := Work{Rows: w.Rows + o.Rows, Bytes: w.Bytes + o.Bytes, Rescored: w.Rescored + o.Rescored, Proof: w.Proof}
	if w.Proof == "" || o.Proof == ProofRecall || o.Proof == ProofAll && w.Proof == ProofBounds {
		sum.Proof = o.Proof
	}
	return sum
}
