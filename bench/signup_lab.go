package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"oneton/config"
	"oneton/document"
	"oneton/document/ocr"
	"oneton/document/reader"
	"oneton/document/zone"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/kyc"
	"oneton/node"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
	"oneton/server/twoface"
	"oneton/server/twoface/clienttest"
	"oneton/setup"
)

// signupClock notes how long things take, by their names; what is done more than once
// adds up.
type signupClock struct {
	mu    sync.Mutex
	spans map[string]float64
}

// reset forgets all, and returns it.
func (c *signupClock) reset() map[string]float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.spans
	c.spans = map[string]float64{}
	return was
}

func (c *signupClock) span(name string, do func() error) error {
	begin := time.Now()
	err := do()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans[name] += milliseconds(time.Since(begin))
	return err
}

// signupStart is when something began, by the clock and by the processors.
type signupStart struct {
	at  time.Time
	cpu time.Duration
}

func (*signupClock) begin() signupStart { return signupStart{time.Now(), processTime()} }

func (s signupStart) end() signupTime {
	return signupTime{milliseconds(time.Since(s.at)), milliseconds(processTime() - s.cpu)}
}

func (c *signupClock) time(do func() error) (signupTime, error) {
	begin := c.begin()
	err := do()
	return begin.end(), err
}

// timings are those of one thing, once a round.
type timings []signupTime

func (t timings) medians() signupTime {
	var wall, cpu []float64
	for _, one := range t {
		wall, cpu = append(wall, one.Wall), append(cpu, one.CPU)
	}
	return signupTime{median(wall), median(cpu)}
}

// clockedFaces notes how long faces take, the wait for a worker included.
type clockedFaces struct {
	*embed.Embedder
	name  string
	clock *signupClock
}

func (f clockedFaces) Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (found photo.Result, err error) {
	err = f.clock.span(f.name, func() (err error) {
		found, err = f.Embedder.Embed(ctx, pack, content, checks...)
		return err
	})
	return found, err
}

// clockedText notes how long each part of reading text takes.
type clockedText struct {
	*ocr.Reader
	clock *signupClock
}

func (t clockedText) Find(ctx context.Context, p *picture.Picture) (found []ocr.Region, err error) {
	err = t.clock.span("text_detection", func() (err error) {
		found, err = t.Reader.Find(ctx, p)
		return err
	})
	return found, err
}

func (t clockedText) Upright(ctx context.Context, p *picture.Picture, found []ocr.Region) (lines []ocr.Region, turn int, err error) {
	err = t.clock.span("text_direction", func() (err error) {
		lines, turn, err = t.Reader.Upright(ctx, p, found)
		return err
	})
	return lines, turn, err
}

func (t clockedText) Texts(ctx context.Context, strips []ocr.Strip) (texts []ocr.Text, err error) {
	err = t.clock.span("text_recognition", func() (err error) {
		texts, err = t.Reader.Texts(ctx, strips)
		return err
	})
	return texts, err
}

// clockedZones is what looks for the zone, and the text of it that it has read.
type clockedZones struct {
	*zone.Reader
	clock *signupClock
}

func (z clockedZones) Read(ctx context.Context, p *picture.Picture, regions []ocr.Region, now time.Time) (found zone.Zone, err error) {
	err = z.clock.span("text_zone", func() (err error) {
		found, err = z.Reader.Read(ctx, p, regions, now)
		return err
	})
	return found, err
}

// clockedDocuments are read by the same parts as a server's.
type clockedDocuments struct {
	*reader.Reader
	clock *signupClock
}

func (d clockedDocuments) Read(ctx context.Context, content []byte) (kyc.Document, error) {
	var read document.Document
	err := d.clock.span("document", func() (err error) {
		read, err = d.Reader.Read(ctx, content)
		return err
	})
	return kyc.Document{
		Type: string(read.Type), Side: string(read.Side), Number: read.Number, Sure: read.Sure && !read.Ambiguous, Portrait: read.Portrait,
	}, err
}

// faceless finds no face, so that text is read alone.
type faceless struct{}

func (faceless) Embed(context.Context, string, []byte, ...photo.Check) (photo.Result, error) {
	return photo.Result{}, nil
}

// signupLab is a server in this process, with the parts that it is made of at hand.
type signupLab struct {
	clock    *signupClock
	rt       *onnx.Runtime
	workers  *pool.Pool
	embedder *embed.Embedder
	reading  *ocr.Reader
	alone    *reader.Reader
	client   clienttest.Client
	stop     func() error
}

func openSignupLab(ctx context.Context, folder string) (_ *signupLab, err error) {
	l := &signupLab{clock: &signupClock{}, workers: pool.New(pool.DefaultConfig())}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Documents)
	if err != nil {
		return nil, err
	}
	if l.rt, err = onnx.Open(onnx.Config{Library: paths.Library}); err != nil {
		return nil, err
	}
	p, err := pack.Open("default", paths.Models)
	if err != nil {
		return nil, err
	}
	if l.embedder, err = embed.New(embed.DefaultConfig(), l.rt, l.workers, p); err != nil {
		return nil, err
	}
	if l.reading, err = ocr.New(paths.Models, l.rt, l.workers); err != nil {
		return nil, err
	}
	finder, err := zone.New(l.reading)
	if err != nil {
		return nil, err
	}
	text, zones := clockedText{l.reading, l.clock}, clockedZones{finder, l.clock}
	of := reader.Config{Pack: "default", Limits: picture.DefaultLimits()}
	l.alone = reader.New(of, l.workers, text, zones, faceless{})
	return l, l.serve(ctx, folder, node.Parts{
		Embedder:  clockedFaces{l.embedder, "face", l.clock},
		Documents: clockedDocuments{reader.New(of, l.workers, text, zones, clockedFaces{l.embedder, "document_faces", l.clock}), l.clock},
	})
}

// signupTenant is who signs people up.
const signupTenant = "bench"

// serve starts the server on loopback, with a tenant's key.
func (l *signupLab) serve(ctx context.Context, folder string, parts node.Parts) error {
	cfg := config.Default()
	cfg.Data, cfg.Twoface.Prefix, cfg.Limits.Requests = filepath.Join(folder, "data"), "/v1/2face", 0
	n, err := node.OpenWith(ctx, cfg, zerolog.Nop(), parts)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, n.Close())
	}
	serving, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	l.stop = func() error {
		end()
		return errors.Join(<-served, n.Close())
	}
	if _, err := n.Truth.Access.CreateTenant(ctx, signupTenant, signupTenant); err != nil {
		return err
	}
	var scopes []string
	for _, s := range twoface.Scopes() {
		scopes = append(scopes, s.Name)
	}
	key, _, err := n.Truth.Access.Create(ctx, signupTenant, "bench", scopes)
	l.client = newSignupClient("http://"+ln.Addr().String()+cfg.Twoface.Prefix, key)
	return err
}

func (l *signupLab) close() error {
	var err error
	if l.stop != nil {
		err = l.stop()
	}
	l.workers.Close()
	if l.reading != nil {
		err = errors.Join(err, l.reading.Close())
	}
	if l.embedder != nil {
		err = errors.Join(err, l.embedder.Close()) // as often as it is, it is closed once
	}
	if l.rt != nil {
		err = errors.Join(err, l.rt.Close())
	}
	return err
}

// text finds and reads the text of a photo alone.
func (l *signupLab) text(ctx context.Context, card []byte) error {
	_, err := l.alone.Read(ctx, card)
	return err
}

// faces makes the templates of photos alone, at once.
func (l *signupLab) faces(ctx context.Context, photos ...[]byte) error {
	errs := make([]error, len(photos))
	var work sync.WaitGroup
	for i, content := range photos {
		work.Go(func() { _, errs[i] = l.embedder.Embed(ctx, "default", content) })
	}
	work.Wait()
	return errors.Join(errs...)
}
