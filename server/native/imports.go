package native

import (
	"context"
	"errors"
	"math"
	"mime"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/imports"
	"oneton/job"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// Imports bring many people over at once; *imports.Service does.
type Imports interface {
	Create(ctx context.Context, by store.Actor, n imports.New) (imports.Import, error)
	Put(ctx context.Context, by store.Actor, id string, part int64, content []byte) error
	Start(ctx context.Context, by store.Actor, id string) (imports.Import, error)
	Import(ctx context.Context, by store.Actor, id string) (imports.Import, error)
	Imports(ctx context.Context, by store.Actor, p store.Page) ([]imports.Import, error)
	Items(ctx context.Context, by store.Actor, id string, outcome imports.Outcome, after int64, limit int) ([]imports.ItemResult, error)
	Cancel(ctx context.Context, by store.Actor, id string) error
	// OfJobs names the imports that jobs do.
	OfJobs(ctx context.Context, by store.Actor, jobs []job.ID) (map[job.ID]string, error)
}

func (api *api) importRoutes(v1 fiber.Router) {
	v1.Post("/galleries/:gallery/imports", server.Scoped(ScopeImports, api.createImport))
	v1.Get("/imports", server.Scoped(ScopeImports, api.listImports))
	v1.Get("/imports/:import", server.Scoped(ScopeImports, api.getImport))
	v1.Put("/imports/:import/parts/:part", server.Scoped(ScopeImports, api.putPart))
	v1.Post("/imports/:import/start", server.Scoped(ScopeImports, api.startImport))
	v1.Get("/imports/:import/items", server.Scoped(ScopeImports, api.listItems))
	v1.Delete("/imports/:import", server.Scoped(ScopeImports, api.deleteImport))
}

// importAnswer is an import as it is told.
type importAnswer struct {
	ID      string `json:"id"`
	Gallery string `json:"gallery"`
	Format  string `json:"format"`
	Job     job.ID `json:"job,omitempty"`
	// Status is the job's, or open.
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Done   int64  `json:"done"`
	Total  int64  `json:"total,omitempty"`
	imports.Counts
	CreatedAt time.Time  `json:"created_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func importOf(i imports.Import) importAnswer {
	a := importAnswer{
		ID: i.ID, Gallery: i.Gallery, Format: i.Format, Job: i.Job, Status: "open", Counts: i.Counts, CreatedAt: i.CreatedAt,
		Error: i.State.Error, Done: i.Added + i.Present + i.Skipped + i.Refused, Total: i.State.Of,
		StartedAt: known(i.State.StartedAt), EndedAt: known(i.State.EndedAt),
	}
	switch {
	case i.State.Status != "":
		a.Status = string(i.State.Status)
	case i.Job != "": // of which nothing is kept any more
		a.Status = "ended"
	}
	return a
}

// The media types of a body that is what is imported.
const (
	mediaZIP   = "application/zip"
	mediaLines = "application/x-ndjson"
)

// formatOf is what a body's type says of its format, or empty where the body is JSON or
// there is none; a decode.MediaTypeError of others.
func formatOf(c *fiber.Ctx) (string, error) {
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	switch media {
	case mediaZIP, "application/x-zip-compressed":
		return imports.FormatZIP, nil
	case mediaLines, "application/ndjson":
		return imports.FormatLines, nil
	}
	const chunked = -1
	length := c.Request().Header.ContentLength()
	if (err != nil || media != fiber.MIMEApplicationJSON) && (length > 0 || length == chunked) {
		return "", &decode.MediaTypeError{Accepts: []string{mediaZIP, mediaLines, fiber.MIMEApplicationJSON}}
	}
	return "", nil
}

func (api *api) createImport(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Format      string `param:"format"`
		SubjectFrom string `param:"subject_from"`
		MakeIDs     bool   `param:"make_ids"`
		Existing    string `param:"existing"`
		Detail      string `param:"detail"`
	}
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	var body []byte
	if format == "" {
		err = read(c, &r)
	} else if err = decode.Request("", c.Request().URI().QueryString(), nil, &r); err == nil {
		body, err = server.Body(c, math.MaxInt)
	}
	if err != nil {
		return err
	}
	if r.Format == "" {
		r.Format = format
	} else if format != "" && format != r.Format {
		return decode.Invalid("format", "is another than the body's type says")
	}
	i, err := api.imports.Create(c.UserContext(), by, imports.New{
		Gallery: segment(c, "gallery"), Format: r.Format, SubjectFrom: r.SubjectFrom, MakeIDs: r.MakeIDs, Existing: r.Existing, Detail: r.Detail,
	})
	if err != nil {
		return err
	}
	c.Location("/v1/imports/" + escape(i.ID))
	if len(body) == 0 {
		return c.Status(fiber.StatusCreated).JSON(importOf(i))
	}
	id := i.ID
	if err = api.imports.Put(c.UserContext(), by, id, 1, body); err == nil {
		i, err = api.imports.Start(c.UserContext(), by, id)
	}
	if err != nil { // and nobody knows the import, to end it
		return errors.Join(err, api.imports.Cancel(context.WithoutCancel(c.UserContext()), by, id))
	}
	return c.Status(fiber.StatusAccepted).JSON(importOf(i))
}

func (api *api) putPart(c *fiber.Ctx, by store.Actor) error {
	part, err := strconv.ParseInt(segment(c, "part"), 10, 64)
	if err != nil {
		return decode.Invalid("part", "must be a whole number from 1 on")
	}
	body, err := server.Body(c, math.MaxInt)
	if err != nil {
		return err
	}
	if err := api.imports.Put(c.UserContext(), by, segment(c, "import"), part, body); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (api *api) startImport(c *fiber.Ctx, by store.Actor) error {
	i, err := api.imports.Start(c.UserContext(), by, segment(c, "import"))
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(importOf(i))
}

func (api *api) getImport(c *fiber.Ctx, by store.Actor) error {
	i, err := api.imports.Import(c.UserContext(), by, segment(c, "import"))
	if err != nil {
		return err
	}
	return c.JSON(importOf(i))
}

func (api *api) listImports(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Imports []importAnswer `json:"imports"`
		Next    string         `json:"next,omitempty"`
	}
	a.Imports, a.Next, err = paged(p, func(p store.Page) ([]imports.Import, error) {
		return api.imports.Imports(c.UserContext(), by, p)
	}, importOf, func(i imports.Import) string { return i.ID })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

// itemAnswer is what came of a photo.
type itemAnswer struct {
	N       int64           `json:"n"`
	Path    string          `json:"path"`
	Subject store.SubjectID `json:"subject,omitempty"`
	Outcome imports.Outcome `json:"outcome"`
	Face    store.FaceID    `json:"face,omitempty"`
	Code    string          `json:"code,omitempty"`
	Message string          `json:"message,omitempty"`
	Advice  string          `json:"what_to_do,omitempty"`
}

func (api *api) listItems(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest
		Outcome string `param:"outcome"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	if p.After == "" {
		p.After = "-1"
	}
	if _, err := strconv.ParseInt(p.After, 10, 64); err != nil {
		return decode.Invalid("after", "must be the next of a page before")
	}
	switch imports.Outcome(r.Outcome) {
	case "", imports.Added, imports.Present, imports.Skipped, imports.Refused:
	default:
		return decode.Invalid("outcome", "must be added, present, skipped or refused")
	}
	var a struct {
		Items []itemAnswer `json:"items"`
		Next  string       `json:"next,omitempty"`
	}
	a.Items, a.Next, err = paged(p, func(p store.Page) ([]imports.ItemResult, error) {
		after, err := strconv.ParseInt(p.After, 10, 64)
		if err != nil {
			return nil, err
		}
		return api.imports.Items(c.UserContext(), by, segment(c, "import"), imports.Outcome(r.Outcome), after, p.Limit)
	}, func(r imports.ItemResult) itemAnswer {
		return itemAnswer{r.N, r.Ref, r.Subject, r.Outcome, r.Face, r.Code, r.Message, r.Advice}
	}, func(r imports.ItemResult) string { return strconv.FormatInt(r.N, 10) })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) deleteImport(c *fiber.Ctx, by store.Actor) error {
	if err := api.imports.Cancel(c.UserContext(), by, segment(c, "import")); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
