package onnx

import "errors"

// These errors say why a model does not run.
var (
	// ErrLibrary means that the ONNX Runtime library cannot be loaded or used.
	ErrLibrary = errors.New("onnx: cannot use the ONNX Runtime library")

	// ErrTelemetry means that the library would report to its maker and cannot
	// be kept from it. Nothing is loaded.
	ErrTelemetry = errors.New("onnx: the ONNX Runtime library would report to its maker")

	// ErrInUse means that the runtime still has open sessions, or that
	// another library is already loaded in this process.
	ErrInUse = errors.New("onnx: runtime in use")

	// ErrModel means that the bytes are no ONNX model that can be run.
	ErrModel = errors.New("onnx: bad model")

	// ErrTensor means that the tensors do not fit the session's inputs.
	ErrTensor = errors.New("onnx: bad tensor")

	// ErrClosed means that the session or runtime was closed.
	ErrClosed = errors.New("onnx: closed")
)
