package twoface

import (
	"maps"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"oneton/kyc"
	"oneton/store"
)

// attempt is what a session has come to.
func (d *dialect) attempt(c *fiber.Ctx, by store.Actor) error {
	a, err := d.service.Attempt(c.UserContext(), by, segment(c, "id"))
	if err != nil {
		return err
	}
	type result struct {
		Status kyc.StageStatus `json:"status"`
		Output map[string]any  `json:"output"`
	}
	type stage struct {
		Name   string         `json:"name"`
		Input  map[string]any `json:"input"`
		Result result         `json:"result"`
	}
	faces, stages := make([]string, 0, len(a.Faces)), make([]stage, 0, len(a.Stages))
	faces = append(faces, a.Faces...)
	for _, s := range a.Stages {
		input := maps.Clone(s.Input)
		if s.Photo != "" {
			input["document_url"] = d.link(c, by.Tenant, s.Photo)
		}
		stages = append(stages, stage{s.Name, input, result{s.Status, s.Output}})
	}
	return answer(c, struct {
		ObjectID  string     `json:"_id"`
		Type      kyc.Kind   `json:"type"`
		Faces     []string   `json:"faces"`
		Stages    []stage    `json:"stages"`
		Status    kyc.Status `json:"status"`
		CreatedAt string     `json:"createdAt"`
		UpdatedAt string     `json:"updatedAt"`
		ID        string     `json:"id"`
	}{a.ID, a.Kind, faces, stages, a.Status, moment(a.CreatedAt), moment(a.UpdatedAt), a.ID})
}

// link is the address of a photo, for as long as links last.
func (d *dialect) link(c *fiber.Ctx, tenant store.TenantID, photo kyc.PhotoRef) string {
	base := d.cfg.URL
	if base == "" {
		base = "http://" + string(c.Context().Host())
	}
	return base + d.at + "/photos/" + url.PathEscape(string(photo)) + "?" + d.links.query(tenant, string(photo))
}

// photo answers whoever has its address with a photo, while that lasts.
func (d *dialect) photo(c *fiber.Ctx) error {
	photo, tenant := segment(c, "photo"), c.Query(paramTenant)
	if !d.links.holds(tenant, photo, c.Query(paramExpires), c.Query(paramSignature)) {
		return linkless.Problem()
	}
	if err := d.take(c, store.TenantID(tenant)); err != nil {
		return err
	}
	p, err := d.service.Photo(c.UserContext(), store.TenantID(tenant), kyc.PhotoRef(photo))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, p.MediaType)
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	return c.Send(p.Bytes)
}

// review decides an attempt that waits for it, and answers with its id.
func (d *dialect) review(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Status string `param:"status"`
	}
	if err := read(c, 0, &r); err != nil {
		return err
	}
	if err := among("`status`", r.Status, ",", kyc.Reviews()); err != nil {
		return err
	}
	id := segment(c, "id")
	if err := d.service.Review(c.UserContext(), by, id, kyc.Status(r.Status), ""); err != nil {
		return err
	}
	return answer(c, id)
}
