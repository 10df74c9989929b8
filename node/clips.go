package node

import (
	"context"
	"errors"
	"strings"

	"oneton/clip"
	"oneton/config"
	"oneton/gesture"
	"oneton/kyc"
	"oneton/setup"
)

// clips judges clips by the models that are here.
type clips struct {
	*gesture.Judge
	video error
}

// openClips loads what judges clips into the models' runtime, to work on their
// workers. Models that are not here, and a machine without ffmpeg, are no errors: see
// lacks. Clips are only read where an API takes any; else the models judge the frames of
// face sessions alone.
func openClips(cfg config.Config, m *Models) (*clips, error) {
	var frames gesture.Clips
	var video error
	if cfg.Twoface.On() {
		reader, err := clip.New(cfg.Clip)
		if err != nil {
			return nil, err
		}
		frames, video = reader, reader.Video()
	}
	paths, err := setup.Find(cfg.Setup) // the models' folder, whatever is in it
	if err != nil {
		return nil, err
	}
	judge, err := gesture.New(gesture.Config{Models: paths.Models}, m.runtime, m.workers, m, frames)
	if err != nil {
		return nil, err
	}
	return &clips{judge, video}, nil
}

// lacks is what is not judged here, and why.
func (c *clips) lacks() map[string]string {
	all := map[string]string{}
	if c.video != nil {
		all["video"] = c.video.Error()
	}
	if err := c.Ready(); err != nil {
		all["gestures"] = err.Error()
	}
	return all
}

// Smiles tells whether a clip's one face does.
func (c *clips) Smiles(ctx context.Context, content []byte) (bool, error) {
	smiles, err := c.Judge.Smiles(ctx, content)
	return smiles, clipRefused(err)
}

// Blinks is as Smiles.
func (c *clips) Blinks(ctx context.Context, content []byte) (bool, error) {
	blinks, err := c.Judge.Blinks(ctx, content)
	return blinks, clipRefused(err)
}

// clipRefusals are what the errors of clips are to a caller.
var clipRefusals = []struct {
	is   error
	code kyc.Code
}{
	{clip.ErrEmpty, kyc.ClipUnsupported},
	{clip.ErrUnsupported, kyc.ClipUnsupported},
	{clip.ErrCorrupt, kyc.ClipCorrupt},
	{clip.ErrTooLarge, kyc.ClipTooLarge},
	{clip.ErrTooLong, kyc.ClipTooLong},
	{clip.ErrTooComplex, kyc.ClipTooComplex},
	{gesture.ErrNoFace, kyc.NoFace},
	{gesture.ErrSeveral, kyc.SeveralFaces},
	{gesture.ErrSwitched, kyc.SeveralFaces},
	{gesture.ErrShort, kyc.ClipTooShort},
}

// clipRefused is an error of clips as a check tells it. Its text is made to be shown,
// but for what is not installed here.
func clipRefused(err error) error {
	switch {
	case errors.Is(err, clip.ErrVideoOff):
		return kyc.Refuse(kyc.VideoOff, "this server has no ffmpeg, which videos take; send an animated GIF or motion JPEG")
	case errors.Is(err, gesture.ErrOff):
		return kyc.Refuse(kyc.GesturesOff, "this server has no models that tell smiles and blinks")
	}
	for _, r := range clipRefusals {
		if errors.Is(err, r.is) {
			room, _, _ := strings.Cut(r.is.Error(), " ")
			_, text, _ := strings.Cut(err.Error(), room+" ")
			return kyc.Refuse(r.code, text)
		}
	}
	return err
}
