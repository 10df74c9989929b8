package native

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/kyc"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// Attempts are those of people to show who they are; *kyc.Service keeps them.
type Attempts interface {
	Attempts(ctx context.Context, by store.Actor, q kyc.Query) ([]kyc.Attempt, error)
	Attempt(ctx context.Context, by store.Actor, id string) (kyc.Attempt, error)
	Photo(ctx context.Context, tenant store.TenantID, ref kyc.PhotoRef) (store.Photo, error)
	Review(ctx context.Context, by store.Actor, id string, status kyc.Status, reason string) error
}

func (api *api) attemptRoutes(v1 fiber.Router) {
	v1.Get("/kyc/attempts", server.Scoped(ScopeAttempts, api.listAttempts))
	v1.Get("/kyc/attempts/:attempt", server.Scoped(ScopeAttempts, api.getAttempt))
	v1.Get("/kyc/attempts/:attempt/photos/:photo", server.Scoped(ScopeAttempts, api.getEvidence))
	v1.Post("/kyc/attempts/:attempt/review", server.Scoped(ScopeReview, api.reviewAttempt))
}

// attemptRow is an attempt as lists show it.
type attemptRow struct {
	ID        string    `json:"id"`
	Kind      string    `json:"type"`
	Status    string    `json:"status"`
	User      string    `json:"user,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// attemptWhole is an attempt with all that is kept of it.
type attemptWhole struct {
	attemptRow

	Gallery  string          `json:"gallery"`
	Faces    []string        `json:"faces"`
	Metadata json.RawMessage `json:"metadata"`
	Stages   []stageAnswer   `json:"stages"`
	History  []changeAnswer  `json:"history"`
}

type stageAnswer struct {
	Name   string         `json:"name"`
	Status string         `json:"status"`
	At     time.Time      `json:"at"`
	Input  map[string]any `json:"input"`
	Output map[string]any `json:"output"`
	Photo  kyc.PhotoRef   `json:"photo,omitempty"`
}

type changeAnswer struct {
	At      time.Time   `json:"at"`
	Key     store.KeyID `json:"key_id,omitempty"`
	Request string      `json:"request_id,omitempty"`
	From    string      `json:"from,omitempty"`
	To      string      `json:"to"`
	Reason  string      `json:"reason,omitempty"`
}

func attemptRowOf(a kyc.Attempt) attemptRow {
	return attemptRow{a.ID, lower(a.Kind), lower(a.Status), a.User, a.CreatedAt, a.UpdatedAt}
}

// lower is a name of package kyc's, which 2FACE's clients know in capitals, as this
// API writes names.
func lower[T ~string](name T) string { return strings.ToLower(string(name)) }

func attemptWholeOf(a kyc.Attempt) attemptWhole {
	w := attemptWhole{
		attemptRow: attemptRowOf(a), Gallery: a.Gallery, Faces: a.Faces, Metadata: a.Metadata,
		Stages: make([]stageAnswer, len(a.Stages)), History: make([]changeAnswer, len(a.History)),
	}
	for i, s := range a.Stages {
		w.Stages[i] = stageAnswer{s.Name, lower(s.Status), s.At, s.Input, s.Output, s.Photo}
	}
	for i, h := range a.History {
		w.History[i] = changeAnswer{h.At, h.Key, h.Request, lower(h.From), lower(h.To), h.Reason}
	}
	return w
}

// named is the one of the names of package kyc that the request means; empty is none.
func named[T ~string](field, text string, names ...T) (T, error) {
	var known []string
	for _, n := range names {
		if text == lower(n) {
			return n, nil
		}
		known = append(known, lower(n))
	}
	if text == "" {
		return "", nil
	}
	return "", decode.Invalid(field, "must be "+strings.Join(known[:len(known)-1], ", ")+" or "+known[len(known)-1])
}

func (api *api) listAttempts(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest
		Kind   string `param:"type"`
		Status string `param:"status"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	kind, err := named("type", r.Kind, kyc.Kinds()...)
	if err != nil {
		return err
	}
	status, err := named("status", r.Status, kyc.Statuses()...)
	if err != nil {
		return err
	}
	var a struct {
		Attempts []attemptRow `json:"attempts"`
		Next     string       `json:"next,omitempty"`
	}
	a.Attempts, a.Next, err = paged(p, func(p store.Page) ([]kyc.Attempt, error) {
		return api.attempts.Attempts(c.UserContext(), by, kyc.Query{Kind: kind, Status: status, After: p.After, Limit: p.Limit})
	}, attemptRowOf, func(a kyc.Attempt) string { return a.ID })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

// attempt is the one that the path names.
func (api *api) attempt(c *fiber.Ctx, by store.Actor) (kyc.Attempt, error) {
	a, err := api.attempts.Attempt(c.UserContext(), by, segment(c, "attempt"))
	return a, unknown(err)
}

// unknown says what there is none of as this API does.
func unknown(err error) error {
	if none, ok := errors.AsType[*kyc.NotFoundError](err); ok {
		return &identify.ResourceError{Kind: none.Kind, Name: none.ID, Err: store.ErrNotFound}
	}
	return err
}

func (api *api) getAttempt(c *fiber.Ctx, by store.Actor) error {
	a, err := api.attempt(c, by)
	if err != nil {
		return err
	}
	return c.JSON(attemptWholeOf(a))
}

// getEvidence answers with a photo that a check of the attempt kept.
func (api *api) getEvidence(c *fiber.Ctx, by store.Actor) error {
	a, err := api.attempt(c, by)
	if err != nil {
		return err
	}
	ref := kyc.PhotoRef(segment(c, "photo"))
	if !slices.ContainsFunc(a.Stages, func(s kyc.Stage) bool { return s.Photo == ref }) {
		return unknown(&kyc.NotFoundError{Kind: "photo", ID: string(ref)})
	}
	p, err := api.attempts.Photo(c.UserContext(), by.Tenant, ref)
	if err != nil {
		return unknown(err)
	}
	c.Set(fiber.HeaderContentType, p.MediaType)
	return c.Send(p.Bytes)
}

// The decisions of a review, and what they make of an attempt.
func decisions() map[string]kyc.Status {
	return map[string]kyc.Status{"approve": kyc.Success, "reject": kyc.Failed, "cancel": kyc.Cancelled}
}

func (api *api) reviewAttempt(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Decision string `param:"decision"`
		Reason   string `param:"reason"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	status, known := decisions()[r.Decision]
	switch {
	case !known:
		return decode.Invalid("decision", "must be approve, reject or cancel")
	case strings.TrimSpace(r.Reason) == "":
		return decode.Invalid("reason", "is needed: a sentence for whoever asks later why")
	}
	if err := api.attempts.Review(c.UserContext(), by, segment(c, "attempt"), status, r.Reason); err != nil {
		return unknown(err)
	}
	a, err := api.attempt(c, by)
	if err != nil {
		return err
	}
	if server.Permit(c, ScopeAttempts, "") != nil { // who decides need not be who reads
		return c.JSON(attemptRowOf(a))
	}
	return c.JSON(attemptWholeOf(a))
}
