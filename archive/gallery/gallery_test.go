package gallery_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/archive"
	"oneton/archive/gallery"
	"oneton/face"
)

var made = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

func manifest() gallery.Manifest {
	return gallery.Manifest{
		Made: made, Program: "test", Photos: true,
		Gallery: gallery.Gallery{Name: "staff", Pack: "default", Policy: json.RawMessage(`{"fpir":0.001}`), CreatedAt: made},
	}
}

// person has as many faces, each with a photo of that size, or none.
func person(rng *rand.Rand, id string, faces, photo int) gallery.Subject {
	s := gallery.Subject{ID: id, Metadata: map[string]string{"n": "<ü> " + id}, CreatedAt: made, UpdatedAt: made.Add(time.Microsecond), Faces: []gallery.Face{}}
	for i := range faces {
		f := gallery.Face{
			ID: fmt.Sprint(id, "-", i), Version: "5", Dimension: 4, Rotation: 90, CreatedAt: made,
			Box: face.Box{X: -0.1, Width: 100.7}, Quality: face.Quality{Score: 0.3, Sharpness: 1.0 / 3},
			Template: face.Template{rng.Float32(), -rng.Float32(), 1e-30, 0},
		}
		if photo > 0 {
			f.Content = make([]byte, photo)
			for j := range f.Content {
				f.Content[j] = byte(rng.UintN(256))
			}
		}
		s.Faces = append(s.Faces, f)
	}
	return s
}

func write(t testing.TB, m gallery.Manifest, people ...gallery.Subject) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gallery.NewWriter(&b, m)
	require.NoError(t, err)
	for _, p := range people {
		require.NoError(t, w.Add(p))
	}
	_, err = w.Close()
	require.NoError(t, err)
	return b.Bytes()
}

// read are the people of a whole archive, those of one id together.
func read(file []byte) (people []gallery.Subject, blocks int, err error) {
	r, err := gallery.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, 0, err
	}
	for {
		some, err := r.Next()
		if errors.Is(err, io.EOF) {
			return people, blocks, nil
		}
		if err != nil {
			return people, blocks, err
		}
		blocks++
		for _, s := range some {
			if n := len(people); n > 0 && people[n-1].ID == s.ID {
				people[n-1].Faces = append(people[n-1].Faces, s.Faces...)
				continue
			}
			people = append(people, s)
		}
	}
}

// Whoever is written is read, bit for bit, also where their faces and photos take
// several blocks.
func TestPeopleArrive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	people := []gallery.Subject{person(rng, "nobody's face", 0, 0), person(rng, "ann", 2, 0), person(rng, "bob", 7, 1<<20), person(rng, "cid", 1, 5<<20), person(rng, "dan", 1, 1)}
	got, blocks, err := read(write(t, manifest(), people...))
	require.NoError(t, err)
	require.Greater(t, blocks, 2)
	require.Len(t, got, len(people))
	for i, p := range people {
		for j := range got[i].Faces {
			require.Equal(t, p.Faces[j].Content != nil, got[i].Faces[j].Photo != "")
			got[i].Faces[j].Photo = ""
		}
		require.Equal(t, p, got[i])
	}
	got, _, err = read(write(t, manifest()))
	require.NoError(t, err)
	require.Empty(t, got)
}

// What is cut short or changed is never read as whole, and what was read of it before
// is as it was.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	people := []gallery.Subject{person(rng, "ann", 2, 100), person(rng, "bob", 1, 0)}
	file := write(t, manifest(), people...)
	for n := 0; n < bytes.LastIndex(file, []byte("\n")); n += 97 {
		_, _, err := read(file[:n])
		require.Error(t, err, "%d bytes", n)
	}
	for at := 0; at < len(file); at += 41 {
		if file[at] == 0 {
			continue
		}
		file[at] ^= 1
		got, _, err := read(file)
		if err == nil { // as where the time of a header was changed
			require.Len(t, got, 2)
			require.Equal(t, people[0].Faces[1].Template, got[0].Faces[1].Template)
			require.Equal(t, people[0].Metadata, got[0].Metadata)
		}
		file[at] ^= 1
	}
}

// What an archive says wrongly is named by member, line, person and face.
func TestHostileArchives(t *testing.T) {
	pack := func(members ...string) []byte {
		var b bytes.Buffer
		w := archive.NewWriter(&b, made)
		for i := 0; i < len(members); i += 2 {
			require.NoError(t, w.Add(members[i], []byte(members[i+1])))
		}
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	const head = `{"format":"oneton gallery","version":1}`
	const totals = `{"subjects":1,"faces":1,"photos":0,"left_out":[]}`
	line := func(dimension int, more string) string {
		return fmt.Sprintf(`{"id":"ann","faces":[{"id":"f1","version":"5","dimension":%d%s}]}`, dimension, more) + "\n"
	}
	eight := strings.Repeat("\x00\x00\x80\x3f", 2)
	for name, c := range map[string]struct {
		file []byte
		is   error
		says []string
	}{
		"another tar":         {pack("readme", "x"), gallery.ErrFormat, nil},
		"of a newer version":  {pack("archive.json", `{"format":"oneton gallery","version":2}`), gallery.ErrFormat, []string{"version 2"}},
		"without totals":      {pack("archive.json", head), archive.ErrDamaged, []string{"totals.json"}},
		"wrong totals":        {pack("archive.json", head, "totals.json", totals), archive.ErrDamaged, []string{"0 subjects", "1, 1 and 0"}},
		"another block":       {pack("archive.json", head, "000002/subjects.ndjson", ""), archive.ErrDamaged, []string{"000001/subjects.ndjson"}},
		"no JSON":             {pack("archive.json", head, "000001/subjects.ndjson", line(2, "")+"{"), archive.ErrDamaged, []string{"000001/subjects.ndjson, line 2"}},
		"an unknown field":    {pack("archive.json", head, "000001/subjects.ndjson", `{"idd":"x"}`), archive.ErrDamaged, []string{"line 1", "idd"}},
		"no templates":        {pack("archive.json", head, "000001/subjects.ndjson", line(2, "")), archive.ErrDamaged, []string{"000001/templates.f32"}},
		"too few numbers":     {pack("archive.json", head, "000001/subjects.ndjson", line(3, ""), "000001/templates.f32", eight), archive.ErrDamaged, []string{`face "f1"`, `subject "ann"`}},
		"too many numbers":    {pack("archive.json", head, "000001/subjects.ndjson", line(1, ""), "000001/templates.f32", eight), archive.ErrDamaged, []string{"1 numbers more"}},
		"a huge dimension":    {pack("archive.json", head, "000001/subjects.ndjson", line(1<<40, "")), archive.ErrDamaged, []string{"line 1", "f1"}},
		"a negative one":      {pack("archive.json", head, "000001/subjects.ndjson", line(-1, "")), archive.ErrDamaged, []string{"line 1"}},
		"a photo that is not": {pack("archive.json", head, "000001/subjects.ndjson", line(2, `,"photo":"000001/photos/1"`), "000001/templates.f32", eight, "totals.json", totals), archive.ErrDamaged, []string{`face "f1" of subject "ann"`, "totals.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(c.file)
			require.ErrorIs(t, err, c.is)
			for _, s := range c.says {
				require.ErrorContains(t, err, s)
			}
		})
	}
}

// Whatever is read, reading ends, and what is whole can be written and read again.
func FuzzReader(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	f.Add(write(f, manifest(), person(rng, "ann", 2, 10)))
	f.Add(write(f, manifest()))
	f.Fuzz(func(t *testing.T, file []byte) {
		people, _, err := read(file)
		if err != nil {
			return
		}
		again, _, err := read(write(t, manifest(), people...))
		require.NoError(t, err)
		require.Len(t, again, len(people))
	})
}
