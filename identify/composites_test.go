package identify_test

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/embedtest/composite"
	"oneton/face"
	"oneton/identify"
	"oneton/store"
)

// demo is the service with the default pack on real photos.
func demo(t *testing.T) *identify.Service {
	t.Helper()
	e := embedtest.New(t, embed.Config{})
	s, db := openWith(t, filepath.Join(t.TempDir(), "oneton.db"), e)
	require.NoError(t, identify.PrepareSpaces(t.Context(), e, db))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	return s
}

// heads are those of the demo photos by name, the first of each person.
func heads(t *testing.T) map[string]composite.Head {
	t.Helper()
	all, err := composite.Demo(embedtest.Photos(t))
	require.NoError(t, err)
	named := map[string]composite.Head{}
	for _, h := range all {
		if _, ok := named[h.Name]; !ok {
			named[h.Name] = h
		}
	}
	return named
}

// TestSubjectsOfComposites enrols, searches and verifies made photos of which
// it is known whom they are of.
func TestSubjectsOfComposites(t *testing.T) {
	s, named := demo(t), heads(t)
	obama, biden, astronaut, woman := named["obama"], named["biden"], named["astronaut"], named["sample6-3"]
	at := func(h composite.Head, x, y, width float64) composite.Placement {
		return composite.Placement{Head: h, X: x, Y: y, Width: width}
	}
	good, err := composite.JPEG(photoOf(at(obama, 320, 240, 170)))
	require.NoError(t, err)
	reference := enrol(t, s, "reference", good).Faces[0]

	for name, c := range map[string]struct {
		heads []composite.Placement
		// subject is whom of them the photo is of, if anyone.
		subject int
	}{
		"alone at the edge":                   {[]composite.Placement{at(obama, 70, 380, 90)}, 0},
		"a bystander behind":                  {[]composite.Placement{at(biden, 470, 170, 65), at(obama, 300, 260, 150)}, 1},
		"the subject off the middle":          {[]composite.Placement{at(biden, 330, 150, 60), at(obama, 170, 270, 140)}, 1},
		"three behind":                        {[]composite.Placement{at(biden, 90, 90, 50), at(woman, 500, 90, 50), at(astronaut, 590, 100, 50), at(obama, 320, 310, 150)}, 3},
		"a portrait on the wall":              {[]composite.Placement{at(biden.Print(color.White), 120, 130, 80), at(obama, 360, 270, 150)}, 1},
		"an identity card beside the face":    {[]composite.Placement{at(obama, 250, 190, 170), at(obama.Card(), 430, 390, 34)}, 0},
		"a card of another person":            {[]composite.Placement{at(obama, 250, 190, 170), at(biden.Card(), 430, 390, 34)}, 0},
		"two side by side":                    {[]composite.Placement{at(biden, 210, 240, 120), at(obama, 430, 240, 130)}, several},
		"a smaller one on the arm":            {[]composite.Placement{at(astronaut, 470, 300, 110), at(obama, 310, 200, 140)}, several},
		"a print as large as the face":        {[]composite.Placement{at(obama, 200, 250, 120), at(biden.Print(color.White), 480, 240, 125)}, several},
		"a print of oneself, as large":        {[]composite.Placement{at(obama, 200, 250, 120), at(obama.Print(color.White), 480, 240, 125)}, several},
		"a group selfie, its taker at edge":   {[]composite.Placement{at(biden, 100, 200, 85), at(astronaut, 240, 180, 85), at(woman, 380, 200, 85), at(obama, 560, 330, 135)}, several},
		"a sharp poster larger than the face": {[]composite.Placement{at(biden.Print(color.White), 450, 220, 170), at(obama, 180, 260, 120)}, several},
	} {
		t.Run(name, func(t *testing.T) {
			m := composite.Ground("shelves", 640, 480, 7)
			truth := composite.Paste(m, c.heads...)
			photo, err := composite.JPEG(m)
			require.NoError(t, err)
			shows := func(b face.Box) {
				t.Helper()
				require.True(t, truth[c.subject].Shows(b), "%v", b)
			}

			e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "probe", Create: true, Photos: [][]byte{photo}})
			verification, verr := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: photo, Reference: good})
			back, berr := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: good, Reference: photo})
			against, aerr := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: photo, Gallery: gallery, Subject: "reference"})
			found, serr := s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photo}, K: 100})
			if c.subject == several {
				for _, err := range []error{err, verr, berr, aerr, serr} {
					require.ErrorIs(t, err, identify.ErrSeveralFaces)
				}
				require.ErrorContains(t, err, "pixels at (")
				all := search(t, s, identify.SearchRequest{Photos: [][]byte{photo}, AllFaces: true})
				require.Len(t, all.Probes, len(c.heads))
				return
			}
			for _, err := range []error{err, verr, berr, aerr, serr} {
				require.NoError(t, err)
			}
			shows(e.Faces[0].Box)
			shows(verification.Probe.Box)
			shows(back.Reference.Box)
			shows(against.Probe.Box)
			shows(found.Probes[0].Face.Box)
			require.True(t, verification.Match && back.Match && against.Match)
			require.Equal(t, reference.ID, against.Face)
			_, err = s.DeleteSubject(t.Context(), by, gallery, "probe")
			require.NoError(t, err)
		})
	}
}

// TestABlurredFaceBehindMakesNoneOfSeveral has a face behind the subject that is
// nearly as large, and too poor to be compared, if it is found at all.
func TestABlurredFaceBehindMakesNoneOfSeveral(t *testing.T) {
	s, named := demo(t), heads(t)
	obama, biden := named["obama"], named["biden"]
	for _, blur := range []float64{0.092, 0.096} {
		m := composite.Ground("room", 640, 480, 3)
		truth := composite.Paste(m,
			composite.Placement{Head: biden.Blurred(blur), X: 480, Y: 230, Width: 130},
			composite.Placement{Head: obama, X: 250, Y: 250, Width: 150})
		photo, err := composite.JPEG(m)
		require.NoError(t, err)
		all := search(t, s, identify.SearchRequest{Photos: [][]byte{photo}, AllFaces: true})
		require.NotEmpty(t, all.Probes, "blur %v", blur)
		for _, p := range all.Probes[1:] {
			require.True(t, truth[0].Shows(p.Face.Box))
			require.False(t, p.Face.Comparable(), "%+v", p.Face.Quality)
		}

		one := search(t, s, identify.SearchRequest{Photos: [][]byte{photo}})
		require.True(t, truth[1].Shows(one.Probes[0].Face.Box))
		v, err := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: photo, Reference: embedtest.Photo(t, "obama.jpg")})
		require.NoError(t, err)
		require.True(t, v.Match)
	}
}

// photoOf is a photo of heads before a wall.
func photoOf(heads ...composite.Placement) *image.RGBA {
	m := composite.Ground("wall", 640, 480, 1)
	composite.Paste(m, heads...)
	return m
}

// TestSubjectsOfDemoPhotos holds the rule against photos that nobody made for
// it: portraits are of one person, groups of nobody.
func TestSubjectsOfDemoPhotos(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	for name, want := range map[string]int{
		"biden.jpg": 0, "obama.jpg": 0, "obama2.jpg": 0, "obama3.jpg": 0, "astronaut.png": 0,
		"sample2.jpg": several, "sample3.jpg": several, "sample4.jpg": several, "sample5.jpg": several, "sample6.jpg": several,
	} {
		data, err := os.ReadFile(filepath.Join(embedtest.Photos(t), name))
		require.NoError(t, err)
		r, err := e.Embed(t.Context(), pack, data)
		require.NoError(t, err)
		require.Equal(t, want, subject(t, r), name)
	}
}
