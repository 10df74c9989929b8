// Package demo shows a running server to a newcomer: through its REST API it
// enrols people from photos, searches photos that were not enrolled, and
// reports each answer in a table and on a contact sheet. It knows who is on
// the photos, and fails when the server answers otherwise.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// ErrWrongAnswer means that a person was not found first, that a stranger was
// not answered with nobody, or that faces were missed or made up.
var ErrWrongAnswer = errors.New("demo: wrong answer")

// Config says where the server and the photos are.
type Config struct {
	// URL is the server's, and Key an API key for it.
	URL, Key string
	// Photos is the folder of the demo photos. Group photos that are not
	// there are left out.
	Photos string
	// Sheet is the PNG file to write; its folder is made.
	Sheet string
	// Out gets the tables.
	Out io.Writer
}

// Run does the whole demo, in a gallery named demo that it makes. It returns
// ErrWrongAnswer only after the table and the sheet, so that one can look.
func Run(ctx context.Context, cfg Config) error {
	api := client{url: cfg.URL, key: cfg.Key}
	if err := api.createGallery(ctx); err != nil {
		return fmt.Errorf("create the gallery: %w", err)
	}
	var people []enrolled
	for _, p := range persons() {
		e, err := enrol(ctx, api, cfg.Photos, p)
		if errors.Is(err, fs.ErrNotExist) && p.face > 0 {
			continue
		}
		if err != nil {
			return fmt.Errorf("enrol %s from %s: %w", p.name, p.file, err)
		}
		people = append(people, e)
	}
	var results []result
	for _, p := range probes() {
		r, err := search(ctx, api, cfg.Photos, p)
		if errors.Is(err, fs.ErrNotExist) && p.group {
			continue
		}
		if err != nil {
			return fmt.Errorf("search %s: %w", p.file, err)
		}
		results = append(results, r)
	}
	printTables(cfg.Out, people, results)
	if err := writeSheet(cfg.Sheet, people, results); err != nil {
		return fmt.Errorf("write the contact sheet: %w", err)
	}
	fmt.Fprintf(cfg.Out, "\ncontact sheet: %s\n", cfg.Sheet)
	var wrong []error
	for _, r := range results {
		wrong = append(wrong, r.wrong())
	}
	return errors.Join(wrong...)
}

// enrolled is a person together with the photo that was sent.
type enrolled struct {
	person
	photo   photo
	box     box
	timings timings
}

func enrol(ctx context.Context, api client, folder string, p person) (enrolled, error) {
	e := enrolled{person: p}
	var err error
	if e.photo, err = load(filepath.Join(folder, p.file)); err != nil {
		return e, err
	}
	if p.face > 0 {
		boxes, err := api.detect(ctx, e.photo.encoded)
		if err != nil {
			return e, err
		}
		if len(boxes) < p.face {
			return e, fmt.Errorf("%w: %d faces where %d or more are", ErrWrongAnswer, len(boxes), p.face)
		}
		if e.photo, err = e.photo.cut(boxes[p.face-1]); err != nil {
			return e, err
		}
	}
	e.box, e.timings, err = api.enrol(ctx, p, e.photo.encoded)
	return e, err
}

// result is what the server says of a probe.
type result struct {
	probe
	photo   photo
	faces   []found
	timings timings
}

func search(ctx context.Context, api client, folder string, p probe) (result, error) {
	r := result{probe: p}
	var err error
	if r.photo, err = load(filepath.Join(folder, p.file)); err != nil {
		return r, err
	}
	if p.edit != nil {
		if r.photo, err = encode(p.edit(r.photo.image)); err != nil {
			return r, err
		}
	}
	r.faces, r.timings, err = api.search(ctx, r.photo.encoded, p.group)
	return r, err
}

// first is the best candidate, or nobody.
func (f found) first() string {
	if len(f.Candidates) == 0 {
		return nobody
	}
	return f.Candidates[0].Subject
}

// wrong is ErrWrongAnswer when the answer is not the truth about the probe.
func (r result) wrong() error {
	if len(r.faces) != len(r.shows) {
		return fmt.Errorf("%w: %d faces are found on %s, which shows %d", ErrWrongAnswer, len(r.faces), r.title(), len(r.shows))
	}
	for i, f := range r.faces {
		if !r.right(i) {
			return fmt.Errorf("%w: face %d on %s is %q, and not %q (%s)", ErrWrongAnswer, i+1, r.title(), r.shows[i], f.first(), f.Match)
		}
	}
	return nil
}

// right tells whether the answer for one face is true.
func (r result) right(i int) bool {
	f := r.faces[i]
	return i < len(r.shows) && f.first() == r.shows[i] && (f.Match == "nobody") == (r.shows[i] == nobody)
}
