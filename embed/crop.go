package embed

import (
	"context"
	"fmt"
	"math"

	"oneton/photo"
	"oneton/picture"
)

// Crop is the aligned crop that the template of a face was made of, enhanced where the
// pack does so, as EmbedAligned takes it: the face is one that Embed found in the photo with the pack. Its errors
// are Embed's.
func (e *Embedder) Crop(ctx context.Context, pack string, content []byte, f photo.Face) ([]byte, error) {
	m, err := e.model(pack)
	if err != nil {
		return nil, err
	}
	w, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer e.pool.Release(w)
	memory := e.memory[w.Number]
	p, err := memory.decoder.Decode(ctx, content, e.limits)
	if err != nil {
		return nil, err
	}
	if f.Rotation != 0 {
		p = p.Turned(f.Rotation)
	}
	toPhoto, ok := align(f.Landmarks)
	if !ok {
		return nil, fmt.Errorf("%w: a face's landmarks lie on one point", photo.ErrCorrupt)
	}
	m.cut(p, toPhoto, memory)
	crop := make([]byte, 0, 3*cropSide*cropSide)
	for i, red := range memory.shown.R {
		for _, v := range []float32{red, memory.shown.G[i], memory.shown.B[i]} {
			crop = append(crop, byte(math.Round(float64(max(0, min(255, v))))))
		}
	}
	return crop, nil
}

// cut makes the aligned crop in the memory, and what is shown of it. Beyond the photo's
// edge it is grey where the pack has an aligner, and else repeats the edge.
func (m *model) cut(p *picture.Picture, toPhoto picture.Affine, in *memory) {
	if m.aligner == nil {
		p.Warp(in.crop, toPhoto)
		m.show(in)
		return
	}
	sourceOf(p, toPhoto, in.frame).warp(in.crop, toPhoto)
	m.show(in) // of the photo alone: grey beyond a dark one would be its contrast
	for _, r := range []*picture.Raster{in.crop, in.shown} {
		r.Frame(toPhoto, p.Width, p.Height, beyond)
	}
}

// show makes of the crop in the memory what recognisers see.
func (m *model) show(in *memory) {
	copy(in.shown.R, in.crop.R)
	copy(in.shown.G, in.crop.G)
	copy(in.shown.B, in.crop.B)
	if m.Enhancement != nil {
		enhance(in.shown, m.Enhancement)
	}
}
