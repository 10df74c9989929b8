package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"oneton/client"
	"oneton/imports"
)

// remote enrols by a client.
type remote struct {
	client                  *client.Client
	gallery, existing, name string
	dry                     bool
	detail                  string

	mu sync.Mutex
	// heard is when the server last took something.
	heard time.Time
}

// patience is how long a server may take nothing, as while it starts anew.
const patience = 10 * time.Minute

// Enrol implements imports.Enroller. It is sent until it is answered for good.
func (e *remote) Enrol(ctx context.Context, item imports.Item, content []byte) (imports.Outcome, error) {
	e.hear(false)
	const first, longest = time.Second, 30 * time.Second
	for pause := first; ; pause = min(2*pause, longest) {
		outcome, err := e.send(ctx, item, content)
		if err == nil || !again(err) {
			e.hear(true)
			return outcome, err
		}
		if time.Since(e.hear(false)) > patience {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
		}
	}
}

// hear tells when the server last took something, which is now at first.
func (e *remote) hear(now bool) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now || e.heard.IsZero() {
		e.heard = time.Now()
	}
	return e.heard
}

func (e *remote) send(ctx context.Context, item imports.Item, content []byte) (imports.Outcome, error) {
	a, err := e.client.AddFaces(ctx, e.gallery, string(item.Subject), client.NewFaces{
		Photos: []client.Photo{client.Bytes(content)}, Create: true, Metadata: item.Metadata, Once: true, Import: e.name, DryRun: e.dry, Detail: e.detail,
	})
	switch {
	case err == nil && len(a.Present) > 0:
		return imports.Present, nil
	case err == nil:
		return imports.Added, nil
	case errors.Is(err, client.AlreadyExists) && e.existing == existingSkip:
		return imports.Skipped, nil
	}
	return "", refusalOf(err)
}

// again tells whether a call may be taken later.
func again(err error) bool {
	if answer, ok := errors.AsType[*client.Error](err); ok {
		switch answer.Code {
		case client.StorageFull, client.Damaged, client.Internal:
			return false
		case "":
			return answer.Status >= 500 || answer.Status == 429
		}
		return answer.Status >= 500 || answer.Status == 429 || answer.Code == client.RequestTimeout
	}
	return errors.Is(err, client.ErrUnreachable)
}

// advice is what to do about a photo that a server refuses.
var advice = map[client.Code]string{
	client.NoFace:               "use a photo that shows the person's face upright and near",
	client.SeveralFaces:         "crop the photo to the person's face",
	client.FaceTooSmall:         "use a photo taken from nearer",
	client.LowQuality:           "use a sharper, brighter photo of the whole face",
	client.SpoofSuspected:       "use a photo of the person, not of a picture",
	client.LivenessUnknown:      "use a photo that shows more around the face, or a gallery without the liveness check",
	client.CorruptImage:         "copy the whole file anew",
	client.ImageTooSmall:        "use a larger photo",
	client.ImageTooLarge:        "save the photo smaller",
	client.ImageTooComplex:      "save the photo anew as a plain JPEG",
	client.UnsupportedMediaType: "save the photo as a JPEG",
	client.BodyTooLarge:         "save the photo smaller, or raise server.max_body",
	client.AlreadyExists:        "rename the person, or let photos be added with --existing add",
	client.TooManyFaces:         "delete some of the person's faces first",
	client.InvalidRequest:       "mend what the message names",
}

// refusalOf is an answer as the refusal of one photo, or the error where it is of all.
func refusalOf(err error) error {
	var answer *client.Error
	if !errors.As(err, &answer) {
		return err
	}
	what, ofPhoto := advice[answer.Code]
	if !ofPhoto {
		return err
	}
	message := answer.Detail
	if message == "" {
		message = answer.Title
	}
	if len(answer.Reasons) > 0 {
		message += " (" + strings.Join(answer.Reasons, ", ") + ")"
	}
	return &imports.Refusal{Code: string(answer.Code), Message: message, Advice: what}
}
