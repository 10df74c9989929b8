package native

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/evaluation"
	"oneton/imports"
	"oneton/job"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// Jobs is durable work; *job.Queue does it.
type Jobs interface {
	Get(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
	List(ctx context.Context, tenant store.TenantID, q job.Query) ([]job.State, error)
	Cancel(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
}

// shownJobs are the kinds of jobs that callers are told of: those that they asked for.
func shownJobs() []string { return []string{imports.Kind, evaluation.Kind} }

func (api *api) jobRoutes(v1 fiber.Router) {
	v1.Get("/jobs", server.Scoped(ScopeJobs, api.listJobs))
	v1.Get("/jobs/:job", server.Scoped(ScopeJobs, api.getJob))
	v1.Post("/jobs/:job/cancel", server.Scoped(ScopeJobs, api.cancelJob))
}

// jobAnswer is a job as it is told.
type jobAnswer struct {
	ID        job.ID     `json:"id"`
	Kind      string     `json:"kind"`
	Import    string     `json:"import,omitempty"`
	Status    job.Status `json:"status"`
	Done      int64      `json:"done"`
	Total     int64      `json:"total,omitempty"`
	Error     string     `json:"error,omitempty"`
	Attempt   int        `json:"attempt"`
	AddedAt   time.Time  `json:"added_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func jobOf(s job.State) jobAnswer {
	return jobAnswer{
		ID: s.ID, Kind: s.Kind, Status: s.Status, Done: s.Done, Total: s.Of, Error: s.Error, Attempt: s.Attempt,
		AddedAt: s.AddedAt, StartedAt: known(s.StartedAt), EndedAt: known(s.EndedAt),
	}
}

// known is a time, or nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (api *api) listJobs(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest
		Kind   string `param:"kind"`
		Status string `param:"status"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	switch s := job.Status(r.Status); {
	case r.Status == "", s == job.Queued, s == job.Running, s == job.Succeeded, s == job.Failed, s == job.Invalid, s == job.Cancelled:
	default:
		return decode.Invalid("status", "must be queued, running, succeeded, failed, invalid or cancelled")
	}
	var a struct {
		Jobs []jobAnswer `json:"jobs"`
		Next string      `json:"next,omitempty"`
	}
	a.Jobs, a.Next, err = paged(p, func(p store.Page) ([]job.State, error) {
		return api.jobs.List(c.UserContext(), by.Tenant, job.Query{
			Kinds: shownJobs(), Kind: r.Kind, Status: job.Status(r.Status), After: job.ID(p.After), Limit: p.Limit,
		})
	}, jobOf, func(s job.State) string { return string(s.ID) })
	if err != nil {
		return err
	}
	ids := make([]job.ID, len(a.Jobs))
	for i, j := range a.Jobs {
		ids[i] = j.ID
	}
	of, err := api.imports.OfJobs(c.UserContext(), by, ids)
	if err != nil {
		return err
	}
	for i, j := range a.Jobs {
		a.Jobs[i].Import = of[j.ID]
	}
	return c.JSON(a)
}

// sendJob answers with a job.
func (api *api) sendJob(c *fiber.Ctx, by store.Actor, s job.State) error {
	of, err := api.imports.OfJobs(c.UserContext(), by, []job.ID{s.ID})
	if err != nil {
		return err
	}
	a := jobOf(s)
	a.Import = of[s.ID]
	return c.JSON(a)
}

// job is the tenant's job that the path names.
func (api *api) job(c *fiber.Ctx, by store.Actor) (job.State, error) {
	s, err := api.jobs.Get(c.UserContext(), by.Tenant, job.ID(segment(c, "job")))
	if err == nil && !slices.Contains(shownJobs(), s.Kind) {
		err = store.ErrNotFound
	}
	return s, err
}

func (api *api) getJob(c *fiber.Ctx, by store.Actor) error {
	s, err := api.job(c, by)
	if err != nil {
		return err
	}
	return api.sendJob(c, by, s)
}

func (api *api) cancelJob(c *fiber.Ctx, by store.Actor) error {
	s, err := api.job(c, by)
	if err != nil {
		return err
	}
	if s, err = api.jobs.Cancel(c.UserContext(), by.Tenant, s.ID); err != nil {
		return err
	}
	return api.sendJob(c, by, s)
}
