// Package ocr finds lines of text in a picture and reads them, with the models
// of PP-OCRv5 mobile: a detector of text (differentiable binarisation), a
// classifier that tells a line from one upside down, and a recogniser of
// characters (connectionist temporal classification, CTC). It knows nothing of
// what the text says.
package ocr

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oneton/onnx"
	"oneton/pool"
)

// Reader finds and reads lines. The same picture gives the same answer. Each of
// its methods takes workers from the pool by itself, so none is called by who
// holds one. It may be used from any number of goroutines at once.
type Reader struct {
	workers    *pool.Pool
	detector   *onnx.Session
	classifier *onnx.Session
	recogniser *onnx.Session
	keys       []string
}

// The files that the set-up's group "documents" brings.
const (
	detectorFile   = "ppocrv5_det.onnx"
	classifierFile = "ppocrv5_cls.onnx"
	recogniserFile = "ppocrv5_rec.onnx"
	keysFile       = "ppocr_keys_v5.txt"
)

// New loads the models of a folder into the runtime. It is ErrModels when one is
// not there, and onnx.ErrModel when one is not as it should be.
func New(models string, rt *onnx.Runtime, workers *pool.Pool) (_ *Reader, err error) {
	r := &Reader{workers: workers}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	for _, part := range []struct {
		session **onnx.Session
		file    string
	}{{&r.detector, detectorFile}, {&r.classifier, classifierFile}, {&r.recogniser, recogniserFile}} {
		if *part.session, err = load(rt, filepath.Join(models, part.file)); err != nil {
			return nil, err
		}
	}
	keys, err := read(filepath.Join(models, keysFile))
	if err != nil {
		return nil, err
	}
	if r.keys, err = parseKeys(keys); err != nil {
		return nil, err
	}
	return r, nil
}

func load(rt *onnx.Runtime, path string) (*onnx.Session, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	model, err := onnx.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", filepath.Base(path), err)
	}
	model.FoldScales()
	session, err := rt.NewSession(model)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", filepath.Base(path), err)
	}
	return session, nil
}

func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; 'oneton setup --with documents' fetches it", ErrModels, err)
	}
	return data, nil
}

// Close frees the models. Work under way is then onnx.ErrClosed; when the pool
// was closed before, there is none.
func (r *Reader) Close() error {
	var err error
	for _, s := range []*onnx.Session{r.detector, r.classifier, r.recogniser} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}
