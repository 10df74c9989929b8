package uqudo

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// search finds who is on a photo and may add who is not found. Of several
// people too close to tell, which this API has no answer for, it names the
// nearest.
func (d *dialect) search(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		IDPhoto decode.Photo `param:"idPhoto,required"`
		Insert  bool         `param:"insert"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	if err := check("idPhoto", r.IDPhoto); err != nil {
		return err
	}
	if r.Insert {
		if err := server.Permit(c, ScopeInsert, "insert"); err != nil {
			return err
		}
	}
	var a identify.Answer
	err := d.inGallery(c.UserContext(), by, func() (err error) {
		a, err = d.service.Search(c.UserContext(), by, identify.SearchRequest{
			Gallery: Gallery, Photos: [][]byte{r.IDPhoto}, K: 1, Insert: r.Insert,
		})
		return err
	})
	if err != nil {
		return renamed(err, "photo", "idPhoto")
	}
	server.SetPosition(c, a.Position)
	var answer struct {
		ID    *store.SubjectID `json:"oneToNVerificationId"` // null: nobody
		Match bool             `json:"oneToNVerificationMatch"`
	}
	switch probe := a.Probes[0]; {
	case probe.Outcome != identify.Nobody:
		answer.ID, answer.Match = &probe.Candidates[0].Subject, true
	case a.Inserted != nil:
		answer.ID = &a.Inserted.Subject.ID
	}
	return c.JSON(answer)
}

// insert adds a photo as a new person.
func (d *dialect) insert(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		IDPhoto decode.Photo `param:"idPhoto,required"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	if err := check("idPhoto", r.IDPhoto); err != nil {
		return err
	}
	var e identify.Enrolled
	err := d.inGallery(c.UserContext(), by, func() (err error) {
		e, err = d.service.Enrol(c.UserContext(), by, identify.EnrolRequest{
			Gallery: Gallery, Create: true, Photos: [][]byte{r.IDPhoto},
		})
		return err
	})
	if err != nil {
		return renamed(err, "photo", "idPhoto")
	}
	server.SetPosition(c, e.Position)
	return c.JSON(struct {
		ID string `json:"oneToNVerificationId"`
	}{string(e.Subject.ID)})
}

// delete removes the stored photo; its features stay searchable under the
// same id.
func (d *dialect) delete(c *fiber.Ctx, by store.Actor) error {
	id, err := url.PathUnescape(c.Params("id"))
	if err != nil {
		id = c.Params("id") // which names nobody
	}
	if err := d.service.DeletePhotos(c.UserContext(), by, Gallery, store.SubjectID(id)); err != nil {
		return renamed(err, "subject", "oneToNVerificationId", "gallery", "oneToNVerificationId")
	}
	return c.SendStatus(fiber.StatusNoContent)
}
