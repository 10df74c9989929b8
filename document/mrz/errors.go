package mrz

import "errors"

// These errors tell why lines are no zone, or fields none that can be written.
var (
	// ErrFormat is for lines of another number or length than any format's.
	ErrFormat = errors.New("no machine-readable zone")
	// ErrCharacter is for a character where the format has none such.
	ErrCharacter = errors.New("character out of place")
	// ErrField is for what a field cannot hold.
	ErrField = errors.New("no such field")
)

// These errors tell what is wrong with a zone that was parsed.
var (
	// ErrCheck is for a check digit that is not that of its field.
	ErrCheck = errors.New("wrong check digit")
	// ErrDate is for a date that no calendar has.
	ErrDate = errors.New("no such date")
	// ErrCountry is for a code that neither ISO 3166-1 nor Doc 9303 has.
	ErrCountry = errors.New("no such country")
)
