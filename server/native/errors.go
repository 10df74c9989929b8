package native

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/archive"
	"oneton/archive/gallery"
	"oneton/identify"
	"oneton/imports"
	"oneton/job"
	"oneton/kyc"
	"oneton/server/problem"
	"oneton/store"
	"oneton/webhook"
)

// ErrPrecondition means that what was to be changed is no longer, or already,
// as the request's conditions say.
var ErrPrecondition = errors.New("native: precondition failed")

// problems are what errors of the API's calls come to.
var problems = slices.Concat(problem.Request, problem.Photo, problem.Stored, problem.Table{
	problem.For(identify.ErrTooManyFaces, fiber.StatusConflict, "too_many_faces", "The subject has as many faces as one may have, 1,000; delete some, or enrol another subject"),
	problem.For(store.ErrEnding, fiber.StatusConflict, "being_deleted", "The subject is to be deleted soon; take its deletion back first, or delete it at once"),
	problem.For(identify.ErrOtherPack, fiber.StatusConflict, "other_pack", "The galleries are of different model packs, whose templates do not compare; nobody was moved"),
	problem.For(identify.ErrPositionAhead, fiber.StatusConflict, "position_ahead", "The change log has not come as far as the position"),
	problem.For(imports.ErrInvalid, fiber.StatusBadRequest, "invalid_request", "The request is not valid"),
	problem.For(imports.ErrStarted, fiber.StatusConflict, "import_started", "The import has begun, and takes no more parts"),
	problem.For(imports.ErrEmpty, fiber.StatusConflict, "import_incomplete", "The import has no parts yet, or one is missing; put them, and start it then"),
	problem.For(imports.ErrParts, fiber.StatusConflict, "import_incomplete", "The import has no parts yet, or one is missing; put them, and start it then"),
	problem.For(imports.ErrTooMany, fiber.StatusConflict, "too_many_imports", "The tenant has as many imports under way as one may have; wait, or delete some"),
	problem.For(imports.ErrTooLarge, fiber.StatusRequestEntityTooLarge, "import_too_large", "The import would have more bytes than one may have; make several"),
	problem.For(job.ErrEnded, fiber.StatusConflict, "job_ended", "The job has ended, and cannot be cancelled"),
	problem.For(gallery.ErrFormat, fiber.StatusUnprocessableEntity, "not_an_archive", "The body is no archive of a gallery that this version reads"),
	problem.For(archive.ErrCut, fiber.StatusUnprocessableEntity, "archive_damaged", "The archive ends before its end, as when it was not exported or copied whole; nobody of it was added"),
	problem.For(archive.ErrDamaged, fiber.StatusUnprocessableEntity, "archive_damaged", "The archive is not as it was written; nobody of it was added"),
	problem.For(identify.ErrVersion, fiber.StatusConflict, "template_version", "The templates are of another pack, or of a version of it that the loaded one does not convert; nobody was added"),
	problem.For(kyc.ErrInvalid, fiber.StatusBadRequest, "invalid_request", "The request is not valid"),
	problem.For(kyc.ErrNotInReview, fiber.StatusConflict, "not_in_review", "The attempt is not in review, or was decided meanwhile; read it again"),
	problem.For(identify.ErrDecided, fiber.StatusConflict, "review_decided", "Somebody has decided this already"),
	problem.For(identify.ErrNoCandidate, fiber.StatusConflict, "not_a_candidate", "The subject is no candidate of the review, or none any more; read it again"),
	problem.For(access.ErrTooMany, fiber.StatusConflict, "too_many_keys", "The tenant has as many keys as one may have; revoke some, which count for a day, or have the operator make one"),
	problem.For(access.ErrMaker, fiber.StatusConflict, "made_required", "The key made the one that asks, which would be revoked with it; say with made whether to keep or revoke what it made"),
	problem.For(webhook.ErrInvalid, fiber.StatusBadRequest, "invalid_request", "The request is not valid"),
	problem.For(webhook.ErrAddress, fiber.StatusUnprocessableEntity, "webhook_address", "The URL leads to an address or a port that webhooks are not sent to"),
	problem.For(webhook.ErrUnverified, fiber.StatusUnprocessableEntity, "webhook_unverified", "What answers at the URL did not return the challenge"),
	problem.For(webhook.ErrSealed, fiber.StatusConflict, "webhook_sealed", "The webhook's keys or credentials were sealed under a secret that the server does not have; rotate or set them"),
	problem.For(webhook.ErrUnsigned, fiber.StatusConflict, "webhook_unsigned", "What is sent to the webhook is not signed, so it has no keys to rotate; change its authentication"),
	problem.For(webhook.ErrErased, fiber.StatusConflict, "webhook_erased", "What was sent is erased, since all its receivers have taken it"),
	problem.For(webhook.ErrTooMany, fiber.StatusConflict, "too_many_webhooks", "The tenant has as many webhooks as one may have, 50; delete some"),
	problem.For(webhook.ErrDisabled, fiber.StatusConflict, "webhook_disabled", "The webhook is disabled; enable it first"),
	problem.For(webhook.ErrBusy, fiber.StatusServiceUnavailable, "busy", "Receivers of the tenant are being verified already; try again shortly"),
	problem.For(store.ErrConflict, fiber.StatusPreconditionFailed, "precondition_failed", "The webhook was changed while its receiver was verified; read it again"),
	problem.For(ErrPrecondition, fiber.StatusPreconditionFailed, "precondition_failed", "This is another version than the one that If-Match or If-None-Match asks for; read it again"),
})
