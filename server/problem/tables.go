package problem

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/index"
	"oneton/photo"
	"oneton/pool"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// invalid is a request that is not as its call takes it.
var invalid = server.Kind{Status: fiber.StatusBadRequest, Code: "invalid_request", Title: "The request is not valid"}

func unavailable(err error) Row {
	return For(err, fiber.StatusServiceUnavailable, "unavailable", "The service cannot answer now; try again later")
}

// Request is of what is wrong with a request as such.
var Request = Table{
	For(identify.ErrInvalid, invalid.Status, invalid.Code, invalid.Title),
	For(decode.ErrMediaType, fiber.StatusUnsupportedMediaType, "unsupported_media_type", "The call does not take a body of this type"),
}

// Photo is of photos that cannot be used, and of who looks at them.
var Photo = Table{
	For(identify.ErrNoFace, fiber.StatusUnprocessableEntity, "no_face", "The photo shows no face; send another"),
	For(identify.ErrSeveralFaces, fiber.StatusUnprocessableEntity, "several_faces", "The photo shows several faces and none is clearly the subject; send another, or crop it to one of them"),
	For(identify.ErrFaceTooSmall, fiber.StatusUnprocessableEntity, "face_too_small", "The face has too few pixels to be compared; send a photo from nearer"),
	For(identify.ErrLowQuality, fiber.StatusUnprocessableEntity, "low_quality", "The photo is too poor; reasons says why"),
	For(identify.ErrSpoof, fiber.StatusUnprocessableEntity, "spoof_suspected", "The face looks like a picture of a face, not a person"),
	For(identify.ErrLivenessUnknown, fiber.StatusUnprocessableEntity, "liveness_unknown", "The gallery lets only live faces pass, and this photo does not tell"),

	For(photo.ErrEmpty, fiber.StatusBadRequest, "invalid_request", "The photo is empty"),
	For(photo.ErrUnsupported, fiber.StatusUnsupportedMediaType, "unsupported_media_type", "The photo must be a still JPEG, PNG, WebP or BMP"),
	For(photo.ErrCorrupt, fiber.StatusUnprocessableEntity, "corrupt_image", "The photo cannot be decoded; send the whole file as it was taken"),
	For(photo.ErrTooLarge, fiber.StatusRequestEntityTooLarge, "image_too_large", "The photo has more bytes or pixels than are allowed; send a smaller one"),
	For(photo.ErrTooComplex, fiber.StatusUnprocessableEntity, "image_too_complex", "Decoding the photo takes more work than photos need; save it anew as a plain JPEG or PNG"),
	For(photo.ErrTooSmall, fiber.StatusUnprocessableEntity, "image_too_small", "The photo has too few pixels to show a face"),
	For(photo.ErrPack, fiber.StatusUnprocessableEntity, "unknown_pack", "The model pack is not loaded"),
	For(pool.ErrBusy, fiber.StatusServiceUnavailable, "busy", "Too many photos are waiting; try again shortly"),
	unavailable(pool.ErrClosed),
}

// Stored is of what the store and the index have, or have not.
var Stored = Table{
	For(identify.ErrPositionNotReached, fiber.StatusServiceUnavailable, "position_not_reached", "The index here has not come as far as the position; try again shortly"),
	unavailable(index.ErrUnavailable),
	For(store.ErrSpace, fiber.StatusServiceUnavailable, "converting", "The faces of the model pack are of another version than is loaded here, or are being converted to it; try again later"),
	For(store.ErrNotFound, fiber.StatusNotFound, "not_found", "What the request names does not exist"),
	For(store.ErrExists, fiber.StatusConflict, "already_exists", "The name or id is taken; choose another"),
	// These come together with ErrUnavailable.
	For(store.ErrFull, fiber.StatusInsufficientStorage, "storage_full", "There is no room to add anything, until the operator has made some; deleting works"),
	For(store.ErrUncertain, fiber.StatusGatewayTimeout, "outcome_unknown", "The database was lost in the middle of a write, which may have been made"),
	For(identify.ErrPolicyDamaged, fiber.StatusInternalServerError, "damaged", "The gallery's policy is damaged, as by a failing disk; PATCH the gallery with all six fields of a policy"),
	For(store.ErrDamaged, fiber.StatusInternalServerError, "damaged", "What is stored of this is damaged, as by a failing disk; restore it from a backup, or delete it and enrol again"),
	unavailable(store.ErrUnavailable),
	unavailable(store.ErrClosed),
}
