package indextest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// testModel applies random changes, in random batches, to the index and to the
// model, and compares random searches.
func testModel(t *testing.T, f *feed) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(f)
		rt.Repeat(map[string]func(*rapid.T){
			"apply":  m.apply,
			"replay": func(t *rapid.T) { f.replay(t, f.last) },
			"search": m.search,
			"all":    m.searchAll,
		})
		m.searchAll(rt)
	})
}

type model struct {
	feed      *feed
	scopes    []index.Scope
	templates []face.Template
	faces     []string
}

func newModel(f *feed) *model {
	rng := newRand(30)
	home := newScope()
	sister, foreign := home, newScope()
	sister.Gallery = store.GalleryID(newID())
	m := &model{feed: f, scopes: []index.Scope{home, sister, foreign}}
	for range 12 {
		m.templates = append(m.templates, randomTemplate(rng, dimension))
	}
	// Templates that tie exactly with one another along the first axis.
	for i := range 3 {
		tie := make(face.Template, dimension)
		tie[0], tie[1+i] = 0.6, 0.8
		m.templates = append(m.templates, tie)
	}
	axis := make(face.Template, dimension)
	axis[0] = 1
	m.templates = append(m.templates, axis)
	for range 14 {
		m.faces = append(m.faces, newID())
	}
	return m
}

func (m *model) apply(t *rapid.T) {
	var changes []changelog.Change
	// What a later change of the batch meets depends on the earlier ones.
	rows := maps.Clone(m.feed.rows)
	scratch := &feed{rows: rows}
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		for _, c := range m.change(t, scratch) {
			scratch.model(c)
			changes = append(changes, c)
		}
	}
	m.feed.apply(t, changes...)
}

// change draws what one transaction would log.
func (m *model) change(t *rapid.T, now *feed) []changelog.Change {
	scope := rapid.SampledFrom(m.scopes).Draw(t, "gallery")
	id := rapid.SampledFrom(m.faces).Draw(t, "face")
	subject := store.SubjectID(fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "subject")))
	have, live := now.rows[id]
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return []changelog.Change{drop(scope)}
	case 1, 2:
		if live {
			scope = have.scope
		}
		return []changelog.Change{remove(scope, id)}
	case 3, 4:
		return relabel(t, now, scope, subject, metadata(t))
	}
	if live && (have.scope != scope || have.subject != subject) {
		return []changelog.Change{remove(have.scope, id)}
	}
	template := rapid.SampledFrom(m.templates).Draw(t, "template")
	return []changelog.Change{put(scope, string(subject), id, template, metadataOf(now, scope, subject))}
}

func metadata(t *rapid.T) map[string]string {
	return rapid.MapOfN(rapid.SampledFrom([]string{"team", "site"}), rapid.SampledFrom([]string{"", "x", "y"}), 0, 2).Draw(t, "metadata")
}

// relabel logs a subject's metadata or, as earlier versions did, every face of
// it again.
func relabel(t *rapid.T, now *feed, s index.Scope, subject store.SubjectID, metadata map[string]string) []changelog.Change {
	if rapid.Bool().Draw(t, "at once") {
		return []changelog.Change{label(s, subject, metadata)}
	}
	var changes []changelog.Change
	for _, id := range slices.Sorted(maps.Keys(now.rows)) {
		if r := now.rows[id]; r.scope == s && r.subject == subject {
			changes = append(changes, put(s, string(subject), id, r.template, metadata))
		}
	}
	return changes
}

func metadataOf(now *feed, s index.Scope, subject store.SubjectID) map[string]string {
	for _, r := range now.rows {
		if r.scope == s && r.subject == subject {
			return r.metadata
		}
	}
	return nil
}

func (m *model) search(t *rapid.T) {
	q := index.Query{
		Scope:     rapid.SampledFrom(m.scopes).Draw(t, "gallery"),
		Probe:     rapid.SampledFrom(m.templates).Draw(t, "probe"),
		K:         rapid.IntRange(1, 8).Draw(t, "k"),
		Threshold: rapid.SampledFrom([]float64{-1, -0.3, 0, 0.35, 0.7}).Draw(t, "threshold"),
	}
	values := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "y", "z"}), 0, 3)
	if rapid.Bool().Draw(t, "filtered") {
		q.Filter = rapid.MapOfN(rapid.SampledFrom([]string{"team", "site", "none"}), values, 0, 2).Draw(t, "filter")
	}
	m.feed.search(t, q)
}

func (m *model) searchAll(t *rapid.T) {
	probe := rapid.SampledFrom(m.templates).Draw(t, "probe")
	for _, s := range m.scopes {
		m.feed.search(t, index.Query{Scope: s, Probe: probe, K: 100, Threshold: -1})
	}
}
