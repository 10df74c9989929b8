package native

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

// knownPhotos tells which photos need not be sent, since they were.
func (api *api) knownPhotos(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photos []struct {
			Subject string `param:"subject"`
			SHA256  string `param:"sha256"`
		} `param:"photos"`
		Import string `param:"import"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	photos := make([]identify.PhotoOf, len(r.Photos))
	for i, p := range r.Photos {
		sum, err := hex.DecodeString(p.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return decode.Invalid("photos.sha256", "must be a SHA-256 in 64 hexadecimal digits")
		}
		photos[i] = identify.PhotoOf{Subject: store.SubjectID(p.Subject), SHA256: [sha256.Size]byte(sum)}
	}
	known, err := api.service.Known(c.UserContext(), by, segment(c, "gallery"), r.Import, photos)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Known []bool `json:"known"`
	}{known})
}
