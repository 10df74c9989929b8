package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"oneton/client"
	"oneton/imports"
)

// What is done with a person who is there already.
const (
	existingAdd    = "add"
	existingSkip   = "skip"
	existingRefuse = "refuse"
)

// mostPhoto is the largest photo that is read, in bytes; a server may take less.
const mostPhoto = 64 << 20

// shownRefusals is how many refusals are shown where no report is written.
const shownRefusals = 10

type importCommand struct {
	target
	output
	Gallery       string   `arg:"" help:"The gallery."`
	Sources       []string `arg:"" name:"source" help:"Folders with a folder of photos for each person, tables (CSV), lines of JSON, ZIP archives; - is lines of JSON on standard input. Or one archive of a gallery, as 'oneton export' writes it."`
	CreateGallery bool     `help:"Make the gallery where there is none."`
	SubjectFrom   string   `help:"What of a photo's path is the person's id: folder (the only one that it lies in), first, parent, file, or a /pattern/ with a group." default:"folder" placeholder:"WAY"`
	MakeIDs       bool     `name:"make-ids" help:"Make ids of names that are none, such as those with spaces, and keep the names in the metadata."`
	SubjectColumn string   `help:"The table's column with the person's id." default:"subject" placeholder:"NAME"`
	PhotoColumn   string   `help:"The table's column with the photo's path." default:"photo" placeholder:"NAME"`
	Photos        string   `help:"Folder in which the paths of tables and lines lie; left out, it is their own." type:"existingdir"`
	Existing      string   `help:"What to do with a person who is there, but not by this import: add photos, skip, or refuse." enum:"add,skip,refuse" default:"add"`
	Name          string   `help:"What this import is called, which tells the people that it made from others; left out, it follows from the gallery and the sources." placeholder:"NAME"`
	Parallel      int      `help:"Photos under way at once; 0 is four a core." placeholder:"N"`
	Report        string   `help:"File for what was refused or skipped and why: CSV where its name ends in .csv, else lines of JSON." placeholder:"FILE"`
	DryRun        bool     `help:"Look at every photo and say what would be refused; store nothing."`
	Detail        string   `help:"How closely photos are looked at, instead of the gallery's: fast or full." enum:",fast,full" default:""`
}

var (
	// errSomeRefused means that an import was done but for what was refused.
	errSomeRefused = errors.New("not all was enrolled")
	// errNothing means that there was nothing to import.
	errNothing = errors.New("no photo was found, so nothing was done")
)

// imported is what an import came to.
type imported struct {
	Gallery string         `json:"gallery"`
	Photos  int64          `json:"photos"`
	Added   int64          `json:"added"`
	Present int64          `json:"present"`
	Skipped int64          `json:"skipped"`
	Refused int64          `json:"refused"`
	Codes   map[string]int `json:"refused_by_code,omitempty"`
	DryRun  bool           `json:"dry_run,omitempty"`
	Seconds float64        `json:"seconds"`
	Report  string         `json:"report,omitempty"`
}

// Run imports, and tells what came of it.
func (c *importCommand) Run(ctx context.Context) error {
	if len(c.Sources) == 1 && isArchive(c.Sources[0]) {
		return c.archive(ctx)
	}
	naming, err := imports.NewNaming(c.SubjectFrom, c.MakeIDs)
	if err == nil && c.Parallel < 0 {
		err = errors.New("--parallel must not be negative")
	}
	if err != nil {
		return usage{err}
	}
	source, counts, err := c.open(naming)
	if err != nil {
		return err
	}
	defer source.Close()
	return c.begin(ctx, func(ctx context.Context, s *client.Client) error {
		if err := c.gallery(ctx, s); err != nil {
			return err
		}
		return c.load(ctx, s, source, counts)
	})
}

// open opens the sources, so that nothing begins where one of them is wrong, each
// with a count of what is read of it.
func (c *importCommand) open(naming imports.Naming) (_ imports.Source, counts []*counted, err error) {
	options := imports.Options{
		Naming: naming, Columns: imports.Columns{Subject: c.SubjectColumn, Photo: c.PhotoColumn}, Photos: c.Photos, MostBytes: mostPhoto,
	}
	var all []imports.Named
	for _, path := range c.Sources {
		s, err := imports.Open(path, options)
		if err != nil {
			return nil, nil, usage{errors.Join(fmt.Errorf("open %s: %w", path, err), imports.Chain(all...).Close())}
		}
		counts = append(counts, &counted{Source: s})
		all = append(all, imports.Named{Name: path, Source: counts[len(counts)-1]})
	}
	return imports.Chain(all...), counts, nil
}

// counted is a source that counts its items as they are read.
type counted struct {
	imports.Source

	items int
}

// Items implements imports.Source.
func (c *counted) Items(ctx context.Context) iter.Seq2[imports.Item, error] {
	return func(yield func(imports.Item, error) bool) {
		for item, err := range c.Source.Items(ctx) {
			c.items++
			if !yield(item, err) {
				return
			}
		}
	}
}

// gallery sees that the gallery is there.
func (c *importCommand) gallery(ctx context.Context, s *client.Client) error {
	if c.CreateGallery && !c.DryRun {
		_, err := s.CreateGallery(ctx, client.NewGallery{Name: c.Gallery})
		if err == nil || errors.Is(err, client.AlreadyExists) {
			return nil
		}
		if !errors.Is(err, client.Forbidden) {
			return fmt.Errorf("make gallery %.64q: %w", c.Gallery, err)
		}
	}
	_, err := s.Gallery(ctx, c.Gallery)
	switch {
	case errors.Is(err, client.NotFound):
		return fmt.Errorf("%w; --create-gallery makes it", err)
	case errors.Is(err, client.Forbidden): // a key that may enrol need not read galleries
		return nil
	case err != nil:
		return fmt.Errorf("read gallery %.64q: %w", c.Gallery, err)
	}
	return nil
}

// load imports the source.
func (c *importCommand) load(ctx context.Context, s *client.Client, source imports.Source, counts []*counted) (err error) {
	write, closeReport, err := c.report()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeReport()) }()
	codes := make(map[string]int)
	cfg := imports.Config{Parallel: c.Parallel, Report: func(r imports.Result) error {
		if r.Refusal != nil {
			codes[r.Refusal.Code]++
		}
		return write(r)
	}}
	if cfg.Parallel == 0 {
		const each = 4
		cfg.Parallel = each * runtime.GOMAXPROCS(0)
	}
	l := imports.NewLoader(cfg, source, c.enroller(s))
	start := time.Now()
	shown := showProgress(os.Stderr, ofImport(l))
	err = l.Run(ctx)
	shown.end()
	t := l.Totals()
	done := imported{
		Gallery: c.Gallery, Photos: t.Items, Added: t.Added, Present: t.Present, Skipped: t.Skipped, Refused: t.Refused, Codes: codes,
		DryRun: c.DryRun, Seconds: time.Since(start).Seconds(), Report: c.Report,
	}
	if perr := c.print(done, done.text); perr != nil {
		return errors.Join(err, perr)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w; the same command goes on where this one ended", err)
	case t.Items == 0:
		return fmt.Errorf("%s: %w", strings.Join(c.Sources, ", "), errNothing)
	}
	for i, n := range counts {
		if n.items == 0 {
			fmt.Fprintf(os.Stderr, "%s: no photo was found there\n", c.Sources[i])
		}
	}
	switch {
	case t.Refused > 0 && c.Report != "":
		return fmt.Errorf("%w: %s tells of each photo why and what to do", errSomeRefused, c.Report)
	case t.Refused > 0:
		return fmt.Errorf("%w: --report FILE tells of each photo why and what to do", errSomeRefused)
	}
	return nil
}

// text tells it to people.
func (d imported) text(w io.Writer) error {
	verb := "added"
	if d.DryRun {
		verb = "to be added"
	}
	parts := []string{fmt.Sprintf("%d %s", d.Added, verb)}
	for what, n := range map[string]int64{"there already": d.Present, "skipped": d.Skipped} {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	slices.Sort(parts[1:])
	if d.Refused > 0 {
		var by []string
		for _, code := range slices.Sorted(maps.Keys(d.Codes)) {
			by = append(by, fmt.Sprintf("%s %d", code, d.Codes[code]))
		}
		parts = append(parts, fmt.Sprintf("%d refused (%s)", d.Refused, strings.Join(by, ", ")))
	}
	_, err := fmt.Fprintf(w, "%s: %s, %s, in %s (%.1f a second)\n", d.Gallery, count(int(d.Photos), "photo"), strings.Join(parts, ", "),
		time.Duration(d.Seconds*float64(time.Second)).Round(time.Millisecond*100), float64(d.Photos)/d.Seconds)
	return err
}

// report writes what was refused, or shows the first of it.
func (c *importCommand) report() (write imports.Report, end func() error, err error) {
	if c.Report == "" {
		n := 0
		return func(r imports.Result) error {
			if r.Refusal == nil {
				return nil
			}
			if n++; n <= shownRefusals {
				fmt.Fprintf(os.Stderr, "%s: %s [%s]: %s\n", r.Ref, r.Refusal.Message, r.Refusal.Code, r.Refusal.Advice)
			}
			return nil
		}, func() error { return nil }, nil
	}
	// It names people, so it is its owner's.
	f, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, usage{fmt.Errorf("write report: %w", err)}
	}
	if strings.EqualFold(filepath.Ext(c.Report), ".csv") {
		return imports.TableReport(f), f.Close, nil
	}
	return imports.LinesReport(f), f.Close, nil
}

// enroller asks the target.
func (c *importCommand) enroller(s *client.Client) imports.Enroller {
	e := &remote{client: s, gallery: c.Gallery, existing: c.Existing, dry: c.DryRun, detail: c.Detail}
	if c.Existing != existingAdd {
		e.name = c.Name
		if e.name == "" {
			e.name = c.nameOf()
		}
	}
	return &asking{Enroller: e, client: s, gallery: c.Gallery, name: e.name}
}

// nameOf is the import's name: the same for the same command.
func (c *importCommand) nameOf() string {
	h := sha256.New()
	for _, source := range c.Sources {
		if whole, err := filepath.Abs(source); err == nil {
			source = whole
		}
		fmt.Fprintf(h, "%s\x00", source)
	}
	const enough = 16
	return "import-" + hex.EncodeToString(h.Sum(nil)[:enough])
}
