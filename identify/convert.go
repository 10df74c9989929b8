package identify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"oneton/face"
	"oneton/store"
)

// conversionPage is how many faces one transaction replaces.
const conversionPage = 256

// ErrNoWay means that stored faces are of a version of a pack from which the
// loaded version knows no way.
var ErrNoWay = errors.New("identify: no way from the stored faces' version to the loaded one")

// Packs are the loaded packs and the ways to them from other versions.
type Packs interface {
	Packs() []string
	Version(pack string) (string, error)
	// Converter turns what a version of the pack made into the loaded one's; nil
	// when there is no way.
	Converter(pack, version string) func(face.Template, face.Quality) (face.Template, face.Quality, error)
}

// Spaces are the template spaces of a store, and their faces.
type Spaces interface {
	Space(ctx context.Context, pack string) (store.Space, error)
	PutSpace(ctx context.Context, s store.Space) error
	// Spaces are those that faces are in, with how many are.
	Spaces(ctx context.Context) (map[string]int, error)
	// FacesIn pages through the faces of a space, and ReplaceFaces puts some of
	// them again, in another one.
	FacesIn(ctx context.Context, space string, after uint64, limit int) (faces []store.Face, next uint64, err error)
	ReplaceFaces(ctx context.Context, was string, faces []store.Face) (replaced int, position uint64, err error)
	Position(ctx context.Context) (uint64, error)
}

// Conversion says how far the conversion of a pack's faces has come.
type Conversion struct {
	Pack, From, To string
	// Faces is how many there are to convert, Done how many were looked at.
	Done, Faces int
}

// ConvertFaces brings the stored faces of each loaded pack to its version, a page
// in a transaction: it may be killed at any point, and goes on where it was. One
// process at a time may do so; the others answer store.ErrSpace for the galleries
// concerned. Faces that are damaged, or that cannot be converted, stay where they
// are, where nobody compares with them, and are told to aside. It is ErrNoWay,
// and nothing of that pack was changed, where the pack does not convert what is
// there.
func ConvertFaces(ctx context.Context, packs Packs, spaces Spaces, report func(Conversion), aside func(store.Face)) error {
	return each(packs, func(c conversion) error {
		c.spaces, c.report, c.aside = spaces, report, aside
		return c.run(ctx)
	})
}

// PrepareSpaces lets each loaded pack be used that has nothing to convert. It is
// ErrNoWay as ConvertFaces is.
func PrepareSpaces(ctx context.Context, packs Packs, spaces Spaces) error {
	return each(packs, func(c conversion) error {
		c.spaces = spaces
		return c.prepare(ctx)
	})
}

func each(packs Packs, do func(conversion) error) error {
	for _, pack := range packs.Packs() {
		version, err := packs.Version(pack)
		if err == nil {
			err = do(conversion{packs: packs, pack: pack, version: version})
		}
		if err != nil {
			return fmt.Errorf("use version %s of pack %s: %w", version, pack, err)
		}
	}
	return nil
}

// conversion is of the faces of one pack.
type conversion struct {
	packs   Packs
	spaces  Spaces
	report  func(Conversion)
	aside   func(store.Face)
	pack    string
	version string
}

// plan is what there is to do.
type plan struct {
	// to is where faces are searched, and from are the spaces that some are to be
	// converted from, with how many those are.
	to    store.Space
	from  []string
	faces int
	// settled says that the store knows of the version already.
	settled bool
}

func (c conversion) plan(ctx context.Context) (p plan, err error) {
	was, err := c.spaces.Space(ctx, c.pack)
	if err != nil {
		return p, err
	}
	there, err := c.spaces.Spaces(ctx)
	if err != nil {
		return p, err
	}
	p.to = c.target(was, there[c.pack] > 0)
	p.settled = was.Version == c.version && !was.Moving
	if was.Version == "" {
		was.Version, was.Plain = p.to.Plain, p.to.Plain
	}
	if was.Version != c.version && there[was.Name()] > 0 && c.packs.Converter(c.pack, was.Version) == nil {
		return p, fmt.Errorf("%w: they are of version %s, and version %s is loaded, which does not convert them; load the version they are of, or give other models another name",
			ErrNoWay, was.Version, c.version)
	}
	p.from, p.faces = c.sources(p.to, there)
	return p, nil
}

// prepare says which version is loaded, unless there are faces to convert first.
func (c conversion) prepare(ctx context.Context) error {
	p, err := c.plan(ctx)
	if err != nil || p.settled || len(p.from) > 0 {
		return err
	}
	return c.settle(ctx, p.to)
}

// settle lets faces be searched and enrolled in the space.
func (c conversion) settle(ctx context.Context, to store.Space) (err error) {
	if to.Since, err = c.spaces.Position(ctx); err != nil {
		return err
	}
	to.Moving = false
	return c.spaces.PutSpace(ctx, to)
}

func (c conversion) run(ctx context.Context) error {
	p, err := c.plan(ctx)
	if err != nil || p.settled && len(p.from) == 0 {
		return err
	}
	// What has strayed elsewhere was not compared with before either.
	if p.to.Moving = !p.settled && len(p.from) > 0; p.to.Moving {
		if err := c.spaces.PutSpace(ctx, p.to); err != nil {
			return err
		}
	}
	done := Conversion{Pack: c.pack, To: p.to.Name(), Faces: p.faces}
	for _, space := range p.from {
		done.From = space
		if err := c.convert(ctx, space, p.to, &done); err != nil {
			return err
		}
	}
	return c.settle(ctx, p.to)
}

// target is the space of the loaded version. Faces from before versions were told
// apart are of version 1, unless a pack of an owner's has no way from that: then
// they are believed to be of the loaded one.
func (c conversion) target(was store.Space, unnamed bool) store.Space {
	to := store.Space{Pack: c.pack, Version: c.version, Plain: was.Plain}
	if was.Version == "" {
		to.Plain = store.FirstVersion
		if unnamed && c.version != store.FirstVersion && c.packs.Converter(c.pack, store.FirstVersion) == nil {
			to.Plain = c.version
		}
	}
	return to
}

// sources are the spaces with faces that can be converted, and how many those are.
func (c conversion) sources(to store.Space, there map[string]int) (from []string, faces int) {
	for _, space := range slices.Sorted(maps.Keys(there)) {
		version, ours := to.VersionIn(space)
		if ours && space != to.Name() && c.packs.Converter(c.pack, version) != nil {
			from = append(from, space)
			faces += there[space]
		}
	}
	return from, faces
}

// convert brings the faces of one space to another.
func (c conversion) convert(ctx context.Context, from string, to store.Space, done *Conversion) error {
	version, _ := to.VersionIn(from)
	convert := c.packs.Converter(c.pack, version)
	for after := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, next, err := c.spaces.FacesIn(ctx, from, after, conversionPage)
		if err != nil {
			return err
		}
		if next == after {
			return nil
		}
		after = next
		converted := page[:0]
		for _, f := range page {
			if f.Damage == "" {
				moved := f
				moved.Pack = to.Name()
				moved.Template, moved.Quality, err = convert(f.Template, f.Quality)
				if err == nil { // what cannot be kept holds up no other
					err = store.CheckReplacement([]store.Face{moved})
				}
				if err == nil {
					converted = append(converted, moved)
					continue
				}
				f.Damage = err.Error()
			}
			c.aside(f)
		}
		if len(converted) > 0 {
			if _, _, err := c.spaces.ReplaceFaces(ctx, from, converted); err != nil {
				return err
			}
		}
		done.Done += len(page)
		c.report(*done)
	}
}
