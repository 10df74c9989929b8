package challenge

import (
	"context"
	"errors"
	"math"
	"slices"

	"oneton/facesession"
	"oneton/photo"
	"oneton/picture"
)

// Bounds on where a face lies, in parts of the picture, and on how it leans, in degrees.
// A face of a quarter of the width has the eyes 40 pixels apart in frames of 360 × 480,
// which is what a comparison needs; the bounds on leaning are half of those that
// photos have.
const (
	nearest, farthest    = 0.62, 0.25
	highest              = 0.8
	aside, above         = 0.15, 0.18
	upright, level, lean = ahead, 28, 20
)

// rivals is the share of the largest face's size from which on another face is one that
// may be meant.
const rivals = 0.35

// Guide is facesession.Checks'. A frame that is no picture shows no face.
func (c *Checks) Guide(ctx context.Context, jpeg []byte) (facesession.Guidance, error) {
	none := facesession.Guidance{Code: facesession.GuideNoFace}
	w, err := c.workers.Acquire(ctx)
	if err != nil {
		return none, err
	}
	defer c.workers.Release(w)
	var decoder picture.Decoder
	p, err := decode(ctx, &decoder, jpeg)
	if errors.Is(err, errUnreadable) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	faces, err := c.faces.Glance(ctx, w, c.pack, p)
	if err != nil || len(faces) == 0 {
		return none, err
	}
	f := faces[0]
	if len(faces) > 1 && faces[1].Box.Area() > float32(rivals*f.Box.Area()) {
		return facesession.Guidance{Code: facesession.GuideSeveralFaces}, nil
	}
	g := facesession.Guidance{Box: area(f, p)}
	if g.Code = placed(*g.Box); g.Code != facesession.GuideOK {
		return g, nil
	}
	f, ok, err := c.faces.Recognise(ctx, w, c.pack, p, f)
	if err != nil || !ok {
		return none, err
	}
	g.Code = clearer(f, p)
	return g, nil
}

// area is where the face is.
func area(f photo.Face, p *picture.Picture) *facesession.Area {
	width, height := float64(p.Width), float64(p.Height)
	return &facesession.Area{
		Left: float64(f.Box.X) / width, Top: float64(f.Box.Y) / height,
		Width: float64(f.Box.Width) / width, Height: float64(f.Box.Height) / height,
	}
}

// placed says what to do for a face of a better size and at a better place.
func placed(a facesession.Area) facesession.GuidanceCode {
	x, y := a.Left+a.Width/2-0.5, a.Top+a.Height/2-0.5
	switch {
	case a.Width > nearest || a.Height > highest:
		return facesession.GuideFurther
	case math.Abs(x) > aside || math.Abs(y) > above:
		return facesession.GuideCentre
	case a.Width < farthest:
		return facesession.GuideCloser
	}
	return facesession.GuideOK
}

// clearer says what to do for a face that shows better, by what the product has against
// photos.
func clearer(f photo.Face, p *picture.Picture) facesession.GuidanceCode {
	q := f.Quality
	against := func(reason string) bool { return slices.Contains(q.Reasons, reason) }
	const dim = 100 // grey levels: between the darkest and the brightest that are taken
	switch {
	case against(photo.ReasonDark), against(photo.ReasonLowContrast) && q.Brightness < dim:
		return facesession.GuideTooDark
	case against(photo.ReasonBright), against(photo.ReasonLowContrast):
		return facesession.GuideTooBright
	case against(photo.ReasonSmall):
		return facesession.GuideCloser
	case math.Abs(float64(q.Yaw)) > upright, math.Abs(float64(q.Pitch)) > level, math.Abs(float64(q.Roll)) > lean:
		return facesession.GuideLookStraight
	case against(photo.ReasonBlurred) && moved(p, f.Box):
		return facesession.GuideHoldStill
	case against(photo.ReasonBlurred), !f.Comparable():
		return facesession.GuideBlurred
	}
	return facesession.GuideOK
}
