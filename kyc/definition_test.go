package kyc_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/job"
	"oneton/kyc"
	"oneton/store/storetest"
)

// handled takes kinds, and does nothing.
type handled struct{ kyc.Jobs }

func (handled) Handle(string, job.Kind) {}

// defined is a service with the definitions, or why there is none.
func defined(t *testing.T, definitions string) (*kyc.Service, error) {
	path := filepath.Join(t.TempDir(), "workflows.yaml")
	require.NoError(t, os.WriteFile(path, []byte(definitions), 0o600))
	return kyc.New(kyc.Config{Workflows: path}, secret{1}, nil, kyc.Rooms{Jobs: handled{}})
}

// What cannot work is refused at the start, with its place and what is possible.
func TestRefusedDefinitions(t *testing.T) {
	one := func(steps string) string { return "workflows:\n  - name: w\n    steps:\n" + steps }
	for definitions, want := range map[string]string{
		"":                                      "EOF",
		"workflows: []":                         "workflows: has 0, must have 1 to 1000",
		"workflows:\n  - name: w\n    stops: 1": `unknown field "stops"`,
		"workflows:\n  - name: a b\n    steps: [{do: match_user}]":                                           `workflow 1: name: is "a b", must be 1 to 64 letters`,
		"workflows:\n  - name: a\n    steps: [{do: match_user}]\n  - name: a\n    steps: [{do: match_user}]": "workflow a: is defined twice",
		"workflows:\n  - name: w":                                                             "workflow w: steps: has 0, must have 1 to 32",
		one("      - do: nothing"):                                                            `step 1: do: is "nothing", must be one of check_blink, check_smile, compare_faces, `,
		one("      - do: match_user\n        on_failure: maybe"):                              `step 1: on_failure: is "maybe", must be failed, review or continue`,
		one("      - do: match_user\n        threshold: 101"):                                 "step 1: threshold: is 101, must be above 0 and at most 100",
		one("      - do: match_user\n        threshold: 0"):                                   "step 1: threshold: is 0, must be above 0",
		one("      - do: match_user\n        threshold: .nan"):                                "step 1: threshold: is NaN, must be above 0",
		one("      - do: check_smile\n        threshold: 50"):                                 "step 1: threshold: check_smile compares no faces",
		one("      - do: match_user\n        threshold: 50\n        least_threshold: 60"):     "step 1: least_threshold: is 60, must be at most the threshold, 50",
		one("      - do: match_user\n      - do: match_user"):                                 "step 2: do: match_user is there twice",
		one("      - do: save_face"):                                                          "step 1: do: save_face must come after compare_faces",
		"workflows:\n  - name: w\n    inputs: [{name: shoes}]\n    steps: [{do: match_user}]": `inputs: "shoes" is none of those that there are: clip, document, `,
		"workflows:\n  - name: w\n    inputs: [{name: clip}]\n    steps: [{do: match_user}]":  "inputs: no step takes clip",
	} {
		_, err := defined(t, definitions)
		require.ErrorIs(t, err, kyc.ErrWorkflow, definitions)
		require.ErrorContains(t, err, want, definitions)
		require.ErrorContains(t, err, "workflows.yaml: ", definitions)
	}
	_, err := kyc.New(kyc.Config{Workflows: filepath.Join(t.TempDir(), "missing.yaml")}, secret{1}, nil, kyc.Rooms{Jobs: handled{}})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "kyc.workflows")
}

// The built-in workflows take what the API says.
func TestBuiltInWorkflows(t *testing.T) {
	s, err := kyc.New(kyc.Config{}, secret{1}, nil, kyc.Rooms{Jobs: handled{}})
	require.NoError(t, err)
	require.Equal(t, []string{"signup", "validation"}, s.Workflows())
	for name, want := range map[string]string{
		"signup":     "document! documentType! documentSide face! threshold metadata",
		"validation": "face! userId documentId documentType threshold",
	} {
		w, err := s.Workflow(name)
		require.NoError(t, err)
		var got []string
		for _, f := range w.Inputs {
			if f.Required {
				f.Name += "!"
			}
			got = append(got, f.Name)
		}
		require.Equal(t, want, strings.Join(got, " "), name)
	}
}

const custom = `
workflows:
  - name: visitor
    inputs:
      - name: metadata
        required: true
    steps:
      - do: check_smile
        on_failure: review
      - do: compare_faces
        threshold: 85
        least_threshold: 70
        on_failure: continue
      - do: find_user
        on_failure: failed
  - name: signup
    steps:
      - do: match_user
`

// What a failure means, and what is asked for, is the workflow's.
func TestCustomWorkflows(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		path := filepath.Join(t.TempDir(), "workflows.yaml")
		require.NoError(t, os.WriteFile(path, []byte(custom), 0o600))
		r := start(t, open, options{cfg: kyc.Config{Workflows: path}})
		w, err := r.Workflow("signup")
		require.NoError(t, err)
		require.Equal(t, "face", w.Inputs[0].Name, "it takes the built-in one's place")
		input := func(person string, smiles bool, threshold string) kyc.Input {
			return kyc.Input{
				Files: map[string][]byte{
					"clip": shot{Does: smiles}.bytes(t), "face": of(t, person, 1), "document": cedula(t, "ana", "1"),
				},
				Fields: map[string]string{"metadata": `{"a":1}`, "threshold": threshold},
			}
		}
		for name, c := range map[string]struct {
			in        kyc.Input
			status    int
			outcome   string
			threshold float64
			stages    string
		}{
			"all":              {input("ana", true, ""), kyc.Succeeded, "SUCCESS", 85, "check_smile COMPLETED, compare_faces COMPLETED, find_user COMPLETED"},
			"a failure":        {input("bea", true, ""), kyc.Succeeded, "SUCCESS", 85, "check_smile COMPLETED, compare_faces FAILED, find_user COMPLETED"},
			"a review":         {input("ana", false, ""), kyc.DidFail, "REVIEW", 85, "check_smile FAILED, compare_faces COMPLETED, find_user COMPLETED"},
			"a lower ask":      {input("ana", true, "75"), kyc.Succeeded, "SUCCESS", 75, "check_smile COMPLETED, compare_faces COMPLETED, find_user COMPLETED"},
			"the lowest ask":   {input("ana", true, "0"), kyc.Succeeded, "SUCCESS", 70, "check_smile COMPLETED, compare_faces COMPLETED, find_user COMPLETED"},
			"the highest ask":  {input("bea", true, "100"), kyc.Succeeded, "SUCCESS", 100, "check_smile COMPLETED, compare_faces FAILED, find_user COMPLETED"},
			"an unusable clip": {kyc.Input{Files: map[string][]byte{"clip": []byte("x"), "face": of(t, "ana", 1), "document": cedula(t, "ana", "1")}, Fields: map[string]string{"metadata": "{}"}}, kyc.Invalid, "", 0, "check_smile INVALID"},
		} {
			s := r.open(t, kyc.Signup)
			j := r.work(t, s, "visitor", c.in)
			require.Equal(t, c.status, j.Status, name)
			require.Equal(t, c.stages, strings.Join(r.stages(t, s.ID), ", "), name)
			if c.outcome != "" {
				require.Equal(t, c.outcome, output(t, j)["outcome"], name)
				require.Equal(t, c.threshold, output(t, j)["threshold"], name)
			}
		}
		in := input("ana", true, "")
		delete(in.Fields, "metadata")
		_, err = r.Start(t.Context(), by, r.open(t, kyc.Signup), "visitor", in)
		require.ErrorIs(t, err, kyc.ErrInvalid)
		require.ErrorContains(t, err, "metadata is needed")
	})
}

// A similarity is the rate of strangers who reach it, as the guide's table has it.
func TestSimilarity(t *testing.T) {
	for fmr, want := range map[float64]float64{
		1: 0, 1e-1: 20, 1e-2: 40, 1e-3: 60, 1e-4: 80, 1e-5: 85, 1e-6: 90, 1e-7: 95, 1e-8: 100, 1e-12: 100, 0: 100,
	} {
		require.InDelta(t, want, kyc.Similarity(fmr), 1e-9)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(0, 12).Draw(t, "a"), rapid.Float64Range(0, 12).Draw(t, "b")
		if a <= b {
			require.LessOrEqual(t, kyc.Similarity(math.Pow(10, -a)), kyc.Similarity(math.Pow(10, -b)))
		}
		s := rapid.Float64Range(0, 100).Draw(t, "similarity")
		require.InDelta(t, s, kyc.Similarity(kyc.SimilarityFMR(s)), 1e-9)
	})
}
