package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"net/http"
	"os"
	"time"

	"golang.org/x/image/draw"

	"oneton/document/documenttest"
	"oneton/document/mrz"
	"oneton/pool"
	"oneton/server/twoface/clienttest"
)

type signupCommand struct {
	Signups int    `help:"Signups timed one after the other." default:"20"`
	Face    string `help:"Photo of the person, of the demo photos." default:"obama3.jpg"`
	Card    string `help:"Photo on the person's documents, of the demo photos." default:"obama.jpg"`
	Out     string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// signupResult is what signups take, beside what their parts take alone, in turn in the
// same run: medians, in milliseconds.
type signupResult struct {
	Cedula   signupOf `json:"cedula"`
	Passport signupOf `json:"passport"`
}

// signupOf are signups with one kind of document.
type signupOf struct {
	Signup  signupTime `json:"signup"`
	Fastest float64    `json:"fastest_signup_ms"`
	// Text is finding and reading the document's text alone, and Faces the templates of
	// both photos alone, made at once.
	Text  signupTime `json:"text_alone"`
	Faces signupTime `json:"faces_alone"`
	// Stages are how long each took within a signup, from its begin to its end: those
	// of the document's text and its faces are at once.
	Stages map[string]float64 `json:"stages_median_ms"`
	// ShareOfText is what text alone takes of a signup, of its time where it is the
	// longest of what is done at once, and of the processors'.
	ShareOfText    float64 `json:"text_share_of_time"`
	ShareOfTextCPU float64 `json:"text_share_of_cpu"`
	ToFaces        float64 `json:"signup_to_faces_alone"`
	ToFacesCPU     float64 `json:"signup_cpu_to_faces_alone_cpu"`
}

// signupTime is the clock's time and the processors'.
type signupTime struct {
	Wall float64 `json:"median_ms"`
	CPU  float64 `json:"cpu_ms"`
}

// signupDocument is a document's photo, and what the client says that it is.
type signupDocument struct {
	photo []byte
	says  map[string]string
}

// Run signs people up over HTTP, with a session of their own each: with a card and with a
// passport in turn.
func (c *signupCommand) Run(ctx context.Context) (err error) {
	face, cedula, passport, err := c.photos()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	lab, err := openSignupLab(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.close()) }()
	// What is timed alone is the tenant's, too: a seat is kept for a tenant that has just
	// worked, and another's would leave one processor to the next signup.
	ctx = pool.WithTenant(ctx, signupTenant)

	var rounds [2]signupRounds
	for i := range c.Signups + 2 {
		if i == 2 {
			clear(rounds[:]) // the first two warm up
		}
		for k, d := range []signupDocument{cedula, passport} {
			if err := rounds[k].add(ctx, lab, face, d); err != nil {
				return err
			}
		}
	}
	return save(c.Out, "signup", c, signupResult{rounds[0].result(), rounds[1].result()})
}

// signupRounds are the times of each round.
type signupRounds struct {
	signups, texts, faces timings
	stages                map[string][]float64
}

func (r *signupRounds) add(ctx context.Context, lab *signupLab, face []byte, d signupDocument) error {
	lab.clock.reset()
	before := lab.clock.begin()
	if err := lab.signup(face, d); err != nil {
		return err
	}
	signup := before.end()
	spans := lab.clock.reset()
	text, err := lab.clock.time(func() error { return lab.text(ctx, d.photo) })
	if err != nil {
		return err
	}
	both, err := lab.clock.time(func() error { return lab.faces(ctx, face, d.photo) })
	if err != nil {
		return err
	}
	r.signups, r.texts, r.faces = append(r.signups, signup), append(r.texts, text), append(r.faces, both)
	spans["kyc_and_waiting"] = signup.Wall - spans["http_session"] - spans["http_start"] - spans["document"] - spans["face"]
	if r.stages == nil {
		r.stages = map[string][]float64{}
	}
	for name, ms := range spans {
		r.stages[name] = append(r.stages[name], ms)
	}
	return nil
}

func (r *signupRounds) result() signupOf {
	res := signupOf{
		Signup: r.signups.medians(), Text: r.texts.medians(), Faces: r.faces.medians(), Stages: map[string]float64{}, Fastest: math.Inf(1),
	}
	for _, s := range r.signups {
		res.Fastest = min(res.Fastest, s.Wall)
	}
	for name, ms := range r.stages {
		res.Stages[name] = median(ms)
	}
	res.ShareOfText, res.ShareOfTextCPU = res.Text.Wall/res.Signup.Wall, res.Text.CPU/res.Signup.CPU
	res.ToFaces, res.ToFacesCPU = res.Signup.Wall/res.Faces.Wall, res.Signup.CPU/res.Faces.CPU
	return res
}

// photos are the person's and their documents', of two megapixels each.
func (c *signupCommand) photos() (face []byte, cedula, passport signupDocument, err error) {
	var portraits [2]image.Image
	for i, name := range []string{c.Face, c.Card} {
		content, err := demoPhoto(name)
		if err != nil {
			return nil, cedula, passport, err
		}
		if portraits[i], _, err = image.Decode(bytes.NewReader(content)); err != nil {
			return nil, cedula, passport, fmt.Errorf("decode %s: %w", name, err)
		}
	}
	b := portraits[0].Bounds()
	scale := math.Sqrt(2e6 / float64(b.Dx()*b.Dy()))
	small := image.NewRGBA(image.Rect(0, 0, int(scale*float64(b.Dx())), int(scale*float64(b.Dy()))))
	draw.CatmullRom.Scale(small, small.Rect, portraits[0], b, draw.Src, nil)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, small, &jpeg.Options{Quality: 90}); err != nil {
		return nil, cedula, passport, err
	}
	font, err := documenttest.OCRB()
	if err != nil {
		return nil, cedula, passport, err
	}
	scene := documenttest.Scene{Degrees: 6, Perspective: 0.2, Direction: 40, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 85, Seed: 3}
	const lineHeight = 41 // two megapixels
	page := documenttest.Travel(mrz.Document{
		Format: mrz.TD3, Type: "P", Issuer: "DOM", Nationality: "DOM", Name: mrz.Name{Surname: "PEREZ ALMONTE", Given: "JOSE MIGUEL"},
		Number: "RD1234567", Birth: mrz.Date{Year: 1984, Month: 4, Day: 16}, Expiry: mrz.Date{Year: 2034, Month: 5, Day: 24}, Sex: "M",
	}, font, portraits[1], 3)
	passport = signupDocument{page.Shoot(lineHeight, scene).JPEG, map[string]string{"documentType": "PASSPORT", "documentSide": "FRONT"}}

	scene.Width, scene.Height = 1632, 1224
	card := documenttest.CedulaFront(documenttest.Person{
		Number: documenttest.CheckedNumber("0011234567"), Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL", Birthplace: "SANTO DOMINGO, R.D.",
		Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
	}, portraits[1], 3)
	cedula = signupDocument{documenttest.Shoot(card, scene).JPEG, map[string]string{"documentType": "CEDULA", "documentSide": "FRONT"}}
	return file.Bytes(), cedula, passport, nil
}

// signup is a client's, from its session to the job's end.
func (l *signupLab) signup(face []byte, d signupDocument) (err error) {
	app := l.client
	err = l.clock.span("http_session", func() (err error) {
		app.Session, err = l.client.OpenSession("SIGNUP")
		return err
	})
	if err != nil {
		return err
	}
	var id string
	err = l.clock.span("http_start", func() (err error) {
		id, err = app.StartJob("signup", d.says,
			map[string]clienttest.File{"face": {Name: "face.jpg", Content: face}, "document": {Name: "document.jpg", Content: d.photo}})
		return err
	})
	if err != nil {
		return err
	}
	for ; ; time.Sleep(5 * time.Millisecond) {
		j, err := l.client.Job(id)
		switch {
		case err != nil:
			return err
		case j.Status == clienttest.Succeeded:
			return nil
		case j.Status > clienttest.Succeeded:
			return fmt.Errorf("%w: %d: %s", errNoSignup, j.Status, j.Output)
		}
	}
}

// errNoSignup means that somebody was refused, so that its time says nothing.
var errNoSignup = errors.New("bench: a signup that did not pass")

// newSignupClient is one that knows the API's public documents alone.
func newSignupClient(base, key string) clienttest.Client {
	return clienttest.Client{Base: base, Key: key, HTTP: http.DefaultClient}
}
