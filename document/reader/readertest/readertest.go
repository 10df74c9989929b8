// Package readertest puts a reader of documents together with the real models, for
// tests and measurements.
package readertest

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/document/ocr"
	"oneton/document/reader"
	"oneton/document/zone"
	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/onnx"
	"oneton/picture"
	"oneton/pool"
)

// Pack is the model pack of the templates.
const Pack = "default"

// Lab reads documents, and finds faces in photos.
type Lab struct {
	*reader.Reader
	Faces   *embed.Embedder
	Workers *pool.Pool
	// close frees the rest, the last first.
	close []func() error
}

// Open loads the library and the models of the folder.
func Open(library, models string) (_ *Lab, err error) {
	l := &Lab{Workers: pool.New(pool.Config{Queue: 64})}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	rt, err := onnx.Open(onnx.Config{Library: library})
	if err != nil {
		return nil, err
	}
	l.close = append(l.close, rt.Close)
	p, err := pack.Open(Pack, models)
	if err != nil {
		return nil, err
	}
	if l.Faces, err = embed.New(embed.Config{}, rt, l.Workers, p); err != nil {
		return nil, err
	}
	l.close = append(l.close, l.Faces.Close)
	text, err := ocr.New(models, rt, l.Workers)
	if err != nil {
		return nil, err
	}
	l.close = append(l.close, text.Close)
	zones, err := zone.New(text)
	if err != nil {
		return nil, err
	}
	l.Reader = reader.New(reader.Config{Pack: Pack, Limits: picture.DefaultLimits()}, l.Workers, text, zones, l.Faces)
	return l, nil
}

// Close ends the workers and frees the models.
func (l *Lab) Close() error {
	l.Workers.Close()
	var all error
	for _, end := range slices.Backward(l.close) {
		all = errors.Join(all, end())
	}
	return all
}

// Start is Open with what set-up fetched, closed with the test. -short leaves the test
// out: it computes, and shares nothing but what the tests of package ocr and embed share.
func Start(t testing.TB) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what ocr's and embed's tests share")
	}
	l, err := Open(embedtest.Library(t), embedtest.Models(t))
	require.NoError(t, err, "run `make setup` to fetch the models")
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}
