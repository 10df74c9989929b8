// Package onnxpb is the ONNX model format in Go, generated from onnx.proto of
// ONNX 1.23, which the ONNX Project Contributors license under Apache-2.0.
package onnxpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go_opt=Monnx.proto=oneton/onnx/internal/onnxpb onnx.proto
