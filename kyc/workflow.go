package kyc

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Endpoint is a check that a client asks for by itself, which a session may do but so
// often. It is a workflow of one check.
type Endpoint string

// The endpoints.
const (
	FacesDetect       Endpoint = "faces/detect"
	FacesCompare      Endpoint = "faces/compare"
	FacesSmile        Endpoint = "faces/check-smile"
	FacesBlink        Endpoint = "faces/check-blink"
	DocumentsType     Endpoint = "documents/validate-document-type"
	DocumentsIdentity Endpoint = "documents/validate-identity"
)

// Workflow is a row of checks.
type Workflow struct {
	Name string
	// Inputs are what it takes.
	Inputs []Field
	steps  []plannedStep
	// either are those of which one must be sent; empty asks for none.
	either []string
	// value is set for an endpoint: the job's value is its check's.
	value bool
}

// plannedStep is a step of a workflow.
type plannedStep struct {
	step
	// threshold is the similarity that the step asks for, and least the lowest that
	// a client may ask for instead.
	threshold, least float64
	onFailure        onFailure
}

// onFailure is what a check that did not pass means for its workflow.
type onFailure string

const (
	failFailed   onFailure = "failed"
	failReview   onFailure = "review"
	failContinue onFailure = "continue"
)

// FieldKind is what a field holds.
type FieldKind string

// The kinds of fields. An Object is a JSON object, as text.
const (
	File   FieldKind = "file"
	Text   FieldKind = "text"
	Number FieldKind = "number"
	Object FieldKind = "object"
)

// Field is what a workflow takes under a name.
type Field struct {
	Name     string
	Kind     FieldKind
	Required bool
	// OneOf are the values that it may have; empty is any. An optional one that is not
	// sent is the first.
	OneOf []string
}

// The types and sides of documents, as fields have them.
const (
	Cedula   = "CEDULA"
	Passport = "PASSPORT"
	Front    = "FRONT"
	Back     = "BACK"
)

// DocumentTypes and Sides are all of them.
func DocumentTypes() []string { return []string{Cedula, Passport} }

// Sides are those of a document.
func Sides() []string { return []string{Front, Back} }

// fields are all that steps take, by their names.
var fields = map[string]Field{
	"file":         {Name: "file", Kind: File},
	"face":         {Name: "face", Kind: File},
	"document":     {Name: "document", Kind: File},
	"clip":         {Name: "clip", Kind: File},
	"documentType": {Name: "documentType", Kind: Text, OneOf: DocumentTypes()},
	"documentSide": {Name: "documentSide", Kind: Text, OneOf: Sides()},
	"side":         {Name: "side", Kind: Text, OneOf: Sides()},
	"documentId":   {Name: "documentId", Kind: Text},
	"userId":       {Name: "userId", Kind: Text},
	"metadata":     {Name: "metadata", Kind: Object},
	"threshold":    {Name: "threshold", Kind: Number},
}

func required(name string) Field {
	f := fields[name]
	f.Required = true
	return f
}

func optional(name string) Field { return fields[name] }

// inputsOf are what the steps take together.
func inputsOf(steps []plannedStep) (inputs []Field) {
	for _, st := range steps {
		for _, f := range st.takes {
			i := slices.IndexFunc(inputs, func(o Field) bool { return o.Name == f.Name })
			if i < 0 {
				inputs = append(inputs, f)
				continue
			}
			inputs[i].Required = inputs[i].Required || f.Required
		}
	}
	return inputs
}

// Input is what a client sent: fields by their names, and files.
type Input struct {
	Fields map[string]string
	Files  map[string][]byte
}

const (
	// MaxText is the most bytes of a text field.
	MaxText = 256
	// MaxMetadata is the most bytes of metadata.
	MaxMetadata = 16 << 10
)

// take is what the workflow needs of an input, checked. What it does not take is left
// aside.
func (w Workflow) take(in Input) (Input, error) {
	out := Input{Fields: map[string]string{}, Files: map[string][]byte{}}
	for _, f := range w.Inputs {
		if f.Kind == File {
			file := in.Files[f.Name]
			if len(file) == 0 && f.Required {
				return Input{}, invalid(f.Name, "is needed: a file")
			}
			if len(file) > 0 {
				out.Files[f.Name] = file
			}
			continue
		}
		value, sent := in.Fields[f.Name]
		if !sent || value == "" {
			if f.Required {
				return Input{}, invalid(f.Name, "is needed")
			}
			if len(f.OneOf) > 0 && f.Name != "documentType" {
				out.Fields[f.Name] = f.OneOf[0]
			}
			continue
		}
		if err := f.check(value); err != nil {
			return Input{}, err
		}
		out.Fields[f.Name] = value
	}
	if len(w.either) > 0 && !slices.ContainsFunc(w.either, func(name string) bool { return out.Fields[name] != "" }) {
		return Input{}, invalid(w.either[0], "is needed, or one of %s", strings.Join(w.either[1:], ", "))
	}
	return out, nil
}

func (f Field) check(value string) error {
	most := MaxText
	if f.Kind == Object {
		most = MaxMetadata
	}
	switch {
	case len(value) > most || !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return invalid(f.Name, "must be text of at most %d bytes", most)
	case len(f.OneOf) > 0 && !slices.Contains(f.OneOf, value):
		return invalid(f.Name, "must be one of the following: %s", strings.Join(f.OneOf, ", "))
	case f.Kind == Number:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= MaxSimilarity) {
			return invalid(f.Name, "must be a number, 0 to 100")
		}
	case f.Kind == Object:
		_, err := object(f.Name, []byte(value))
		return err
	}
	return nil
}

// object is a JSON object without needless space, or an argument.Error.
func object(name string, text []byte) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if len(text) > MaxMetadata || !utf8.Valid(text) || json.Unmarshal(text, &members) != nil || members == nil {
		return nil, invalid(name, "must be a JSON object of at most %d bytes", MaxMetadata)
	}
	form, err := json.Marshal(members)
	return form, err
}

// asked is the similarity that a step goes by.
func (st plannedStep) asked(in Input) float64 {
	n, err := strconv.ParseFloat(in.Fields["threshold"], 64)
	if err != nil || math.IsNaN(n) {
		return st.threshold
	}
	return max(st.least, n)
}

// endpoints are the workflows of one check.
func endpoints(cfg Config) []Workflow {
	one := func(e Endpoint, steps ...step) Workflow {
		w := Workflow{Name: string(e), value: true}
		for _, st := range steps {
			w.steps = append(w.steps, plannedStep{step: st, threshold: cfg.Threshold, least: cfg.Threshold, onFailure: failFailed})
		}
		w.Inputs = inputsOf(w.steps)
		return w
	}
	return []Workflow{
		one(FacesDetect, detectFaces()),
		one(FacesCompare, compareFaces(), saveFace()),
		one(FacesSmile, checkSmile()),
		one(FacesBlink, checkBlink()),
		one(DocumentsType, validateType("file", "side")),
		one(DocumentsIdentity, validateIdentity("file")),
	}
}

// Workflow is the one of that name which a client may start, or a NotFoundError.
func (s *Service) Workflow(name string) (Workflow, error) {
	w, ok := s.workflows[name]
	if !ok || w.value {
		return Workflow{}, &NotFoundError{Kind: "workflow", ID: name}
	}
	return w, nil
}

// Workflows are the names of all that a client may start, in order.
func (s *Service) Workflows() (names []string) {
	for name, w := range s.workflows {
		if !w.value {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
