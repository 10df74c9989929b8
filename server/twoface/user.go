package twoface

import (
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/server/decode"
	"oneton/store"
)

// moment is a time as the API writes it: ISO 8601 in UTC with milliseconds.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// user is one as the API writes it.
func user(c *fiber.Ctx, u kyc.User, err error) error {
	if err != nil {
		return err
	}
	metadata := u.Metadata
	if len(metadata) == 0 {
		metadata = json.RawMessage("{}")
	}
	return answer(c, struct {
		ObjectID     string          `json:"_id"`
		DocumentID   string          `json:"documentId"`
		DocumentType string          `json:"documentType"`
		Metadata     json.RawMessage `json:"metadata"`
		Attempt      string          `json:"attempt"`
		CreatedAt    string          `json:"createdAt"`
		UpdatedAt    string          `json:"updatedAt"`
		Version      int             `json:"__v"`
		ID           string          `json:"id"`
	}{u.ID, u.DocumentID, u.DocumentType, metadata, u.Attempt, moment(u.CreatedAt), moment(u.UpdatedAt), 0, u.ID})
}

// register makes a user of an attempt.
func (d *dialect) register(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Attempt      string        `param:"attempt,required"`
		DocumentID   string        `param:"documentId,required"`
		DocumentType string        `param:"documentType"`
		Metadata     decode.Object `param:"metadata"`
	}
	if err := read(c, 0, &r); err != nil {
		return err
	}
	if err := among("'documentType'", r.DocumentType, ", ", kyc.DocumentTypes()); err != nil {
		return err
	}
	u, err := d.service.CreateUser(c.UserContext(), by, kyc.NewUser{
		Attempt: r.Attempt, DocumentID: r.DocumentID, DocumentType: r.DocumentType, Metadata: json.RawMessage(r.Metadata),
	})
	return user(c, u, err)
}

func (d *dialect) user(c *fiber.Ctx, by store.Actor) error {
	u, err := d.service.User(c.UserContext(), by, segment(c, "id"))
	return user(c, u, err)
}

func (d *dialect) userByDocument(c *fiber.Ctx, by store.Actor) error {
	u, err := d.service.UserByDocument(c.UserContext(), by, segment(c, "documentId"))
	return user(c, u, err)
}

// forget deletes a user with the face that is kept of it, and answers with its id.
func (d *dialect) forget(c *fiber.Ctx, by store.Actor) error {
	id := segment(c, "id")
	if err := d.service.DeleteUser(c.UserContext(), by, id); err != nil {
		return err
	}
	return answer(c, id)
}
