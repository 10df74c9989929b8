package kyc

import (
	"bytes"
	_ "embed" // the built-in definitions
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// definitions are workflows as their files have them.
type definitions struct {
	Workflows []definition `yaml:"workflows"`
}

type definition struct {
	Name string `yaml:"name"`
	// Inputs say which optional fields must be sent, and which are taken beside those
	// that the steps take.
	Inputs []inputDefinition `yaml:"inputs"`
	Steps  []stepDefinition  `yaml:"steps"`
}

type inputDefinition struct {
	Name     string `yaml:"name"`
	Required bool   `yaml:"required"`
}

type stepDefinition struct {
	Do        string    `yaml:"do"`
	OnFailure onFailure `yaml:"on_failure"`
	// Threshold is nil where the setting is taken, and LeastThreshold where it is the
	// threshold.
	Threshold      *float64 `yaml:"threshold"`
	LeastThreshold *float64 `yaml:"least_threshold"`
}

//go:embed workflows.yaml
var builtIn []byte

const (
	maxDefinitions = 1 << 20
	maxWorkflows   = 1000
	maxSteps       = 32
)

var workflowName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// workflows are those of the endpoints, the built-in ones, and those of the
// configuration, which take the place of built-in ones of their names.
func workflows(cfg Config) (map[string]Workflow, error) {
	all := map[string]Workflow{}
	for _, w := range endpoints(cfg) {
		all[w.Name] = w
	}
	files := []struct{ name, path string }{{name: "built-in workflows"}, {name: cfg.Workflows, path: cfg.Workflows}}
	for _, f := range files {
		content := builtIn
		if f.path == "" && f.name == "" {
			continue
		}
		if f.path != "" {
			var err error
			if content, err = readDefinitions(f.path); err != nil {
				return nil, fmt.Errorf("read kyc.workflows: %w", err)
			}
		}
		defined, err := parse(cfg, content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		for _, w := range defined {
			all[w.Name] = w
		}
	}
	return all, nil
}

func readDefinitions(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxDefinitions {
		return nil, fmt.Errorf("%s: %w: has %d bytes, at most %d are read", path, ErrWorkflow, info.Size(), maxDefinitions)
	}
	return os.ReadFile(path)
}

// parse reads definitions. Its errors say where they are wrong, and what is possible.
func parse(cfg Config, content []byte) ([]Workflow, error) {
	var d definitions
	if err := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrWorkflow, yaml.FormatError(err, false, true))
	}
	if len(d.Workflows) == 0 || len(d.Workflows) > maxWorkflows {
		return nil, fmt.Errorf("%w: workflows: has %d, must have 1 to %d", ErrWorkflow, len(d.Workflows), maxWorkflows)
	}
	var all []Workflow
	for i, one := range d.Workflows {
		if !workflowName.MatchString(one.Name) {
			return nil, fmt.Errorf("%w: workflow %d: name: is %.80q, must be 1 to 64 letters, digits, - and _", ErrWorkflow, i+1, one.Name)
		}
		if slices.ContainsFunc(all, func(w Workflow) bool { return w.Name == one.Name }) {
			return nil, fmt.Errorf("%w: workflow %s: is defined twice", ErrWorkflow, one.Name)
		}
		w, err := one.workflow(cfg)
		if err != nil {
			return nil, fmt.Errorf("%w: workflow %s: %w", ErrWorkflow, one.Name, err)
		}
		all = append(all, w)
	}
	return all, nil
}

func (d definition) workflow(cfg Config) (Workflow, error) {
	w := Workflow{Name: d.Name}
	if len(d.Steps) == 0 || len(d.Steps) > maxSteps {
		return w, fmt.Errorf("steps: has %d, must have 1 to %d", len(d.Steps), maxSteps)
	}
	for i, one := range d.Steps {
		planned, err := one.planned(cfg)
		if err != nil {
			return w, fmt.Errorf("step %d: %w", i+1, err)
		}
		if slices.ContainsFunc(w.steps, func(o plannedStep) bool { return o.name == planned.name }) {
			return w, fmt.Errorf("step %d: do: %s is there twice", i+1, planned.name)
		}
		for _, before := range planned.after {
			if !slices.ContainsFunc(w.steps, func(o plannedStep) bool { return o.name == before }) {
				return w, fmt.Errorf("step %d: do: %s must come after %s", i+1, planned.name, before)
			}
		}
		w.steps = append(w.steps, planned)
		w.either = append(w.either, planned.either...)
	}
	w.Inputs = inputsOf(w.steps)
	for _, in := range d.Inputs {
		f, known := fields[in.Name]
		if !known {
			return w, fmt.Errorf("inputs: %.80q is none of those that there are: %s", in.Name, strings.Join(sortedKeys(fields), ", "))
		}
		i := slices.IndexFunc(w.Inputs, func(o Field) bool { return o.Name == in.Name })
		switch {
		case i >= 0:
			w.Inputs[i].Required = w.Inputs[i].Required || in.Required
		case in.Name == "metadata":
			f.Required = in.Required
			w.Inputs = append(w.Inputs, f)
		default:
			return w, fmt.Errorf("inputs: no step takes %s", in.Name)
		}
	}
	return w, nil
}

func (d stepDefinition) planned(cfg Config) (plannedStep, error) {
	known, ok := steps[d.Do]
	if !ok {
		return plannedStep{}, fmt.Errorf("do: is %.80q, must be one of %s", d.Do, strings.Join(sortedKeys(steps), ", "))
	}
	p := plannedStep{step: known, threshold: cfg.Threshold, onFailure: d.OnFailure}
	switch d.OnFailure {
	case "":
		p.onFailure = failFailed
	case failFailed, failReview, failContinue:
	default:
		return p, fmt.Errorf("on_failure: is %.80q, must be failed, review or continue", d.OnFailure)
	}
	compares := slices.ContainsFunc(known.takes, func(f Field) bool { return f.Name == "threshold" })
	for name, given := range map[string]*float64{"threshold": d.Threshold, "least_threshold": d.LeastThreshold} {
		switch {
		case given == nil:
		case !compares:
			return p, fmt.Errorf("%s: %s compares no faces", name, d.Do)
		case !(*given > 0 && *given <= MaxSimilarity):
			return p, fmt.Errorf("%s: is %v, must be above 0 and at most 100", name, *given)
		}
	}
	if d.Threshold != nil {
		p.threshold = *d.Threshold
	}
	p.least = p.threshold
	if d.LeastThreshold != nil {
		p.least = *d.LeastThreshold
	}
	if p.least > p.threshold {
		return p, fmt.Errorf("least_threshold: is %v, must be at most the threshold, %v", p.least, p.threshold)
	}
	return p, nil
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
