package native

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// subjectOfPath is the id of the path's subject.
func subjectOfPath(c *fiber.Ctx) store.SubjectID { return store.SubjectID(segment(c, "subject")) }

// mergeSubject also needs the scope to delete, since the subject is gone afterwards.
func (api *api) mergeSubject(c *fiber.Ctx, by store.Actor) error {
	if err := server.Permit(c, ScopeDelete, ""); err != nil {
		return err
	}
	var r struct {
		Into     string            `param:"into,required"`
		Metadata map[string]string `param:"metadata"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	sub, position, err := api.service.Merge(c.UserContext(), by, segment(c, "gallery"), subjectOfPath(c), store.SubjectID(r.Into), r.Metadata)
	return reassigned(c, segment(c, "gallery"), sub, position, err)
}

// splitSubject also needs the scope to delete, since the faces no longer tell who the
// subject is.
func (api *api) splitSubject(c *fiber.Ctx, by store.Actor) error {
	if err := server.Permit(c, ScopeDelete, ""); err != nil {
		return err
	}
	var r struct {
		Faces    []string          `param:"faces,required"`
		Into     string            `param:"into,required"`
		Create   bool              `param:"create"`
		Metadata map[string]string `param:"metadata"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	faces := make([]store.FaceID, len(r.Faces))
	for i, id := range r.Faces {
		faces[i] = store.FaceID(id)
	}
	sub, position, err := api.service.Split(c.UserContext(), by, segment(c, "gallery"), subjectOfPath(c), faces, store.SubjectID(r.Into), r.Create, r.Metadata)
	return reassigned(c, segment(c, "gallery"), sub, position, err)
}

// moveSubject also needs the scope to delete, since the subject is gone from where it
// was.
func (api *api) moveSubject(c *fiber.Ctx, by store.Actor) error {
	if err := server.Permit(c, ScopeDelete, ""); err != nil {
		return err
	}
	var r struct {
		Gallery string `param:"gallery,required"`
		ID      string `param:"id"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	sub, position, err := api.service.Move(c.UserContext(), by, segment(c, "gallery"), subjectOfPath(c), r.Gallery, store.SubjectID(r.ID))
	return reassigned(c, r.Gallery, sub, position, err)
}

// reassigned answers with whom faces are of now, or the error.
func reassigned(c *fiber.Ctx, gallery string, sub store.Subject, position uint64, err error) error {
	if err != nil {
		return err
	}
	c.Location("/v1/galleries/" + escape(gallery) + "/subjects/" + escape(string(sub.ID)))
	server.SetPosition(c, position)
	return conditions{}.send(c, tagOfSubject(sub), subjectOf(sub))
}

func (api *api) endSubject(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Seconds int64 `param:"seconds,required"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	if r.Seconds > maxRetention { // which a duration could not hold
		return decode.Invalid("seconds", "must be 1 to 2592000, which is 30 days")
	}
	sub, err := api.service.EndSubject(c.UserContext(), by, segment(c, "gallery"), subjectOfPath(c), time.Duration(r.Seconds)*time.Second)
	if err != nil {
		return err
	}
	return conditions{}.send(c, tagOfSubject(sub), subjectOf(sub))
}

func (api *api) keepSubject(c *fiber.Ctx, by store.Actor) error {
	sub, err := api.service.KeepSubject(c.UserContext(), by, segment(c, "gallery"), subjectOfPath(c))
	if err != nil {
		return err
	}
	return conditions{}.send(c, tagOfSubject(sub), subjectOf(sub))
}

func (api *api) getCounts(c *fiber.Ctx, by store.Actor) error {
	n, err := api.service.Counts(c.UserContext(), by, segment(c, "gallery"))
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Subjects int `json:"subjects"`
		Faces    int `json:"faces"`
	}{n.Subjects, n.Faces})
}
