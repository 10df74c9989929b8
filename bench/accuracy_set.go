package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"oneton/calibration"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/picture"
)

// alignedSide is the side of an aligned crop in pixels.
const alignedSide = 112

// photoSet is a folder with a folder of photos for each person, in the order
// of their names.
type photoSet struct {
	people []string
	photos []portrait
	// of lists each person's photos.
	of [][]int
	// identity is, for each person, the first person who is the same.
	identity []int
}

type portrait struct {
	person int
	path   string
}

// readSet reads the folder and, unless it is empty, the file that says which
// names are one person.
func readSet(folder, same string) (*photoSet, error) {
	people, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	s := &photoSet{}
	for _, p := range people {
		if !p.IsDir() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(folder, p.Name()))
		if err != nil {
			return nil, fmt.Errorf("read photos: %w", err)
		}
		n := len(s.people)
		var of []int
		for _, f := range files {
			switch strings.ToLower(filepath.Ext(f.Name())) {
			case ".jpg", ".jpeg", ".png", ".webp":
				of = append(of, len(s.photos))
				s.photos = append(s.photos, portrait{person: n, path: filepath.Join(folder, p.Name(), f.Name())})
			}
		}
		if len(of) > 0 {
			s.people = append(s.people, p.Name())
			s.of = append(s.of, of)
			s.identity = append(s.identity, n)
		}
	}
	if len(s.people) < 2 {
		return nil, fmt.Errorf("%s: need folders with photos of at least two people", folder)
	}
	if same == "" {
		return s, nil
	}
	return s, s.merge(same)
}

// merge reads lines of two names that are one person.
func (s *photoSet) merge(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read same people: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		names := strings.Fields(line)
		if len(names) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(names) != 2 {
			return fmt.Errorf("%s: %q: need two names", path, strings.TrimSpace(line))
		}
		a, b := slices.Index(s.people, names[0]), slices.Index(s.people, names[1])
		if a < 0 || b < 0 {
			return fmt.Errorf("%s: %q: no such people", path, strings.TrimSpace(line))
		}
		s.identity[max(a, b)] = s.identity[min(a, b)]
	}
	return nil
}

// embed makes a template of the face that each photo is of; nil where there is
// none, or one that cannot be compared, or any of several: of those two it counts
// the photos.
func (s *photoSet) embed(ctx context.Context, e *embed.Embedder, pack string, aligned bool) (templates []face.Template, incomparable int, err error) {
	faces, incomparable, err := s.faces(ctx, e, pack, aligned)
	templates = make([]face.Template, len(faces))
	for i, f := range faces {
		templates[i] = f.Template
	}
	return templates, incomparable, err
}

// faces is embed with all that is told of the faces.
func (s *photoSet) faces(ctx context.Context, e *embed.Embedder, pack string, aligned bool) (faces []photo.Face, incomparable int, err error) {
	faces = make([]photo.Face, len(s.photos))
	var refused atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, p := range s.photos {
		group.Go(func() error {
			data, err := os.ReadFile(p.path)
			if err != nil {
				return err
			}
			var f photo.Face
			if aligned {
				f, err = embedAligned(ctx, e, pack, data)
			} else {
				f, err = subject(ctx, e, pack, data)
			}
			switch {
			case errors.Is(err, identify.ErrNoFace):
			case errors.Is(err, identify.ErrSeveralFaces):
				refused.Add(1)
			case err != nil:
				return fmt.Errorf("%s: %w", p.path, err)
			case f.Comparable():
				faces[i] = f
			default:
				refused.Add(1)
			}
			return nil
		})
	}
	err = group.Wait()
	return faces, int(refused.Load()), err
}

// subject is the face that a photo is of, as the service tells it.
func subject(ctx context.Context, e *embed.Embedder, pack string, data []byte) (photo.Face, error) {
	r, err := e.Embed(ctx, pack, data)
	if err != nil {
		return photo.Face{}, err
	}
	of, err := identify.Subject(r)
	if err != nil {
		return photo.Face{}, err
	}
	return r.Faces[of], nil
}

func embedAligned(ctx context.Context, e *embed.Embedder, pack string, data []byte) (photo.Face, error) {
	crop, err := alignedCrop(ctx, data)
	if err != nil {
		return photo.Face{}, err
	}
	return e.EmbedAligned(ctx, pack, crop)
}

// alignedCrop is a photo that is an aligned crop, as EmbedAligned takes it.
func alignedCrop(ctx context.Context, data []byte) ([]byte, error) {
	p, err := picture.Decode(ctx, data, picture.DefaultLimits())
	if err != nil {
		return nil, err
	}
	if p.Width != alignedSide || p.Height != alignedSide {
		return nil, fmt.Errorf("%d by %d pixels are no aligned crop", p.Width, p.Height)
	}
	r := picture.NewRaster(alignedSide, alignedSide)
	p.Warp(r, picture.Affine{A: 1, E: 1})
	crop := make([]byte, 0, 3*alignedSide*alignedSide)
	for i := range r.R {
		crop = append(crop, byte(r.R[i]), byte(r.G[i]), byte(r.B[i]))
	}
	return crop, nil
}

// matrix holds the cosines of every two photos, one as the probe of the other;
// those of a photo without a template are -1, the lowest there is.
type matrix [][]float32

// compare compares templates of the pack.
func compare(p *pack.Manifest, templates []face.Template) (matrix, error) {
	m := make(matrix, len(templates))
	for i := range m {
		m[i] = make([]float32, len(templates))
	}
	var rows sync.WaitGroup
	errs := make([]error, len(templates))
	free := make(chan struct{}, runtime.NumCPU())
	for i, a := range templates {
		free <- struct{}{}
		rows.Go(func() {
			defer func() { <-free }()
			probe := p.Probe(a)
			for j, b := range templates[:i+1] {
				cosine := -1.0
				if a != nil && b != nil {
					cosine, errs[i] = probe.Cosine(b)
				}
				m[i][j], m[j][i] = float32(cosine), float32(cosine)
			}
		})
	}
	rows.Wait()
	return m, firstError(errs)
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func everyPhoto(int) bool { return true }

// sample collects the photos that are wanted and show a face, for
// calibration, and says which they are.
func (s *photoSet) sample(cosines matrix, templates []face.Template, want func(photo int) bool) (*calibration.Sample, []int, error) {
	var found []int
	var people []string
	for i, p := range s.photos {
		if templates[i] != nil && want(i) {
			found = append(found, i)
			people = append(people, s.people[s.identity[p.person]])
		}
	}
	sample, err := calibration.Collect(people, func(a, b int) float64 {
		return float64(cosines[found[a]][found[b]])
	})
	return sample, found, err
}
