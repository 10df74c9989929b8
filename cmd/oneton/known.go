package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"oneton/client"
	"oneton/imports"
)

// asking asks the server which photos it has before they are sent. While one question is
// on its way others gather, and go together.
type asking struct {
	imports.Enroller

	client *client.Client
	// gallery and name are the import's, as in remote.
	gallery, name string

	turn    sync.Mutex // who asks
	mu      sync.Mutex
	waiting []*question
	// off is set where the server does not tell.
	off bool
}

// question is about one photo. Its answer is whose turn it is to ask.
type question struct {
	photo    client.PhotoOf
	answered bool
	known    bool
}

// Enrol implements imports.Enroller.
func (k *asking) Enrol(ctx context.Context, item imports.Item, content []byte) (imports.Outcome, error) {
	if k.has(ctx, client.PhotoOf{Subject: string(item.Subject), SHA256: sha256.Sum256(content)}) {
		return imports.Present, nil
	}
	return k.Enroller.Enrol(ctx, item, content)
}

// has tells whether the server has the photo. Where that cannot be told it is sent, and
// the server says what becomes of it.
func (k *asking) has(ctx context.Context, p client.PhotoOf) bool {
	q := &question{photo: p}
	k.mu.Lock()
	k.waiting = append(k.waiting, q)
	k.mu.Unlock()
	k.turn.Lock()
	defer k.turn.Unlock()
	for !q.answered {
		k.ask(ctx)
	}
	return q.known
}

// ask asks about the first of the photos that wait.
func (k *asking) ask(ctx context.Context) {
	k.mu.Lock()
	some := k.waiting[:min(len(k.waiting), client.MaxKnown)]
	k.waiting = k.waiting[len(some):]
	k.mu.Unlock()
	photos := make([]client.PhotoOf, len(some))
	for i, q := range some {
		photos[i], q.answered = q.photo, true
	}
	if k.off {
		return
	}
	told, err := k.client.KnownPhotos(ctx, k.gallery, k.name, photos)
	if err != nil {
		answer, refused := errors.AsType[*client.Error](err)
		k.off = refused && !again(answer)
		return
	}
	for i, q := range some {
		q.known = told[i]
	}
}
