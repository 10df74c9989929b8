package embed

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/onnx"
	"oneton/picture"
)

// CountPasses counts from now on how often the pack's detector looks
// at a photo.
func CountPasses(e *Embedder, pack string) *atomic.Int32 {
	passes := new(atomic.Int32)
	d := e.models[pack].detector
	decode := d.decode
	d.decode = func(outputs []onnx.Tensor, width, height int, score float32) ([]detection, error) {
		passes.Add(1)
		return decode(outputs, width, height, score)
	}
	return passes
}

// Settle says where the pack's aligner moves a crop of a photo, and how sure it
// is.
func Settle(t testing.TB, e *Embedder, pack string, photo []byte, cropToPhoto picture.Affine) (picture.Affine, float32) {
	var d picture.Decoder
	p, err := d.Decode(t.Context(), photo, picture.DefaultLimits())
	require.NoError(t, err)
	m := e.models[pack]
	settled, confidence, err := m.aligner.settle(t.Context(), p, cropToPhoto, make([]float32, m.bufferSize()))
	require.NoError(t, err)
	return settled, confidence
}

// CropToPhoto is the map from the aligned crop to the photo.
func CropToPhoto(l face.Landmarks) picture.Affine {
	m, _ := align(l)
	return m
}
