package kyc

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"oneton/identify"
	"oneton/job"
	"oneton/photo"
	"oneton/store"
)

// jobKind is the queue's name for checks.
const jobKind = "kyc"

// commission is what a job is told. The queue erases it when the job ends.
type commission struct {
	Input

	Attempt  string
	Kind     Kind
	Workflow string
	Key      store.KeyID
	Request  string
}

func (c commission) encode() ([]byte, error) {
	var content bytes.Buffer
	err := gob.NewEncoder(&content).Encode(c)
	return content.Bytes(), err
}

func decodeCommission(content []byte) (c commission, err error) {
	err = gob.NewDecoder(bytes.NewReader(content)).Decode(&c)
	return c, err
}

// The statuses of a job, as clients know them: Invalid is one whose checks could not
// begin, and DidFail one that has not passed them all, for want of a face in the second
// of its photos, too.
const (
	Queued    = 0
	Running   = 1
	Succeeded = 2
	DidFail   = 3
	Invalid   = 4
)

// run is one job's work on its workflow.
type run struct {
	s   *Service
	by  store.Actor
	c   commission
	job job.ID

	documents map[string]Document
	// seen is the person's face, once it was looked for.
	seen *photo.Face
	// face is what was put into the gallery, and person whom the job is about.
	face   string
	person string

	// at is the step that is being done.
	at      string
	stages  []Stage
	sources []string // the file of each stage that is kept, where photos are
	value   any
	told    map[string]any
}

// do is the queue's work: the same job may be done more than once, until the end of
// one is made true.
func (s *Service) do(ctx context.Context, j *job.Job) ([]byte, error) {
	c, err := decodeCommission(j.Input)
	if err != nil {
		return nil, fmt.Errorf("%w: read its input: %w", job.ErrInvalid, err)
	}
	by := store.Actor{Tenant: j.Tenant, Key: c.Key, Request: c.Request}
	r := &run{s: s, by: by, c: c, job: j.ID, documents: map[string]Document{}, told: map[string]any{}}
	status, err := r.all(ctx)
	if err != nil {
		if !j.Last || ctx.Err() != nil {
			return nil, err
		}
		// It is told what became of the check, and that it was not the person's fault.
		r.refuse(r.at, gaveUp)
		return nil, errors.Join(err, s.end(ctx, j, r, DidFail))
	}
	return nil, s.end(ctx, j, r, status)
}

// gaveUp is what is told of a check that no try could make.
var gaveUp = &RefusedError{Code: CheckFailed, Reason: "the check could not be made; try again"}

// all does the steps in order, until one of them decides.
func (r *run) all(ctx context.Context) (status int, err error) {
	w, ok := r.s.workflows[r.c.Workflow]
	if !ok {
		r.refuse("", &RefusedError{WorkflowGone, "", "the workflow is not defined any more"})
		return Invalid, nil
	}
	review := false
	for _, st := range w.steps {
		r.at = st.name
		o, err := st.do(ctx, r, st)
		if refusal, ok := errors.AsType[*RefusedError](err); ok {
			begun := len(r.stages) > 0
			r.refuse(st.name, refusal)
			switch {
			case r.value != nil: // what was asked for is told, whatever comes after it
				return DidFail, nil
			case !begun || w.value:
				return Invalid, nil
			case st.onFailure == failReview:
				r.tell("outcome", InReview)
			default: // whoever did not pass a check that others came before
				r.tell("outcome", Failed)
			}
			return DidFail, nil
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", st.name, err)
		}
		r.add(st.name, o)
		if w.value && r.value == nil {
			r.value = o.value
		}
		if o.passed {
			continue
		}
		switch st.onFailure {
		case failFailed:
			r.tell("outcome", Failed)
			return DidFail, nil
		case failReview:
			review = true
		}
	}
	if review {
		r.tell("outcome", InReview)
		return DidFail, nil
	}
	r.tell("outcome", Success)
	return Succeeded, nil
}

func (r *run) add(name string, o outcome) {
	status := Completed
	if !o.passed {
		status = NotPassed
	}
	r.stages = append(r.stages, Stage{Name: name, Status: status, Input: orEmpty(o.input), Output: orEmpty(o.output), At: r.s.now()})
	r.sources = append(r.sources, o.document)
	if o.value != nil {
		r.tell("value", o.value)
	}
}

func (r *run) refuse(name string, e *RefusedError) {
	r.stages = append(r.stages, Stage{
		Name: name, Status: NotMade, Input: map[string]any{}, At: r.s.now(),
		Output: map[string]any{"code": e.Code, "argument": e.Argument, "msg": e.Reason},
	})
	r.sources = append(r.sources, "")
	r.tell("code", e.Code)
	r.tell("argument", e.Argument)
	r.tell("msg", e.Reason)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// tell puts something into the job's output.
func (r *run) tell(name string, v any) { r.told[name] = v }

func (r *run) field(name string) string { return r.c.Fields[name] }

// read reads a document, once.
func (r *run) read(ctx context.Context, file string) (Document, error) {
	if d, ok := r.documents[file]; ok {
		return d, nil
	}
	d, err := r.s.rooms.Documents.Read(ctx, r.c.Files[file])
	if err != nil {
		return Document{}, refused(file, err)
	}
	r.documents[file] = d
	return d, nil
}

// portrait is the face of the person, which is looked for once.
func (r *run) portrait(ctx context.Context) (photo.Face, error) {
	if r.seen != nil {
		return *r.seen, nil
	}
	f, err := r.s.rooms.Faces.Portrait(ctx, r.s.cfg.Pack, "face", r.c.Files["face"])
	if err == nil && !f.Comparable() {
		err = identify.ErrLowQuality
	}
	if err != nil {
		return f, refused("face", err)
	}
	r.seen = &f
	return f, nil
}

// likeness is a photo of the person, with the face in it.
func (r *run) likeness(ctx context.Context) (likeness, error) {
	f, err := r.portrait(ctx)
	return likeness{[][]byte{r.c.Files["face"]}, identify.Portraits{Pack: r.s.cfg.Pack, Faces: []photo.Face{f}}}, err
}

// errNoPortrait means that a document shows no holder.
var errNoPortrait = errors.New("kyc: no portrait on the document")

// documentPortrait is the portrait on the document: the one that was found when it
// was read, or else the largest face.
func (r *run) documentPortrait(ctx context.Context) (photo.Face, error) {
	if d, ok := r.documents["document"]; ok {
		if d.Portrait == nil {
			return photo.Face{}, errNoPortrait
		}
		return good(*d.Portrait)
	}
	d, err := r.s.rooms.Faces.Detect(ctx, identify.DetectRequest{Pack: r.s.cfg.Pack, Photo: r.c.Files["document"], Detail: store.DetailFull})
	if err != nil {
		return photo.Face{}, refused("document", err)
	}
	f, err := largest(d.Faces)
	if err != nil {
		return f, refused("document", err)
	}
	return good(f)
}

// good refuses a portrait that cannot be compared.
func good(f photo.Face) (photo.Face, error) {
	if !f.Comparable() {
		return f, refused("document", identify.ErrLowQuality)
	}
	return f, nil
}

// similar is the outcome of a comparison.
func (r *run) similar(similarity, asked float64, output map[string]any) outcome {
	passed := similarity >= asked
	maps.Copy(output, map[string]any{"similarity": similarity, "threshold": asked, "match": passed})
	r.tell("similarity", similarity)
	r.tell("threshold", asked)
	return outcome{passed: passed, value: similarity, input: map[string]any{"threshold": asked}, output: output}
}

// end makes what came of the job true, once, together with the job's own end.
func (s *Service) end(ctx context.Context, j *job.Job, r *run, status int) error {
	now := s.now()
	result, err := json.Marshal(result{Value: r.value, Output: r.told})
	if err != nil {
		return err
	}
	return s.db.Update(ctx, "end check", func(tx store.Tx) error {
		if err := j.Finish(tx, nil, nil); err != nil {
			return err
		}
		n, err := tx.Exec(`UPDATE kyc_jobs SET ended_at = $1, status = $2, result = $3 WHERE id = $4 AND ended_at IS NULL`,
			now, status, string(result), j.ID)
		if err != nil || n == 0 { // the attempt is gone, and nothing of it may come back
			return err
		}
		if err := s.addStages(tx, r); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE kyc_attempts SET updated_at = $1, person = CASE WHEN $2 = '' THEN person ELSE $2 END,
			metadata = CASE WHEN $3 = '' THEN metadata ELSE $3 END WHERE id = $4`,
			now, r.person, r.field("metadata"), r.c.Attempt); err != nil {
			return err
		}
		if r.face == "" {
			return nil
		}
		return s.nameFace(tx, r.c.Attempt, r.face, now)
	})
}

// addStages adds the stages with the photos that are kept of them, each once.
func (s *Service) addStages(tx store.Tx, r *run) error {
	kept := map[string]string{}
	for i, st := range r.stages {
		input, err := json.Marshal(st.Input)
		if err != nil {
			return err
		}
		output, err := json.Marshal(st.Output)
		if err != nil {
			return err
		}
		source := r.sources[i]
		if source != "" && kept[source] == "" && s.cfg.Documents > 0 {
			if kept[source], err = s.keepPhoto(tx, r.c.Attempt, r.c.Files[source]); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`INSERT INTO kyc_stages (job, place, attempt, name, status, input, output, photo, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.job, i, r.c.Attempt, st.Name, st.Status, string(input), string(output), kept[source], st.At); err != nil {
			return err
		}
	}
	return nil
}
