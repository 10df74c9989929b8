package identify_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// seen is a face of 4:3 photos, 800 by 600: its box is as wide as high, and x
// and y are where its middle is.
func seen(x, y, width, score float32, reasons ...string) photo.Face {
	return photo.Face{
		Box:        face.Box{X: x - width/2, Y: y - width/2, Width: width, Height: width},
		Confidence: 0.9,
		Quality:    face.Quality{Score: score, InterEye: 0.4 * width, Reasons: reasons},
	}
}

func crowd(faces ...photo.Face) photo.Result {
	return photo.Result{Width: 800, Height: 600, Faces: faces}
}

// several stands for ErrSeveralFaces among the subjects of a test.
const several = -1

func subject(t require.TestingT, r photo.Result) int {
	i, err := identify.Subject(r)
	if err != nil {
		require.ErrorIs(t, err, identify.ErrSeveralFaces)
		return several
	}
	return i
}

func TestWhoIsTheSubject(t *testing.T) {
	lost := photo.ReasonNotComparable
	for name, c := range map[string]struct {
		photo photo.Result
		want  int
	}{
		"alone":                              {crowd(seen(400, 300, 200, 0.9)), 0},
		"alone at the edge":                  {crowd(seen(60, 500, 90, 0.9)), 0},
		"alone, poor":                        {crowd(seen(400, 300, 200, 0, lost)), 0},
		"a bystander behind":                 {crowd(seen(400, 300, 200, 0.9), seen(620, 200, 100, 0.9)), 0},
		"a bystander behind, listed first":   {crowd(seen(620, 200, 100, 0.9), seen(400, 300, 200, 0.9)), 1},
		"the subject off the middle":         {crowd(seen(220, 300, 200, 0.9), seen(420, 200, 90, 0.9)), 0},
		"many small faces behind":            {crowd(append(row(8, 50, 60), seen(400, 400, 220, 0.9))...), 8},
		"a blurred face behind":              {crowd(seen(400, 300, 200, 0.9), seen(620, 300, 180, 0, lost)), 0},
		"a larger blurred poster":            {crowd(seen(620, 300, 290, 0, lost), seen(300, 300, 200, 0.9)), 1},
		"furniture taken for a face":         {crowd(seen(150, 400, 240, 0.01, lost), seen(400, 250, 200, 0.9)), 1},
		"a bystander behind a blurred face":  {crowd(seen(400, 350, 400, 0, lost), seen(700, 150, 90, 0.9)), 0},
		"a card held beside the face":        {crowd(seen(380, 250, 240, 0.9), seen(600, 480, 70, 0.7)), 0},
		"a portrait on the wall":             {crowd(seen(420, 330, 220, 0.9), seen(150, 150, 110, 0.8)), 0},
		"two side by side":                   {crowd(seen(280, 300, 200, 0.9), seen(520, 300, 190, 0.9)), several},
		"a child on the arm":                 {crowd(seen(380, 250, 200, 0.9), seen(560, 400, 150, 0.9)), several},
		"a print as large":                   {crowd(seen(400, 300, 200, 0.95), seen(700, 300, 200, 0.4)), several},
		"a group selfie, its taker at edge":  {crowd(append(row(4, 110, 300), seen(740, 420, 170, 0.9))...), several},
		"a group":                            {crowd(row(6, 100, 300)...), several},
		"two small ones, one of them poor":   {crowd(seen(280, 300, 60, 0.9), seen(520, 300, 60, 0, lost)), 0},
		"two poor ones":                      {crowd(seen(280, 300, 200, 0, lost), seen(520, 300, 200, 0, lost)), 0},
		"one too small to be compared, near": {crowd(seen(400, 300, 30, 0.9), seen(420, 340, 15, 0.9)), 0},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, subject(t, c.photo)) })
	}
	_, err := identify.Subject(crowd())
	require.ErrorIs(t, err, identify.ErrNoFace)
}

// A photo that is cut in the face that stands out is not of whoever is behind.
func TestCutFacesAreNotPassedOver(t *testing.T) {
	damage := errors.New("the file ends after row 300 of 600")
	behind := seen(620, 150, 90, 0.9)
	r := crowd(behind)
	r.Damage, r.Cut = damage, []photo.Face{seen(350, 300, 240, 0.2)}
	_, err := identify.Subject(r)
	require.ErrorIs(t, err, photo.ErrCorrupt)
	require.ErrorIs(t, err, damage)

	r.Cut = []photo.Face{seen(700, 290, 60, 0.2)}
	r.Faces = []photo.Face{seen(350, 150, 200, 0.9)}
	require.Zero(t, subject(t, r))
}

// row is people in a row across the photo.
func row(n int, width, y float32) []photo.Face {
	faces := make([]photo.Face, n)
	for i := range faces {
		faces[i] = seen((float32(i)+0.5)*800/float32(n), y, width, 0.9)
	}
	return faces
}

func TestFacesLeftOutCount(t *testing.T) {
	r := crowd(seen(400, 300, 200, 0.9))
	r.LeftOut = 1
	require.Equal(t, several, subject(t, r), "the other may be as large")
	r = crowd(append(row(20, 30, 60), seen(400, 400, 220, 0.9))...)
	r.LeftOut = 30
	require.Equal(t, 20, subject(t, r), "the others are smaller than those in the row")
}

func TestSeveralFacesSayWhere(t *testing.T) {
	_, err := identify.Subject(crowd(seen(280, 300, 200, 0.9), seen(520, 300, 180, 0.9), seen(700, 50, 20, 0.9)))
	require.EqualError(t, err, identify.ErrSeveralFaces.Error()+": 3 faces, and none is clearly the subject; it may be that of 200×200 pixels at (180, 200) or 180×180 pixels at (430, 210)")
	_, err = identify.Subject(crowd(row(9, 70, 300)...))
	require.ErrorContains(t, err, "9 faces")
	require.ErrorContains(t, err, "more")
}

// anyFace draws a face that can be compared.
func anyFace(t *rapid.T) photo.Face {
	f := seen(rapid.Float32Range(0, 800).Draw(t, "x"), rapid.Float32Range(0, 600).Draw(t, "y"), rapid.Float32Range(24, 500).Draw(t, "width"), rapid.Float32Range(0, 1).Draw(t, "score"))
	f.Box.Height *= rapid.Float32Range(0.8, 1.6).Draw(t, "aspect")
	f.Confidence = rapid.Float32Range(0.6, 1).Draw(t, "confidence")
	return f
}

func anyFaces(t *rapid.T) []photo.Face {
	return rapid.SliceOfN(rapid.Custom(anyFace), 1, 12).Draw(t, "faces")
}

func poorly(f photo.Face) photo.Face {
	f.Quality.Reasons = []string{photo.ReasonNotComparable}
	return f
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		faces := anyFaces(t)
		for i := range faces {
			if rapid.IntRange(0, 3).Draw(t, "poor") == 0 {
				faces[i] = poorly(faces[i])
			}
		}
		want := subject(t, crowd(faces...))
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).Perm(len(faces))
		shuffled := make([]photo.Face, len(faces))
		for to, from := range order {
			shuffled[to] = faces[from]
		}
		got := subject(t, crowd(shuffled...))
		if want == several {
			require.Equal(t, several, got)
			return
		}
		require.NotEqual(t, several, got)
		require.Equal(t, faces[want], shuffled[got])
	})
}

func TestFacesThatCannotBeComparedNeverMakeSeveral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		faces := anyFaces(t)
		alone := subject(t, crowd(faces...))
		poor := anyFaces(t)
		for i := range poor {
			poor[i] = poorly(poor[i])
		}
		got := subject(t, crowd(append(poor, faces...)...))
		if got < 0 || got >= len(poor) {
			if got >= 0 {
				got -= len(poor)
			}
			require.Equal(t, alone, got, "they change nothing")
			return
		}
		// One of them is the subject only where it would be, if it were as clear.
		with := poor[got]
		with.Quality.Reasons = nil
		for _, f := range faces {
			require.Zero(t, subject(t, crowd(with, f)))
		}
	})
}

func TestScaleDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		faces := anyFaces(t)
		want := subject(t, crowd(faces...))
		const scale = 4 // a power of two, so that nothing is rounded
		r := photo.Result{Width: scale * 800, Height: scale * 600}
		for _, f := range faces {
			f.Box = face.Box{X: scale * f.Box.X, Y: scale * f.Box.Y, Width: scale * f.Box.Width, Height: scale * f.Box.Height}
			f.Quality.InterEye *= scale
			r.Faces = append(r.Faces, f)
		}
		require.Equal(t, want, subject(t, r))
	})
}

func TestTwoOfOneSizeAreSeveral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyFace(t), anyFace(t)
		b.Box.Width, b.Box.Height = a.Box.Width, a.Box.Height
		require.Equal(t, several, subject(t, crowd(a, b)))
	})
}

func TestOneMoreFaceNeverMakesAnotherTheSubject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		faces := anyFaces(t)
		was, now := subject(t, crowd(faces...)), subject(t, crowd(append(faces, anyFace(t))...))
		if now != several && now < len(faces) {
			require.Equal(t, was, now)
		}
	})
}

// Every way in that takes a photo of one person follows the same rule.
func TestSubjectsOfPhotosWithMoreFaces(t *testing.T) {
	for _, c := range []struct {
		name   string
		others []shown
		err    error
	}{
		{"a bystander", []shown{{Person: "bob", Size: 90}}, nil},
		{"a blurred face of the same size", []shown{{Person: "bob", Size: 200, Reasons: []string{photo.ReasonBlurred, photo.ReasonNotComparable}}}, nil},
		{"a speck", []shown{{Person: "bob", Size: 150, InterEye: 3}}, nil},
		{"another person", []shown{{Person: "bob", Size: 170}}, identify.ErrSeveralFaces},
	} {
		for before := range 2 {
			t.Run(c.name+" "+strconv.Itoa(before), func(t *testing.T) {
				s := newService(t)
				faces := append([]shown{{Person: "ann", Size: 200}}, c.others...)
				if before == 1 {
					faces = append(slices.Clone(c.others), shown{Person: "ann", Size: 200})
				}
				group, ann := photograph(t, faces...), photograph(t, shown{Person: "ann", Take: 1})
				_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "group", Create: true, Photos: [][]byte{group}})
				require.ErrorIs(t, err, c.err)
				if c.err != nil {
					subs, err := s.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
					require.NoError(t, err)
					require.Empty(t, subs)
					enrol(t, s, "group", photograph(t, shown{Person: "ann"}))
				}
				a := search(t, s, identify.SearchRequest{Photos: [][]byte{ann}})
				require.Equal(t, identify.One, a.Probes[0].Outcome)

				a, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{group}})
				require.ErrorIs(t, err, c.err)
				if c.err == nil {
					require.Equal(t, identify.One, a.Probes[0].Outcome)
				}
				for _, req := range []identify.VerifyRequest{
					{Photo: group, Gallery: gallery, Subject: "group"},
					{Photo: group, Reference: ann},
					{Photo: ann, Reference: group},
				} {
					v, err := s.Verify(t.Context(), by, req)
					require.ErrorIs(t, err, c.err)
					require.Equal(t, c.err == nil, v.Match)
				}
			})
		}
	}
}

// Whoever stands before the camera is not mistaken for somebody behind.
func TestNobodyBehindABlurredFaceIsTaken(t *testing.T) {
	s := newService(t)
	front := photograph(t, shown{Person: "ann", Size: 300, Reasons: []string{photo.ReasonBlurred, photo.ReasonNotComparable}}, shown{Person: "bob", Size: 60})
	_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "ann", Create: true, Photos: [][]byte{front}})
	require.ErrorIs(t, err, identify.ErrLowQuality)
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
	require.Equal(t, identify.Nobody, search(t, s, identify.SearchRequest{Photos: [][]byte{front}}).Probes[0].Outcome)
}
