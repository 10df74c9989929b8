package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"oneton/calibration"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/server/uqudo"
	"oneton/setup"
	"oneton/spoil"
)

type poorCommand struct {
	Photos  string   `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Packs   []string `help:"Model packs: built-in names or manifests." default:"default"`
	Same    string   `type:"existingfile" help:"Lines of two names that are one person."`
	People  int      `help:"People, of those that are kept out of the built-in packs; half of them with several photos, if there are." default:"600"`
	Ways    []string `help:"Only these ways, by their names in the results; all of them if none is named."`
	Workers int      `help:"Photos embedded at once; 0 is one a core."`
	Name    string   `help:"Name of the results." default:"poor"`
	Out     string   `help:"Folder of the results." default:"bench/results" json:"-"`
}

type poorParams struct {
	Photos string  `json:"photos"`
	People int     `json:"people"`
	FPIR   float64 `json:"wanted_fpir"`
}

type poorResult struct {
	Pack  string     `json:"pack"`
	Cells []poorCell `json:"cells"`
}

// poorCell is what photos that are poor in one way do: among themselves, among
// good ones, and in a gallery of both.
type poorCell struct {
	Way string `json:"way"`
	// Refused is the share that cannot be compared.
	Refused float64 `json:"refused"`
	// Alike, Good and Mixed are how often strangers are answered where the
	// gallery is of photos poor in the same way, of good ones, and half of each.
	Alike fpirAt `json:"alike"`
	Good  fpirAt `json:"among_good"`
	Mixed fpirAt `json:"mixed"`
	// Levels are the false-match rates of pairs poor alike over the wanted
	// ones, from 1e-2 down as far as 30 pairs are wanted.
	Levels []float64 `json:"fmr_over_wanted"`
	// Found is the share found of people enrolled by a good photo, in a gallery
	// of 1,000.
	Found calibration.Proportion `json:"found"`
}

// fpirAt is the share of all searches of strangers, the refused ones too, that
// are answered in galleries of two sizes.
type fpirAt struct {
	Of100  float64 `json:"of_100"`
	Of1000 float64 `json:"of_1000"`
}

const (
	poorFPIR = 0.01
	// poorGallery is the gallery in whose threshold mates are looked for.
	poorGallery = 1000
)

// Run spoils a photo of each person in each way, and asks how often strangers
// and mates are answered.
func (c *poorCommand) Run(ctx context.Context) error {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, c.Same)
	if err != nil {
		return err
	}
	set.keepOut()
	people := set.choose(c.People)
	var results []poorResult
	for _, name := range c.Packs {
		r, err := c.measure(ctx, paths, name, set, people)
		if err != nil {
			return fmt.Errorf("pack %q: %w", name, err)
		}
		results = append(results, r)
	}
	return save(c.Out, c.Name, poorParams{filepath.Base(c.Photos), len(people), poorFPIR}, results)
}

// chosen are two photos of a person, or one twice: one to spoil, and one to
// enrol as it is.
type chosen struct{ spoiled, good int }

// choose takes different people, in turn one with several photos and one with
// one, as long as there are both.
func (s *photoSet) choose(n int) []chosen {
	var several, single []chosen
	for p, of := range s.of {
		switch {
		case s.identity[p] != p:
		case len(of) > 1:
			several = append(several, chosen{of[1], of[0]})
		default:
			single = append(single, chosen{of[0], of[0]})
		}
	}
	var people []chosen
	for len(people) < n && len(several)+len(single) > 0 {
		if len(single) == 0 || len(several) > 0 && len(people)%2 == 0 {
			people, several = append(people, several[0]), several[1:]
		} else {
			people, single = append(people, single[0]), single[1:]
		}
	}
	return people
}

func (c *poorCommand) measure(ctx context.Context, paths setup.Paths, name string, set *photoSet, people []chosen) (r poorResult, err error) {
	p, err := pack.Open(name, paths.Models)
	if err != nil {
		return r, err
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: c.Workers, Queue: 2 * len(people)},
	}, p)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	r.Pack = p.Name + "@" + p.Version
	asItIs := func(c *spoil.Canvas, _ *rand.Rand) (*spoil.Canvas, error) { return c, nil }
	good, err := c.embed(ctx, e.Embedder, p.Name, set, people, func(p chosen) int { return p.good }, asItIs)
	if err != nil {
		return r, err
	}
	for _, way := range append([]spoil.Way{{Name: "as it is", Spoil: asItIs}}, spoil.Ways()...) {
		if len(c.Ways) > 0 && !slices.Contains(c.Ways, way.Name) {
			continue
		}
		poor, err := c.embed(ctx, e.Embedder, p.Name, set, people, func(p chosen) int { return p.spoiled }, way.Spoil)
		if err != nil {
			return r, err
		}
		cell := poorCellOf(&p.Manifest, people, good, poor)
		cell.Way = way.Name
		r.Cells = append(r.Cells, cell)
		fmt.Printf("%s, %s: %+v\n", r.Pack, way.Name, cell)
	}
	return r, nil
}

// embed makes templates of a spoiled photo of each person; nil where it cannot
// be compared.
func (c *poorCommand) embed(ctx context.Context, e *embed.Embedder, pack string, set *photoSet, people []chosen, which func(chosen) int, spoiling func(*spoil.Canvas, *rand.Rand) (*spoil.Canvas, error)) ([]face.Template, error) {
	templates := make([]face.Template, len(people))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for n, p := range people {
		work.Go(func() error {
			data, err := os.ReadFile(set.photos[which(p)].path)
			if err != nil {
				return err
			}
			crop, err := alignedCrop(ctx, data)
			if err != nil {
				return err
			}
			spoiled, err := spoiling(spoil.Of(crop, alignedSide), rand.New(rand.NewPCG(splitSeed, uint64(n))))
			if err != nil {
				return err
			}
			f, err := e.EmbedAligned(ctx, pack, spoiled.Bytes())
			if err == nil && f.Comparable() {
				templates[n] = f.Template
			}
			return err
		})
	}
	return templates, work.Wait()
}

func poorCellOf(p *pack.Manifest, people []chosen, good, poor []face.Template) poorCell {
	table := &p.Calibration
	cell := poorCell{}
	alike, among, mates := make([][]float64, len(poor)), make([][]float64, len(poor)), []float64{}
	for i, t := range poor {
		if t == nil {
			cell.Refused += 1 / float64(len(poor))
		}
		if people[i].good != people[i].spoiled {
			mates = append(mates, likeness(p, t, good[i]))
		}
		for j := range poor {
			if i != j {
				alike[i] = append(alike[i], likeness(p, t, poor[j]))
				among[i] = append(among[i], likeness(p, t, good[j]))
			}
		}
	}
	cell.Alike, cell.Good = expected(table, alike), expected(table, among)
	both := make([][]float64, len(poor))
	for i := range both {
		both[i] = append(append(both[i], alike[i]...), among[i]...)
	}
	cell.Mixed = expected(table, both)
	pairs := float64(len(poor) * (len(poor) - 1))
	for _, rate := range uqudo.Levels() {
		if rate*pairs/2 < 30 {
			break
		}
		n := 0
		for _, of := range alike {
			for _, v := range of {
				if v >= table.Threshold(rate) {
					n++
				}
			}
		}
		cell.Levels = append(cell.Levels, float64(n)/pairs/rate)
	}
	found := 0
	for _, v := range mates {
		if v >= table.Identification(poorFPIR, poorGallery) {
			found++
		}
	}
	cell.Found = proportion(found, len(mates))
	return cell
}

// likeness is how alike two templates are; the least there is where one cannot
// be compared.
func likeness(p *pack.Manifest, a, b face.Template) float64 {
	if a == nil || b == nil {
		return -1
	}
	c, err := p.Probe(a).Cosine(b)
	if err != nil {
		return -1
	}
	return c
}

// expected is the mean over probes of the probability that a gallery drawn of
// their strangers has one above its threshold.
func expected(table *calibration.Table, likeness [][]float64) fpirAt {
	at := func(gallery int) float64 {
		threshold, sum := table.Identification(poorFPIR, gallery), 0.0
		for _, of := range likeness {
			sum += -math.Expm1(float64(gallery) * math.Log1p(-min(reach(of, threshold), 1-1e-12)))
		}
		return sum / float64(len(likeness))
	}
	return fpirAt{Of100: at(100), Of1000: at(1000)}
}
