package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
)

// Parse reads a manifest strictly: unknown and repeated keys, and values that
// break what Manifest says, are ErrManifest.
func Parse(data []byte) (*Manifest, error) {
	var m Manifest
	decoder := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if err := decoder.Decode(&Manifest{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one document", ErrManifest)
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return &m, nil
}

var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)

// rule is a condition that a field of a manifest must meet.
type rule struct {
	ok    bool
	field string
	need  string
}

func firstBroken(rules []rule) error {
	for _, r := range rules {
		if !r.ok {
			return fmt.Errorf("%s: must be %s", r.field, r.need)
		}
	}
	return nil
}

// maxTemplate is the longest template that every index can hold.
const maxTemplate = 1024

func (m *Manifest) validate() error {
	if err := firstBroken([]rule{
		{nameRule.MatchString(m.Name), "name", "lower-case letters, digits, '-' and '.'"},
		{m.Version != "", "version", "set"},
		{m.Licence != "", "licence", "set"},
		{len(m.Files) > 0, "files", "one or more"},
		{len(m.Recognisers) > 0, "recognisers", "one or more"},
	}); err != nil {
		return err
	}
	if err := m.validateFiles(); err != nil {
		return err
	}
	if err := m.Detector.validate(m.listed); err != nil {
		return fmt.Errorf("detector.%w", err)
	}
	if m.Aligner != nil {
		if err := m.Aligner.validate(m.listed, m.Detector.Score); err != nil {
			return fmt.Errorf("aligner.%w", err)
		}
	}
	if e := m.Enhancement; e != nil {
		if err := firstBroken([]rule{
			{e.Contrast > 0 && e.Contrast <= 127, "contrast", "above 0, at most 127"},
			{e.Balance >= 0 && e.Balance <= 1, "balance", "0 to 1"},
			{e.Noise > 0 && e.Noise < math.MaxFloat32, "noise", "above 0"},
		}); err != nil {
			return fmt.Errorf("enhancement.%w", err)
		}
	}
	weights := 0.0
	for i, r := range m.Recognisers {
		if err := r.validate(m.listed); err != nil {
			return fmt.Errorf("recognisers[%d].%w", i, err)
		}
		weights += r.Weight
	}
	const rounding = 1e-6
	if math.Abs(weights-1) > rounding {
		return fmt.Errorf("recognisers: weights sum to %v, must be 1", weights)
	}
	if n := max(m.joinedDimension(), m.TemplateDimension()); n > maxTemplate {
		return fmt.Errorf("recognisers: templates have %d dimensions together, at most %d are searched", n, maxTemplate)
	}
	if err := m.validateTrust(); err != nil {
		return err
	}
	if m.Liveness != nil {
		if err := m.Liveness.validate(); err != nil {
			return fmt.Errorf("liveness.%w", err)
		}
	}
	if err := m.Calibration.Validate(); err != nil {
		return fmt.Errorf("calibration: %w", err)
	}
	return nil
}

func (m *Manifest) validateFiles() error {
	seen := map[string]bool{}
	for i, f := range m.Files {
		err := f.validate()
		if err == nil && seen[f.Name] {
			err = errors.New("name: must be listed once")
		}
		if err != nil {
			return fmt.Errorf("files[%d].%w", i, err)
		}
		seen[f.Name] = true
	}
	return nil
}

func (f File) validate() error {
	sum, err := hex.DecodeString(f.SHA256)
	return firstBroken([]rule{
		{plainName(f.Name), "name", "a plain file name without a folder"},
		{err == nil && len(sum) == sha256.Size, "sha256", "64 hexadecimal digits"},
	})
}

// plainName says that a name cannot lead out of the pack's folder.
func plainName(name string) bool {
	return name != "" && name != "." && filepath.IsLocal(name) && filepath.Base(name) == name &&
		!bytes.ContainsAny([]byte(name), `/\`)
}

func (m *Manifest) listed(name string) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == name })
}

// Bounds of what a manifest may ask for, so that a typing error cannot ask for
// all memory.
const (
	maxStride    = 256
	maxFrame     = 4096
	maxAnchors   = 16
	maxDimension = 8192
	maxSide      = 1024
	maxCrop      = 10
	maxClasses   = 1000
	maxSteps     = 8
)

func (d Detector) validate(listed func(string) bool) error {
	if err := firstBroken([]rule{
		{listed(d.File), "file", "listed under files"},
		{d.Decoder == YuNet || d.Decoder == SCRFD, "decoder", "yunet or scrfd"},
		{len(d.Strides) > 0, "strides", "one or more"},
		{d.Anchors >= 1 && d.Anchors <= maxAnchors, "anchors", fmt.Sprintf("1 to %d", maxAnchors)},
		{d.Decoder != YuNet || d.Anchors == 1, "anchors", "1 for yunet"},
		{d.Score > 0 && d.Score < 1, "score", "between 0 and 1"},
		{d.NMS > 0 && d.NMS < 1, "nms", "between 0 and 1"},
		{d.Frame >= 1 && d.Frame <= maxFrame, "frame", fmt.Sprintf("1 to %d", maxFrame)},
	}); err != nil {
		return err
	}
	for i, s := range d.Strides {
		if s < 1 || s > maxStride || i > 0 && s <= d.Strides[i-1] {
			return fmt.Errorf("strides: must rise from 1 or more to at most %d", maxStride)
		}
		if d.Frame%s != 0 {
			return fmt.Errorf("frame: must be a multiple of stride %d", s)
		}
		if d.MaxStride()%s != 0 {
			return fmt.Errorf("strides: %d must divide %d", s, d.MaxStride())
		}
	}
	return d.Input.validate()
}

// MaxStride is the largest stride, of which the sides of every frame are
// multiples.
func (d Detector) MaxStride() int { return d.Strides[len(d.Strides)-1] }

func (a Aligner) validate(listed func(string) bool, detected float32) error {
	if err := firstBroken([]rule{
		{listed(a.File), "file", "listed under files"},
		{a.Side >= 1 && a.Side <= maxSide, "side", fmt.Sprintf("1 to %d", maxSide)},
		{a.Window > 0 && a.Window <= maxSide, "window", fmt.Sprintf("above 0 and at most %d", maxSide)},
		{a.Centre.X > 0 && a.Centre.X <= maxSide && a.Centre.Y > 0 && a.Centre.Y <= maxSide, "centre", fmt.Sprintf("x and y above 0 and at most %d", maxSide)},
		{a.Steps >= 1 && a.Steps <= maxSteps, "steps", fmt.Sprintf("1 to %d", maxSteps)},
		{a.Score > 0 && a.Score < 1, "score", "between 0 and 1"},
		{a.Doubtful > 0 && a.Doubtful <= detected, "doubtful", "above 0 and at most the detector's score"},
		{a.Sure >= detected && a.Sure <= 1, "sure", "the detector's score to 1"},
	}); err != nil {
		return err
	}
	return a.Input.validate()
}

func (r Recogniser) validate(listed func(string) bool) error {
	if err := firstBroken([]rule{
		{listed(r.File), "file", "listed under files"},
		{r.Alignment == ArcFace112, "alignment", string(ArcFace112)},
		{r.Dimension >= 1 && r.Dimension <= maxDimension, "dimension", fmt.Sprintf("1 to %d", maxDimension)},
		{r.Weight > 0 && r.Weight <= 1, "weight", "above 0 and at most 1"},
	}); err != nil {
		return err
	}
	if p := r.Projection; p != nil {
		if err := firstBroken([]rule{
			{listed(p.File), "projection.file", "listed under files"},
			{p.Dimension >= 1 && p.Dimension <= r.Dimension, "projection.dimension", "1 to the recogniser's dimension"},
		}); err != nil {
			return err
		}
	}
	return r.Input.validate()
}

func (l Liveness) validate() error {
	if err := l.Model.validate(); err != nil {
		return fmt.Errorf("model.%w", err)
	}
	if err := firstBroken([]rule{
		{l.Side >= 1 && l.Side <= maxSide, "side", fmt.Sprintf("1 to %d", maxSide)},
		{l.Crop >= 1 && l.Crop <= maxCrop, "crop", fmt.Sprintf("1 to %d", maxCrop)},
		{l.Classes >= 2 && l.Classes <= maxClasses, "classes", fmt.Sprintf("2 to %d", maxClasses)},
		{l.Live >= 0 && l.Live < l.Classes, "live", "one of the classes, from 0"},
		{l.Real > 0 && l.Real <= 1, "real", "above 0 and at most 1"},
		{l.Spoof >= 0 && l.Spoof <= l.Real, "spoof", "0 to real"},
		{l.MinFace >= 1, "min_face", "1 or more"},
	}); err != nil {
		return err
	}
	return l.Input.validate()
}

func (in Input) validate() error {
	finite := func(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
	return firstBroken([]rule{
		{in.Colour == RGB || in.Colour == BGR, "input.colour", "rgb or bgr"},
		{finite(in.Mean), "input.mean", "a number"},
		{finite(in.Scale) && in.Scale != 0, "input.scale", "a number other than 0"},
	})
}
