package storetest

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/store"
)

func testIsolation(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a, b := newGallery(t, s), newGallery(t, s)
	faces := enrol(t, s, a, "p", 1)
	enrol(t, s, b, "p", 1)
	before := live(t, s)

	for name, try := range map[string]func() error{
		"subject":  func() error { _, err := s.Subject(ctx, b.ID, "q"); return err },
		"photo":    func() error { _, err := s.Photo(ctx, b.ID, faces[0].ID); return err },
		"face":     func() error { _, err := s.DeleteFace(ctx, b.ID, "p", faces[0].ID); return err },
		"metadata": func() error { _, err := describe(ctx, s, b.ID, "q", nil); return err },
		"gallery": func() error {
			_, err := s.DeleteGallery(ctx, store.TenantID(uuid.NewString()), a.Name)
			return err
		},
	} {
		require.ErrorIs(t, try(), store.ErrNotFound, name)
	}
	require.Equal(t, before, live(t, s))

	_, err := describe(ctx, s, b.ID, "p", map[string]string{"x": "y"})
	require.NoError(t, err)
	sub, err := s.Subject(ctx, a.ID, "p")
	require.NoError(t, err)
	require.Empty(t, sub.Metadata, "the subject of the same id elsewhere")
	_, err = s.DeleteSubject(ctx, b.ID, "p")
	require.NoError(t, err)
	_, err = s.DeleteGallery(ctx, b.Tenant, b.Name)
	require.NoError(t, err)
	got, err := s.Faces(ctx, a.ID, "p")
	require.NoError(t, err)
	require.Equal(t, faces, got)
}

func testPages(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	want := append(names(25), "Z", "a", "ä", "é")
	for i := range want {
		// Enrolled in another order than they are listed in.
		_, err := s.Enrol(ctx, subject(g.ID, store.SubjectID(want[(i*7)%len(want)])), nil, nil, true)
		require.NoError(t, err)
		gallery(t, s, g.Tenant, "g"+want[(i*11)%len(want)])
	}
	want = append([]string{"Z", "a"}, append(names(25), "ä", "é")...)

	list := map[string]struct {
		page   func(p store.Page) ([]string, error)
		prefix string
	}{
		"subjects": {page: func(p store.Page) ([]string, error) {
			subs, err := s.Subjects(ctx, g.ID, p)
			return ids(subs, func(sub store.Subject) string { return string(sub.ID) }), err
		}},
		"galleries": {prefix: "g", page: func(p store.Page) ([]string, error) {
			gs, err := s.Galleries(ctx, g.Tenant, p)
			return ids(gs, func(g store.Gallery) string { return g.Name }), err
		}},
	}
	for name, test := range list {
		for _, limit := range []int{1, 3, 28, 29, 100} {
			var got []string
			for {
				page := store.Page{Limit: limit}
				if len(got) > 0 {
					page.After = got[len(got)-1]
				}
				more, err := test.page(page)
				require.NoError(t, err)
				require.LessOrEqual(t, len(more), limit)
				got = append(got, more...)
				if len(more) < limit {
					break
				}
			}
			expect := make([]string, 0, len(want)+1)
			for _, id := range want {
				expect = append(expect, test.prefix+id)
			}
			if name == "galleries" {
				expect = append(expect, "staff")
			}
			require.Equal(t, expect, got, "%s, %d a page: bytewise order", name, limit)
		}
		none, err := test.page(store.Page{})
		require.NoError(t, err)
		require.Empty(t, none, "a limit of 0")
		after, err := test.page(store.Page{After: test.prefix + "n10x", Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []string{test.prefix + "n11"}, after, "after a row that is not there")
	}
}

func ids[T any, ID ~string](rows []T, id func(T) ID) []ID {
	out := make([]ID, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func testHostileText(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	for _, text := range []string{`'; DROP TABLE faces; --`, `%`, `_`, `"`, `\`, "é\U0001F600", " ", "a\nb", "$1", "?"} {
		sub := subject(g.ID, store.SubjectID(text), text, text)
		_, err := s.Enrol(ctx, sub, newFaces(1), nil, true)
		require.NoError(t, err, text)
		got, err := s.Subject(ctx, g.ID, store.SubjectID(text))
		require.NoError(t, err, text)
		sub.Faces = 1
		require.Equal(t, sub, got)
	}
	RequireReplay(t, s)
}
