package client

// Code says what a server could not do, and why. It is an error for errors.Is to
// compare with; docs/api.md tells what to do about each.
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// The codes of the native API.
const (
	NoFace               Code = "no_face"
	SeveralFaces         Code = "several_faces"
	FaceTooSmall         Code = "face_too_small"
	LowQuality           Code = "low_quality"
	SpoofSuspected       Code = "spoof_suspected"
	LivenessUnknown      Code = "liveness_unknown"
	CorruptImage         Code = "corrupt_image"
	ImageTooSmall        Code = "image_too_small"
	ImageTooLarge        Code = "image_too_large"
	ImageTooComplex      Code = "image_too_complex"
	UnknownPack          Code = "unknown_pack"
	UnsupportedMediaType Code = "unsupported_media_type"
	InvalidRequest       Code = "invalid_request"
	BodyTooLarge         Code = "body_too_large"
	HeadersTooLarge      Code = "headers_too_large"
	Unauthorized         Code = "unauthorized"
	Forbidden            Code = "forbidden"
	NotFound             Code = "not_found"
	MethodNotAllowed     Code = "method_not_allowed"
	AlreadyExists        Code = "already_exists"
	TooManyFaces         Code = "too_many_faces"
	BeingDeleted         Code = "being_deleted"
	OtherPack            Code = "other_pack"
	TemplateVersion      Code = "template_version"
	NotAnArchive         Code = "not_an_archive"
	ArchiveDamaged       Code = "archive_damaged"
	PositionAhead        Code = "position_ahead"
	TooManyWebhooks      Code = "too_many_webhooks"
	ImportStarted        Code = "import_started"
	ReviewDecided        Code = "review_decided"
	ImportIncomplete     Code = "import_incomplete"
	ImportTooLarge       Code = "import_too_large"
	TooManyImports       Code = "too_many_imports"
	JobEnded             Code = "job_ended"
	WebhookAddress       Code = "webhook_address"
	WebhookDisabled      Code = "webhook_disabled"
	WebhookErased        Code = "webhook_erased"
	WebhookSealed        Code = "webhook_sealed"
	WebhookUnsigned      Code = "webhook_unsigned"
	WebhookUnverified    Code = "webhook_unverified"
	NotInReview          Code = "not_in_review"
	PreconditionFailed   Code = "precondition_failed"
	RequestTimeout       Code = "request_timeout"
	Busy                 Code = "busy"
	Unavailable          Code = "unavailable"
	Converting           Code = "converting"
	PositionNotReached   Code = "position_not_reached"
	Timeout              Code = "timeout"
	OutcomeUnknown       Code = "outcome_unknown"
	Damaged              Code = "damaged"
	StorageFull          Code = "storage_full"
	Internal             Code = "internal"
)
