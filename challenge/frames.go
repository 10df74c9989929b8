package challenge

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"oneton/clip"
	"oneton/facesession"
	"oneton/photo"
	"oneton/picture"
)

// limits bound a frame: pages send 640 pixels at most.
var limits = picture.Limits{
	Bytes: facesession.MaxFrame, Pixels: 1280 * 1280, Side: 1920, MinSide: 64, Time: time.Second,
}

// errUnreadable means that a frame is no whole JPEG of a camera's size.
var errUnreadable = errors.New("challenge: unreadable frame")

// decode reads a frame.
func decode(ctx context.Context, d *picture.Decoder, jpeg []byte) (*picture.Picture, error) {
	if kind, err := photo.MediaType(jpeg); err != nil || kind != "image/jpeg" {
		return nil, fmt.Errorf("%w: no JPEG", errUnreadable)
	}
	p, err := d.Decode(ctx, jpeg, limits)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	case p.Damage() != nil:
		return nil, fmt.Errorf("%w: %w", errUnreadable, p.Damage())
	}
	return p, nil
}

// pictures are the frames', read as they are asked for.
func pictures(ctx context.Context, frames []facesession.Frame) iter.Seq2[clip.Frame, error] {
	return func(yield func(clip.Frame, error) bool) {
		var decoder picture.Decoder
		for _, f := range frames {
			p, err := decode(ctx, &decoder, f.JPEG)
			if !yield(clip.Frame{At: f.At, Picture: p}, err) || err != nil {
				return
			}
		}
	}
}
