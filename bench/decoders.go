package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"oneton/picture"
	"oneton/setup"
)

type decodersCommand struct {
	Python string `help:"Python with pillow and opencv-python-headless." default:"python3" json:"-"`
	Files  int    `help:"Files made." default:"10000"`
	Side   int    `help:"Longest side of a file's picture, in pixels." default:"160"`
	Seed   int    `help:"Seed of what is made." default:"1"`
	Keep   string `help:"Folder for some files of each class in which decoders differ." json:"-"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

type decodersResult struct {
	Versions map[string]string `json:"versions"`
	// Families count files by their format, Mean is the mean difference of the
	// samples of those that Pillow and we show alike, of 255.
	Families []decodersFamily `json:"families"`
	Mean     float64          `json:"mean_difference_to_pillow"`
	// Classes are the ways in which decoders differ, the most frequent first.
	Classes []decodersClass `json:"classes"`
}

// decodersFamily counts files of a format, whole or damaged: all, those that
// each decoder takes, those that both others take and we do not, and those that
// we show another way up or different from what both others agree on.
type decodersFamily struct {
	Family    string `json:"family"`
	Damaged   bool   `json:"damaged"`
	Files     int    `json:"files"`
	Ours      int    `json:"ours"`
	Pillow    int    `json:"pillow"`
	OpenCV    int    `json:"opencv"`
	Missed    int    `json:"missed"`
	Turned    int    `json:"turned"`
	Different int    `json:"different"`
}

// decodersClass are files that the decoders see in the same different ways.
type decodersClass struct {
	Family string `json:"family"`
	Damage string `json:"damage"`
	// EXIF is how the orientation is written, where decoders differ about it.
	EXIF string `json:"exif,omitempty"`
	// Ours, Pillow and OpenCV are what each makes of the files.
	Ours   string `json:"ours"`
	Pillow string `json:"pillow"`
	OpenCV string `json:"opencv"`
	// Pixels says how ours differ from the others'.
	Pixels string `json:"pixels,omitempty"`
	Files  int    `json:"files"`
	// Kinds are those of the files, Example is the number of one.
	Kinds   []string `json:"kinds"`
	Example int      `json:"example"`
}

// decodersFile is a file and what two other decoders see in it.
type decodersFile struct {
	Versions map[string]string `json:"versions"`
	Number   int               `json:"number"`
	Kind     string            `json:"kind"`
	EXIF     string            `json:"exif"`
	Damage   string            `json:"damage"`
	Bytes    int               `json:"bytes"`
	Pillow   decodersView      `json:"pillow"`
	OpenCV   decodersView      `json:"opencv"`

	data []byte
}

// decodersView is what a decoder shows: rows of red, green and blue.
type decodersView struct {
	Error  string `json:"error"`
	Width  int    `json:"width"`
	Height int    `json:"height"`

	pixels []byte
}

// decodersTolerance is the mean difference of samples, of 255, up to which two
// pictures are alike: decoders smooth halved colours in several ways.
const decodersTolerance = 3

// Run compares what this decoder and two others make of the same files.
func (c *decodersCommand) Run(ctx context.Context) error {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	if err != nil {
		return err
	}
	args := []string{"bench/peers/decoders.py", fmt.Sprint(c.Seed), fmt.Sprint(c.Files), fmt.Sprint(c.Side)}
	for _, name := range append([]string{"astronaut.png"}, portraits...) {
		args = append(args, filepath.Join(paths.Photos, name))
	}
	peer := exec.CommandContext(ctx, c.Python, args...)
	var complaints strings.Builder
	peer.Stderr = &complaints // of the libraries, about every damaged file
	out, err := peer.StdoutPipe()
	if err != nil {
		return err
	}
	if err := peer.Start(); err != nil {
		return fmt.Errorf("start the other decoders: %w", err)
	}
	res, err := c.compare(ctx, bufio.NewReader(out))
	if err != nil {
		_ = peer.Process.Kill() // its files are of no more use
		return errors.Join(err, peer.Wait())
	}
	if err := peer.Wait(); err != nil {
		said := complaints.String()
		return fmt.Errorf("run the other decoders: %w: %s", err, said[max(0, len(said)-2000):])
	}
	return save(c.Out, "decoders", c, res)
}

func (c *decodersCommand) compare(ctx context.Context, r *bufio.Reader) (res decodersResult, err error) {
	families, classes := map[string]*decodersFamily{}, map[string]*decodersClass{}
	var sum float64
	alike := 0
	for {
		f, err := readDecoders(r)
		if err != nil {
			return res, fmt.Errorf("read a file: %w", err)
		}
		if f.Versions != nil {
			res.Versions = f.Versions
			break
		}
		class, difference := f.classify(ctx)
		family := entry(families, fmt.Sprint(class.Family, f.Damage != whole))
		family.Family, family.Damaged = class.Family, f.Damage != whole
		family.count(class)
		if class.Ours == taken && class.Pillow == taken && class.Pixels == "" {
			sum += difference
			alike++
		}
		if class.Pixels == "" && class.Ours == class.Pillow && class.Ours == class.OpenCV {
			continue
		}
		known := entry(classes, class.key())
		class.Files, class.Kinds, class.Example = known.Files+1, known.Kinds, known.Example
		if known.Files == 0 {
			class.Example = f.Number
		}
		if !slices.Contains(class.Kinds, f.Kind) {
			class.Kinds = append(class.Kinds, f.Kind)
		}
		*known = class
		if err := c.keep(f, class); err != nil {
			return res, err
		}
	}
	for _, class := range classes {
		slices.Sort(class.Kinds)
		res.Classes = append(res.Classes, *class)
	}
	slices.SortFunc(res.Classes, func(a, b decodersClass) int {
		return cmp.Or(b.Files-a.Files, cmp.Compare(a.Example, b.Example))
	})
	for _, key := range slices.Sorted(maps.Keys(families)) {
		res.Families = append(res.Families, *families[key])
	}
	res.Mean = sum / float64(max(1, alike))
	return res, nil
}

// entry is the value of a key, made when there is none.
func entry[V any](m map[string]*V, key string) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}

func (f *decodersFamily) count(c decodersClass) {
	add := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	f.Files++
	add(&f.Ours, c.Ours == taken)
	add(&f.Pillow, c.Pillow == taken)
	add(&f.OpenCV, c.OpenCV == taken)
	both := c.Pillow == taken && c.OpenCV == taken
	add(&f.Missed, both && c.Ours != taken)
	disagree := both && strings.HasPrefix(c.Pixels, bothOthers)
	add(&f.Turned, disagree && strings.HasSuffix(c.Pixels, turned))
	add(&f.Different, disagree && !strings.HasSuffix(c.Pixels, turned))
}

// readDecoders reads a line and what it announces.
func readDecoders(r *bufio.Reader) (f decodersFile, err error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(line, &f); err != nil {
		return f, err
	}
	f.data = make([]byte, f.Bytes)
	f.Pillow.pixels = make([]byte, 3*f.Pillow.Width*f.Pillow.Height)
	f.OpenCV.pixels = make([]byte, 3*f.OpenCV.Width*f.OpenCV.Height)
	for _, part := range [][]byte{f.data, f.Pillow.pixels, f.OpenCV.pixels} {
		if _, err := io.ReadFull(r, part); err != nil {
			return f, err
		}
	}
	return f, nil
}

const (
	// taken is what is said of a decoder that shows a file.
	taken = "taken"
	// whole is the damage of a file that has none.
	whole = "none"
	// turned and bothOthers are in what is said of pixels.
	turned     = "turned"
	bothOthers = "Pillow's and OpenCV's "
)

// classify says what the decoders make of a file, and by how much ours and
// Pillow's samples differ.
func (f *decodersFile) classify(ctx context.Context) (decodersClass, float64) {
	limits := picture.DefaultLimits()
	limits.Pixels, limits.MinSide = 1<<22, 1
	family, _, _ := strings.Cut(strings.ReplaceAll(f.Kind, ",", " "), " ")
	class := decodersClass{Family: family, Damage: f.Damage, Pillow: f.Pillow.seen(), OpenCV: f.OpenCV.seen()}
	p, err := picture.Decode(ctx, f.data, limits)
	if err != nil {
		class.Ours, _, _ = strings.Cut(strings.TrimPrefix(err.Error(), "picture: "), ":")
		return class, 0
	}
	class.Ours = taken
	ours := picture.NewRaster(p.Width, p.Height)
	p.Resize(ours, image.Rect(0, 0, p.Width, p.Height))
	toPillow, difference := f.Pillow.against(ours)
	toOpenCV, _ := f.OpenCV.against(ours)
	if strings.Contains(f.Kind, "alpha") || strings.Contains(f.Kind, "A") || strings.Contains(f.Kind, "tRNS") {
		toOpenCV = "" // which leaves transparency out
	}
	switch {
	case toPillow != "" && toOpenCV != "":
		class.Pixels = bothOthers + toPillow
	case toPillow != "":
		class.Pixels = "Pillow's " + toPillow
	case toOpenCV != "":
		class.Pixels = "OpenCV's " + toOpenCV
	}
	if strings.HasSuffix(class.Pixels, turned) {
		class.EXIF = f.EXIF
	}
	return class, difference
}

func (v decodersView) seen() string {
	if v.Error != "" {
		return "refused"
	}
	return taken
}

// against says how the view differs from ours, if it does.
func (v decodersView) against(ours *picture.Raster) (how string, mean float64) {
	if v.Error != "" {
		return "", 0
	}
	type turn func(x, y int) (int, int)
	w, h := v.Width, v.Height
	// Where a position of ours is in the view, by EXIF's numbers.
	turns := [8]turn{
		func(x, y int) (int, int) { return x, y },
		func(x, y int) (int, int) { return w - 1 - x, y },
		func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		func(x, y int) (int, int) { return x, h - 1 - y },
		func(x, y int) (int, int) { return y, x },
		func(x, y int) (int, int) { return y, h - 1 - x },
		func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		func(x, y int) (int, int) { return w - 1 - y, x },
	}
	best, least := -1, math.Inf(1)
	for i, t := range turns {
		if across := i >= 4; across && (ours.Width != h || ours.Height != w) || !across && (ours.Width != w || ours.Height != h) {
			continue
		}
		var sum float64
		for y := range ours.Height {
			for x := range ours.Width {
				u, v0 := t(x, y)
				at, there := y*ours.Width+x, 3*(v0*w+u)
				for j, plane := range [3][]float32{ours.R, ours.G, ours.B} {
					sum += math.Abs(float64(plane[at]) - float64(v.pixels[there+j]))
				}
			}
		}
		mean := sum / float64(3*w*h)
		if i == 0 && mean <= decodersTolerance {
			return "", mean
		}
		if mean < least {
			best, least = i, mean
		}
	}
	switch {
	case best < 0:
		return "of another size", 0
	case best > 0 && least <= decodersTolerance:
		return turned, least
	case least > 20:
		return "different by more than 20", least
	}
	return "different", least
}

// keep keeps a few files of a class.
func (c *decodersCommand) keep(f decodersFile, class decodersClass) error {
	const few = 4
	if c.Keep == "" || class.Files > few {
		return nil
	}
	name := strings.Map(func(r rune) rune {
		if r == ' ' || r == '/' || r == ',' || r == '\'' {
			return '-'
		}
		return r
	}, fmt.Sprintf("%s_%s_%s-%s-%s_%s_%d", class.Family, class.Damage, class.Ours, class.Pillow, class.OpenCV, class.Pixels, f.Number))
	if err := os.MkdirAll(c.Keep, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.Keep, name), f.data, 0o644)
}

func (c decodersClass) key() string {
	return strings.Join([]string{c.Family, c.Damage, c.Ours, c.Pillow, c.OpenCV, c.Pixels, c.EXIF}, "\n")
}
