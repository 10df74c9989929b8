package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/identitytoken/token"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

// tokenFlags say of which faces tokens are made.
type tokenFlags struct {
	Photos    string `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Pack      string `help:"Model pack: a built-in name or a manifest." default:"default"`
	Same      string `type:"existingfile" help:"Lines of two names that are one person."`
	Templates string `help:"File that keeps the templates from one run to the next; made when it is not there." type:"path" json:"-"`
	Workers   int    `help:"Photos embedded at once; 0 is one a core." json:"-"`
	Seed      uint64 `help:"What is drawn." default:"17"`
	Out       string `help:"Folder of the results." default:"bench/results" json:"-"`
}

func (f tokenFlags) params() tokenFlags {
	f.Photos, f.Pack = filepath.Base(f.Photos), filepath.Base(f.Pack)
	if f.Same != "" {
		f.Same = filepath.Base(f.Same)
	}
	return f
}

// templated is the template of a photo, nil where there is none that can be compared,
// with its quality score.
type templated struct {
	Template face.Template
	Score    float32
}

// tokenSet is people's templates, and what makes tokens of them.
type tokenSet struct {
	*photoSet
	*pack.Manifest
	faces  []templated
	keys   token.Keys
	random *rand.Rand
}

func (f tokenFlags) load(ctx context.Context) (*tokenSet, error) {
	m, err := pack.Read(f.Pack)
	if err != nil {
		return nil, err
	}
	photos, err := readSet(f.Photos, f.Same)
	if err != nil {
		return nil, err
	}
	s := &tokenSet{photoSet: photos, Manifest: m, random: rand.New(rand.NewPCG(f.Seed, 0))}
	if s.keys, err = s.newKeys("acme"); err != nil {
		return nil, err
	}
	if s.faces, err = readTemplates(f.Templates); err == nil && len(s.faces) != len(photos.photos) {
		return nil, fmt.Errorf("%s has templates of %d photos, and %s has %d", f.Templates, len(s.faces), f.Photos, len(photos.photos))
	}
	if err == nil {
		return s, nil
	}
	if s.faces, err = f.embed(ctx, photos); err != nil {
		return nil, err
	}
	return s, writeTemplates(f.Templates, s.faces)
}

func (f tokenFlags) embed(ctx context.Context, set *photoSet) (all []templated, err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return nil, err
	}
	p, err := pack.Open(f.Pack, paths.Models)
	if err != nil {
		return nil, err
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: f.Workers, Queue: len(set.photos)},
	}, p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	faces, _, err := set.faces(ctx, e.Embedder, p.Name, true)
	for _, x := range faces {
		all = append(all, templated{x.Template, x.Quality.Score})
	}
	return all, err
}

func readTemplates(path string) (all []templated, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return all, gob.NewDecoder(f).Decode(&all)
}

func writeTemplates(path string, all []templated) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(all), f.Close())
}

// newKeys are those of an installation of its own.
func (s *tokenSet) newKeys(tenant string) (token.Keys, error) {
	return token.Derive([][]byte{s.bytes(32)}, [][]byte{s.bytes(32)}, tenant)
}

func (s *tokenSet) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	return b
}

// token is one of the photo; stretched is the hash of its secret, or nil.
func (s *tokenSet) token(keys token.Keys, photo int, stretched []byte) (string, error) {
	c := token.Claims{ID: uuid.UUID(s.bytes(16)), Accuracy: token.DefaultAccuracy, Pack: s.Name, Version: s.Version}
	kept := token.Kept{Template: s.faces[photo].Template, Photos: 1, Score: s.faces[photo].Score}
	return keys.Make(c, "", kept, token.NewSalt(), stretched)
}

// opened is a token of the photo, opened.
func (s *tokenSet) opened(photo int, stretched []byte) (*token.Opened, error) {
	text, err := s.token(s.keys, photo, stretched)
	if err != nil {
		return nil, err
	}
	return s.keys.Open(text, "")
}

// matches says whether a template is taken for the photo at the accuracy.
func (s *tokenSet) matches(template face.Template, photo, accuracy int) bool {
	cosine, err := s.Probe(s.faces[photo].Template).Cosine(template)
	return err == nil && cosine >= s.Calibration.Threshold(token.Accuracies[accuracy-1])
}

// several are the people with two photos or more that can be compared, each with
// those.
func (s *tokenSet) several() (people [][]int) {
	of := map[int][]int{}
	for p, photos := range s.of {
		for _, i := range photos {
			if s.faces[i].Template != nil {
				of[s.identity[p]] = append(of[s.identity[p]], i)
			}
		}
	}
	for p := range s.of {
		if len(of[p]) > 1 {
			people = append(people, of[p])
		}
	}
	return people
}
