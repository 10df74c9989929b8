package ocr

import "errors"

// These errors say why nothing was read.
var (
	// ErrModels means that the folder has not all of the models' files.
	ErrModels = errors.New("ocr: no models")

	// ErrTooMuch means that more strips were given than are read at once.
	ErrTooMuch = errors.New("ocr: too much text")
)
