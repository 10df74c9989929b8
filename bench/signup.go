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
	"oneton/server/twoface/clienttest"
)

type signupCommand struct {
	Signups int    `help:"Signups timed one after the other." default:"20"`
	Face    string `help:"Photo of the person, of the demo photos." default:"obama3.jpg"`
	Card    string `help:"Photo on the person's card, of the demo photos." default:"obama.jpg"`
	Out     string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// signupResult is what one signup takes, beside what its parts take alone, in turn in
// the same run: medians, in milliseconds.
type signupResult struct {
	Signup  signupTime `json:"signup"`
	Fastest float64    `json:"fastest_signup_ms"`
	// Text is finding and reading the card's text alone, and Faces the templates of both
	// photos alone, made at once.
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

// Run signs people up over HTTP, with a session of their own each.
func (c *signupCommand) Run(ctx context.Context) (err error) {
	face, card, err := c.photos()
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

	var signups, texts, faces timings
	stages := map[string][]float64{}
	for i := range c.Signups + 2 {
		lab.clock.reset()
		before := lab.clock.begin()
		if err := lab.signup(face, card); err != nil {
			return err
		}
		signup := before.end()
		spans := lab.clock.reset()
		text, err := lab.clock.time(func() error { return lab.text(ctx, card) })
		if err != nil {
			return err
		}
		both, err := lab.clock.time(func() error { return lab.faces(ctx, face, card) })
		if err != nil {
			return err
		}
		if i < 2 {
			continue // warming up
		}
		signups, texts, faces = append(signups, signup), append(texts, text), append(faces, both)
		spans["kyc_and_waiting"] = signup.Wall - spans["http_session"] - spans["http_start"] - spans["document"] - spans["face"]
		for name, ms := range spans {
			stages[name] = append(stages[name], ms)
		}
	}
	res := signupResult{Signup: signups.medians(), Text: texts.medians(), Faces: faces.medians(), Stages: map[string]float64{}, Fastest: math.Inf(1)}
	for _, s := range signups {
		res.Fastest = min(res.Fastest, s.Wall)
	}
	for name, ms := range stages {
		res.Stages[name] = median(ms)
	}
	res.ShareOfText, res.ShareOfTextCPU = res.Text.Wall/res.Signup.Wall, res.Text.CPU/res.Signup.CPU
	res.ToFaces, res.ToFacesCPU = res.Signup.Wall/res.Faces.Wall, res.Signup.CPU/res.Faces.CPU
	return save(c.Out, "signup", c, res)
}

// photos are the person's and their card's, of two megapixels each.
func (c *signupCommand) photos() (face, card []byte, err error) {
	var portraits [2]image.Image
	for i, name := range []string{c.Face, c.Card} {
		content, err := demoPhoto(name)
		if err != nil {
			return nil, nil, err
		}
		if portraits[i], _, err = image.Decode(bytes.NewReader(content)); err != nil {
			return nil, nil, fmt.Errorf("decode %s: %w", name, err)
		}
	}
	b := portraits[0].Bounds()
	scale := math.Sqrt(2e6 / float64(b.Dx()*b.Dy()))
	small := image.NewRGBA(image.Rect(0, 0, int(scale*float64(b.Dx())), int(scale*float64(b.Dy()))))
	draw.CatmullRom.Scale(small, small.Rect, portraits[0], b, draw.Src, nil)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, small, &jpeg.Options{Quality: 90}); err != nil {
		return nil, nil, err
	}
	page := documenttest.CedulaFront(documenttest.Person{
		Number: documenttest.CheckedNumber("0011234567"), Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL", Birthplace: "SANTO DOMINGO, R.D.",
		Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
	}, portraits[1], 3)
	shot := documenttest.Shoot(page, documenttest.Scene{
		Width: 1632, Height: 1224, Degrees: 6, Perspective: 0.2, Direction: 40, Blur: 1, Noise: 4, Shadow: 0.3, Quality: 85, Seed: 3,
	})
	return file.Bytes(), shot.JPEG, nil
}

// signup is a client's, from its session to the job's end.
func (l *signupLab) signup(face, card []byte) (err error) {
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
		id, err = app.StartJob("signup", map[string]string{"documentType": "CEDULA", "documentSide": "FRONT"},
			map[string]clienttest.File{"face": {Name: "face.jpg", Content: face}, "document": {Name: "card.jpg", Content: card}})
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
