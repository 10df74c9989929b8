package document

import "errors"

// ErrTooSmall means that the document is too small in the photo, or the photo too
// coarse, for its text to be read: take it from nearer by.
var ErrTooSmall = errors.New("document: too small to read")
