package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // the demo's photos
	_ "image/png"  // the demo's photos
	"os"
	"path/filepath"
	"time"

	"oneton/calibration"
	"oneton/clip"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/gesture"
	"oneton/gesture/gesturetest"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

type clipsCommand struct {
	People  int     `help:"Faces of the demo's photos that are filmed as stills; 0 is all." default:"0"`
	Seconds float64 `help:"Length of a film of a still." default:"1.4"`
	Out     string  `help:"Folder of the results." default:"bench/results" json:"-"`
}

// clipsParams say what the clips are.
type clipsParams struct {
	People    int     `json:"people"`
	Seconds   float64 `json:"seconds"`
	Rate      int     `json:"pictures_a_second"`
	Simulated string  `json:"simulated"`
	Real      string  `json:"real"`
}

// clipsResult is what was said of the clips of one kind. Refused are those of which
// nothing was said, by the reason.
type clipsResult struct {
	Kind    string                 `json:"kind"`
	Clips   int                    `json:"clips"`
	Blinks  calibration.Proportion `json:"blinks"`
	Smiles  calibration.Proportion `json:"smiles"`
	Refused map[string]int         `json:"refused,omitempty"`
}

// piece is a part of a clip of a real person, with what people see in it; nil where
// they may disagree.
type piece struct {
	file          string
	from, to      float64
	blink, smiles *bool
}

var (
	yes, no = new(true), new(false)
	pieces  = []piece{
		{"franck.mp4", 5.5, 8.5, yes, nil},
		{"franck.mp4", 8.7, 12, no, no}, // eyes closed for two seconds
		{"franck.mp4", 12, 16.5, no, no},
		{"franck.mp4", 16, 21, no, yes},
		{"franck.mp4", 23, 26, yes, no},
		{"franck.mp4", 2, 6.5, no, yes},
		{"cap13_edit2.mp4", 1, 4.5, yes, no},
		{"cap13_edit2.mp4", 5, 9, no, no},
		{"cap13_edit2.mp4", 15, 20, yes, no},
		{"carphone.mp4", 0, 4, yes, no},
		{"wolfgang_langer.mp4", 8, 14, nil, yes},
		{"single_face.mp4", 0, 2.4, nil, yes},
		{"face_noface.mov", 0, 6.4, nil, yes},
	}
)

// pieceResult is what was said of one piece beside what people see.
type pieceResult struct {
	Clip        string  `json:"clip"`
	From        float64 `json:"from"`
	To          float64 `json:"to"`
	Blink       *bool   `json:"people_see_blink"`
	Smile       *bool   `json:"people_see_smile"`
	SaidBlink   bool    `json:"blink"`
	SaidSmile   bool    `json:"smile"`
	Refused     string  `json:"refused,omitempty"`
	wrongBlink  bool
	wrongSmiles bool
}

// clipsResults are all of them.
type clipsResults struct {
	Stills []clipsResult `json:"stills"`
	Real   []pieceResult `json:"real"`
	Wrong  struct {
		Blinks int `json:"blinks"`
		Smiles int `json:"smiles"`
	} `json:"wrong_of_real"`
}

// Run films the demo's photos as whoever holds them before a camera would, cuts
// pieces out of clips of real people, and judges both.
func (c *clipsCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos, setup.GroupPhotos, setup.Gestures, setup.Clips)
	if err != nil {
		return err
	}
	lab, err := openClipsLab(paths)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.close()) }()
	people, err := lab.people(ctx, paths.Photos)
	if err != nil {
		return err
	}
	if c.People > 0 {
		people = people[:min(c.People, len(people))]
	}
	params := clipsParams{
		People: len(people), Seconds: c.Seconds, Rate: gesturetest.Rate,
		Simulated: "The films of stills are made by a program: nothing was printed, shown on a screen or recorded.",
		Real:      "Pieces of clips of real people; what people see in them was said by looking at their pictures, not blindly: see docs/gestures.md.",
	}
	var results clipsResults
	for _, p := range pieces {
		r, err := lab.piece(ctx, paths.Clips, p)
		if err != nil {
			return err
		}
		fmt.Printf("%+v\n", r)
		results.Real = append(results.Real, r)
		if r.wrongBlink {
			results.Wrong.Blinks++
		}
		if r.wrongSmiles {
			results.Wrong.Smiles++
		}
	}
	for _, a := range gesturetest.Attacks() {
		r, err := lab.attack(ctx, a, people, c.Seconds)
		if err != nil {
			return err
		}
		fmt.Printf("%+v\n", r)
		results.Stills = append(results.Stills, r)
		if _, err := write(c.Out, "clips", params, results); err != nil {
			return err
		}
	}
	return save(c.Out, "clips", params, results)
}

// clipsLab is what judges clips.
type clipsLab struct {
	rt      *onnx.Runtime
	workers *pool.Pool
	faces   *embed.Embedder
	judge   *gesture.Judge
}

func openClipsLab(paths setup.Paths) (_ *clipsLab, err error) {
	l := &clipsLab{workers: pool.New(pool.DefaultConfig())}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.rt, err = onnx.Open(onnx.Config{Library: paths.Library}); err != nil {
		return nil, err
	}
	p, err := pack.Open("default", paths.Models)
	if err != nil {
		return nil, err
	}
	if l.faces, err = embed.New(embed.DefaultConfig(), l.rt, l.workers, p); err != nil {
		return nil, err
	}
	config := clip.DefaultConfig()
	config.Time = 10 * time.Minute // what is said is measured here, and not how soon
	reader, err := clip.New(config)
	if err != nil {
		return nil, err
	}
	l.judge, err = gesture.New(gesture.Config{Models: paths.Models}, l.rt, l.workers, l.faces, reader)
	return l, err
}

func (l *clipsLab) close() error {
	l.workers.Close()
	var err error
	if l.judge != nil {
		err = l.judge.Close()
	}
	if l.faces != nil {
		err = errors.Join(err, l.faces.Close())
	}
	if l.rt != nil {
		err = errors.Join(err, l.rt.Close())
	}
	return err
}

// people are the faces of the demo's photos that are large enough to be filmed.
func (l *clipsLab) people(ctx context.Context, folder string) ([]gesturetest.Still, error) {
	const smallest = 60
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var all []gesturetest.Still
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return nil, err
		}
		img, _, err := image.Decode(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", f.Name(), err)
		}
		found, err := l.faces.Embed(ctx, "default", content)
		if err != nil {
			return nil, fmt.Errorf("find faces in %s: %w", f.Name(), err)
		}
		for _, one := range found.Faces {
			if one.Box.Width >= smallest && found.Rotation == 0 {
				all = append(all, gesturetest.Still{Photo: img, Face: one.Box})
			}
		}
	}
	return all, nil
}

// attack judges films of each person's stills. Who has one photo is shown mirrored
// as another.
func (l *clipsLab) attack(ctx context.Context, a gesturetest.Attack, people []gesturetest.Still, seconds float64) (clipsResult, error) {
	r := clipsResult{Kind: a.Name, Refused: map[string]int{}}
	blinks, smiles := 0, 0
	for i, p := range people {
		other := people[(i+1)%len(people)]
		if a.Needs == 2 {
			other = mirrored(p)
		}
		v, err := l.judge.Judge(ctx, a.Film(seconds, p, other))
		reason, err := refusal(err)
		if err != nil {
			return r, err
		}
		if reason != "" {
			r.Refused[reason]++
		}
		r.Clips++
		if v.Blinks {
			blinks++
		}
		if v.Smiles {
			smiles++
		}
	}
	n := float64(r.Clips)
	r.Blinks = calibration.NewProportion(float64(blinks)/n, n)
	r.Smiles = calibration.NewProportion(float64(smiles)/n, n)
	return r, nil
}

// mirrored is the still from the other side.
func mirrored(s gesturetest.Still) gesturetest.Still {
	b := s.Photo.Bounds()
	m := image.NewRGBA(b)
	draw.Draw(m, b, s.Photo, b.Min, draw.Src)
	for y := range b.Dy() {
		row := m.Pix[y*m.Stride : y*m.Stride+4*b.Dx()]
		for i, j := 0, b.Dx()-1; i < j; i, j = i+1, j-1 {
			for k := range 4 {
				row[4*i+k], row[4*j+k] = row[4*j+k], row[4*i+k]
			}
		}
	}
	box := s.Face
	box.X = float32(b.Min.X+b.Max.X) - box.X - box.Width
	return gesturetest.Still{Photo: m, Face: face.Box{X: box.X, Y: box.Y, Width: box.Width, Height: box.Height}}
}

// refusal is why nothing was said of a clip; other errors end the run.
func refusal(err error) (string, error) {
	for _, known := range []error{gesture.ErrNoFace, gesture.ErrSeveral, gesture.ErrSwitched, gesture.ErrShort} {
		if errors.Is(err, known) {
			return known.Error(), nil
		}
	}
	return "", err
}

// piece cuts a piece out of a clip and judges it.
func (l *clipsLab) piece(ctx context.Context, folder string, p piece) (pieceResult, error) {
	r := pieceResult{Clip: p.file, From: p.from, To: p.to, Blink: p.blink, Smile: p.smiles}
	data, err := gesturetest.Piece(ctx, filepath.Join(folder, p.file), p.from, p.to-p.from)
	if err != nil {
		return r, err
	}
	v, err := l.judge.Judge(ctx, data)
	if r.Refused, err = refusal(err); err != nil {
		return r, err
	}
	r.SaidBlink, r.SaidSmile = v.Blinks, v.Smiles
	r.wrongBlink = p.blink != nil && *p.blink != v.Blinks
	r.wrongSmiles = p.smiles != nil && *p.smiles != v.Smiles
	return r, nil
}
